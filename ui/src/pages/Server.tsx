import type { Pages } from "@/contract";
import { Layout } from "@/layout/Layout";
import { LineState } from "@/layout/LineState";
import { ButtonLink } from "@/parts/ButtonLink";
import { Card } from "@/parts/Card";
import { Confirm } from "@/parts/Confirm";
import { Facts } from "@/parts/Facts";
import { StatusPill } from "@/parts/StatusPill";
import { useSend } from "@/parts/useSend";
import { LiveNotices } from "@/provisioning/LiveNotices";
import { serverFacts } from "@/provisioning/serverFacts";
import { useServerProvision } from "@/realtime/useServerProvision";
import { RunRow } from "@/runs/RunRow";
import { Installed } from "@/servers/Installed";
import { RunAnother } from "@/servers/RunAnother";
import { Ago } from "@/time/Ago";

/** A server: what it is, what is on it, what ran. */
export default function Server({ server, live, runs, jobs }: Pages["Server"]) {
    const { failing } = useServerProvision(server.id, ["server", "runs"]);
    const { busy, send } = useSend();
    const { id, provision_status: status } = server;
    return (
        <Layout
            title={server.name}
            crumbs={[{ name: "Servers", address: "/servers" }, { name: server.name }]}
            heading={server.name}
            sub={
                <>
                    <span className="font-mono text-[13px]">
                        {live.ssh_user}@{live.host}:{server.ssh_port}
                    </span>
                    {" · added "}
                    <Ago at={server.created_at} />
                </>
            }
            actions={
                <>
                    <LineState failing={failing} />
                    <StatusPill status={status} label={server.provision_status_label} />
                    {status !== "completed" && (
                        <ButtonLink href={`/servers/${id}/provisioning`} kind="main">
                            Watch it
                        </ButtonLink>
                    )}
                </>
            }
        >
            <div className="mt-7">
                <LiveNotices live={live} />
                <Facts label="The server" facts={serverFacts(server, live)} />
            </div>
            <div className="mt-[26px] grid items-start gap-[26px] lg:grid-cols-[minmax(0,1fr)_24rem]">
                <div className="grid min-w-0 gap-[26px]">
                    <Installed server={server} />
                    <Card title="Runs" className="overflow-hidden">
                        {runs.length === 0 ? (
                            <p className="p-5 text-sm text-soft">Nothing has run here yet.</p>
                        ) : (
                            <ul className="divide-y divide-line">
                                {runs.map((run) => (
                                    <RunRow key={run.id} run={run} />
                                ))}
                            </ul>
                        )}
                    </Card>
                </div>
                <div className="grid min-w-0 gap-[26px]">
                    <RunAnother server={id} jobs={jobs} />
                    <Card title="Remove this server">
                        <div className="grid gap-4 p-5">
                            <p className="text-sm text-soft">
                                Groundcrew forgets it, its runs and their output. Nothing is changed
                                on the server.
                            </p>
                            <div>
                                <Confirm
                                    button="Remove"
                                    title={`Remove ${server.name}?`}
                                    action="Remove it"
                                    busy={busy}
                                    onConfirm={() => send("delete", `/servers/${id}`)}
                                >
                                    Its runs and their output are gone for good. Nothing is changed
                                    on the server itself.
                                </Confirm>
                            </div>
                        </div>
                    </Card>
                </div>
            </div>
        </Layout>
    );
}
