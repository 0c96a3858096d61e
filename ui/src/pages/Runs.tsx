import type { Pages } from "@/contract";
import { Layout } from "@/layout/Layout";
import { LineState } from "@/layout/LineState";
import { ButtonLink } from "@/parts/ButtonLink";
import { Card } from "@/parts/Card";
import { EmptyState } from "@/parts/EmptyState";
import { ServerListener } from "@/realtime/ServerListener";
import { useReload } from "@/realtime/useReload";
import { RunRow } from "@/runs/RunRow";

/** All runs, the newest first. */
export default function Runs({ runs }: Pages["Runs"]) {
    const { reload, failing } = useReload(["runs"]);
    const servers = [...new Set(runs.items.map(({ server_id }) => server_id))];
    return (
        <Layout
            title="Runs"
            heading="Runs"
            sub="What was done on your servers, and what is being done."
            actions={servers.length > 0 && <LineState failing={failing} />}
        >
            {servers.map((id) => (
                <ServerListener key={id} server={id} onChange={reload} />
            ))}
            <Card label="Runs" className="mt-7 overflow-hidden">
                {runs.items.length === 0 ? (
                    <EmptyState
                        icon="terminal"
                        title="Nothing has run yet"
                        action={
                            <ButtonLink href="/servers" kind="main">
                                To your servers
                            </ButtonLink>
                        }
                    >
                        A run is one job on one server: each of its steps, what it wrote, and how
                        long it took, are kept here.
                    </EmptyState>
                ) : (
                    <ul className="divide-y divide-line">
                        {runs.items.map((run) => (
                            <RunRow key={run.id} run={run} withServer />
                        ))}
                    </ul>
                )}
            </Card>
            {runs.next_cursor && (
                <div className="mt-5 flex justify-center">
                    <ButtonLink href={`/runs?cursor=${encodeURIComponent(runs.next_cursor)}`}>
                        Older
                    </ButtonLink>
                </div>
            )}
        </Layout>
    );
}
