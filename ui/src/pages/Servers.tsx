import { useState } from "react";

import type { Pages } from "@/contract";
import { Layout } from "@/layout/Layout";
import { LineState } from "@/layout/LineState";
import { ButtonLink } from "@/parts/ButtonLink";
import { Card } from "@/parts/Card";
import { EmptyState } from "@/parts/EmptyState";
import { INPUT } from "@/parts/Field";
import { Icon } from "@/parts/Icon";
import { ServerListener } from "@/realtime/ServerListener";
import { useReload } from "@/realtime/useReload";
import { ServerRow } from "@/servers/ServerRow";
import { StatusFilter, type Wanted } from "@/servers/StatusFilter";
import { plural } from "@/time/format";

/** So many are shown at once, and listened to: a gateway allows 200 channels a page. */
const SHOWN = 150;

/** All servers at a glance. */
export default function Servers({ servers }: Pages["Servers"]) {
    const { reload, failing } = useReload(["servers"]);
    const [wanted, setWanted] = useState<Wanted>("all");
    const [text, setText] = useState("");
    const matching = servers.filter(
        (server) =>
            (wanted === "all" || server.provision_status === wanted) &&
            [server.name, server.host, server.os_name, ...server.installed]
                .join(" ")
                .toLowerCase()
                .includes(text.trim().toLowerCase()),
    );
    const shown = matching.slice(0, SHOWN);
    const add = (
        <ButtonLink href="/servers/new" kind="main">
            <Icon name="plus" /> Add a server
        </ButtonLink>
    );
    return (
        <Layout
            title="Servers"
            heading="Servers"
            sub={servers.length > 0 && plural(servers.length, "server")}
            actions={
                servers.length > 0 && (
                    <>
                        <LineState failing={failing} />
                        {add}
                    </>
                )
            }
        >
            {shown.map(({ id }) => (
                <ServerListener key={id} server={id} onChange={reload} />
            ))}
            <Card label="Servers" className="mt-7 overflow-hidden">
                {servers.length === 0 ? (
                    <EmptyState icon="server" title="Your first server" action={add}>
                        Give it a name and an address, choose what to install, and watch each step
                        as it happens. A fresh Debian 12 or 13 is all that is needed.
                    </EmptyState>
                ) : (
                    <>
                        <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-3 py-2.5">
                            <StatusFilter servers={servers} wanted={wanted} onWant={setWanted} />
                            <input
                                type="search"
                                aria-label="Filter by name, address or what is installed"
                                placeholder="Filter"
                                value={text}
                                onChange={(event) => setText(event.target.value)}
                                className={`${INPUT} ml-auto max-sm:basis-full sm:w-56`}
                            />
                        </div>
                        <ul className="divide-y divide-line">
                            {shown.map((server) => (
                                <ServerRow key={server.id} server={server} />
                            ))}
                        </ul>
                        <p role="status" className="text-sm text-soft">
                            {matching.length === 0 && (
                                <span className="block px-5 py-10 text-center">
                                    No server is like that.
                                </span>
                            )}
                            {matching.length > SHOWN && (
                                <span className="block border-t border-line px-5 py-3">
                                    {SHOWN} of {matching.length} are shown: filter to see others.
                                </span>
                            )}
                        </p>
                    </>
                )}
            </Card>
        </Layout>
    );
}
