import { useState } from "react";

import type { Pages } from "@/contract";
import { Layout } from "@/layout/Layout";
import { useShared } from "@/layout/useShared";
import { Button } from "@/parts/Button";
import { Card } from "@/parts/Card";
import { EmptyState } from "@/parts/EmptyState";
import { Icon } from "@/parts/Icon";
import { ServerListener } from "@/realtime/ServerListener";
import { useReload } from "@/realtime/useReload";
import { RunRow } from "@/runs/RunRow";
import { moment } from "@/time/format";
import { WorkerCard } from "@/workers/WorkerCard";

/** Who works, and what waits. Workers announce nothing, so this is a picture of one moment. */
export default function Workers({ workers, line }: Pages["Workers"]) {
    const { reload } = useReload(["workers", "line"]);
    const { now } = useShared();
    const [asked, setAsked] = useState<string | null>(null);
    const servers = [...new Set(line.map(({ server_id }) => server_id))];
    return (
        <Layout
            title="Workers"
            heading="Workers"
            sub="Processes that drive runs. If one dies, another goes on with what it held."
            actions={
                <>
                    <span className="text-[13px] text-faint tabular">As of {moment(now)}</span>
                    <Button
                        busy={asked === now}
                        onClick={() => {
                            setAsked(now);
                            reload();
                        }}
                    >
                        <Icon name="retry" /> Look again
                    </Button>
                </>
            }
        >
            {servers.map((id) => (
                <ServerListener key={id} server={id} onChange={reload} />
            ))}
            {workers.length === 0 ? (
                <Card label="Workers" className="mt-7">
                    <EmptyState icon="worker" title="No worker was heard of today">
                        Runs wait until there is one. Start it where it can reach your servers:{" "}
                        <code className="font-mono text-[13px] text-ink">groundcrew worker</code>
                    </EmptyState>
                </Card>
            ) : (
                <ul className="mt-7 grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
                    {workers.map((worker) => (
                        <WorkerCard key={worker.name} worker={worker} />
                    ))}
                </ul>
            )}
            <Card
                title="The line"
                aside="Runs that wait, the next one first"
                className="mt-[26px] overflow-hidden"
            >
                {line.length === 0 ? (
                    <p className="p-5 text-sm text-soft">Nothing waits.</p>
                ) : (
                    <ol className="divide-y divide-line">
                        {line.map((run) => (
                            <RunRow key={run.id} run={run} withServer />
                        ))}
                    </ol>
                )}
            </Card>
        </Layout>
    );
}
