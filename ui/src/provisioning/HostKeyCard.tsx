import type { HostKey } from "@/contract";
import { Button } from "@/parts/Button";
import { ButtonLink } from "@/parts/ButtonLink";
import { Card } from "@/parts/Card";
import { Snippet } from "@/parts/Snippet";
import { useSend } from "@/parts/useSend";

interface Props {
    server: number;
    host: string;
    offered: HostKey;
}

/** The key that a host showed, to be compared by a person before anything is sent there. */
export function HostKeyCard({ server, host, offered }: Props) {
    const { busy, send } = useSend();
    const kind = offered.type.replace(/^ssh-/, "");
    return (
        <Card title="Is this your server?">
            <div className="p-5">
                <p className="text-soft">
                    <b className="font-[550] breaking text-ink">{host}</b> answered with this host
                    key. Nothing was sent to it yet.
                </p>
                <p className="mt-4 rounded-xl bg-wash px-4 py-3.5 font-mono text-[13.5px] breaking">
                    <span className="block text-[12px] text-faint">{offered.type}</span>
                    {offered.fingerprint}
                </p>
                <p className="mt-5 mb-2 text-sm text-soft">
                    Compare it with what this prints on the server&rsquo;s own console:
                </p>
                <Snippet
                    text={`ssh-keygen -lf /etc/ssh/ssh_host_${kind}_key.pub`}
                    what="the command"
                />
                <div className="mt-6 flex flex-wrap gap-3">
                    <Button
                        kind="main"
                        busy={busy}
                        onClick={() =>
                            send("post", `/servers/${server}/confirm`, {
                                fingerprint: offered.fingerprint,
                            })
                        }
                    >
                        It is the same: go on
                    </Button>
                    <ButtonLink href={`/servers/${server}`} kind="quiet">
                        It differs
                    </ButtonLink>
                </div>
                <p className="mt-4 text-[13px] text-faint">
                    If it differs, somebody else may be answering: check the address, and remove
                    this server if it stays so.
                </p>
            </div>
        </Card>
    );
}
