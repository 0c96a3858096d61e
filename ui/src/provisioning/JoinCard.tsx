import { useState } from "react";

import type { Join, OneLine } from "@/contract";
import { Button } from "@/parts/Button";
import { Card } from "@/parts/Card";
import { Icon } from "@/parts/Icon";
import { Snippet } from "@/parts/Snippet";
import { useSend } from "@/parts/useSend";
import { running } from "@/time/format";
import { useNow } from "@/time/useNow";

const WHAT_IT_DOES = [
    "Looks whether this is Debian 12 or 13 and whether you are root; else it says so and changes nothing.",
    "Installs the base packages, and makes the user that owns your sites.",
    "Lets Groundcrew in with a key made for this server alone. Your own keys and logins stay as they are.",
    "Signs each report with the server’s host key, which is pinned from then on.",
];

const TOOLS = ["curl", "wget"] as const;

interface Props {
    server: number;
    join: Join;
    /** The line, where it was just made. */
    line: OneLine | undefined;
}

/** The one line that a person runs on the new server, and what it will do. */
export function JoinCard({ server, join, line }: Props) {
    const left = Date.parse(join.expires_at) - useNow();
    const { busy, send } = useSend();
    const [tool, setTool] = useState<(typeof TOOLS)[number]>("curl");
    // One that was made since is another line.
    const usable = line?.expires_at === join.expires_at && left > 0;
    return (
        <Card
            title="Run this line on the new server, as root"
            aside={
                usable && (
                    <div role="group" aria-label="With" className="flex gap-1">
                        {TOOLS.map((name) => (
                            <button
                                key={name}
                                type="button"
                                aria-pressed={name === tool}
                                onClick={() => setTool(name)}
                                className="h-8 rounded-lg px-2.5 font-mono text-[13px] hover:text-ink aria-pressed:bg-wash aria-pressed:text-ink"
                            >
                                {name}
                            </button>
                        ))}
                    </div>
                )
            }
        >
            <div className="p-5">
                {usable ? (
                    <>
                        <Snippet text={line[tool]} what="the line" />
                        <p className="mt-2.5 flex items-center gap-2 text-[13px] text-faint">
                            <Icon name="clock" className="size-3.5" />
                            Works for another {running(Math.ceil(left / 60_000) * 60_000)}, until a
                            server has used it. This page goes on by itself.
                        </p>
                    </>
                ) : (
                    <div className="flex flex-wrap items-center gap-x-4 gap-y-3 rounded-xl bg-wash px-4 py-3.5">
                        <p className="min-w-0 flex-1 basis-56 text-sm">
                            {left > 0
                                ? "The line was shown once, and is kept nowhere. If you don’t have it any more, make a new one: the old one stops working."
                                : "The line has expired, and nothing was changed. Make a new one to go on."}
                        </p>
                        <Button
                            kind="main"
                            busy={busy}
                            onClick={() => send("post", `/servers/${server}/retry`)}
                        >
                            Make a new line
                        </Button>
                    </div>
                )}
                <h3 className="mt-6 mb-2.5 text-sm font-[600]">What it does</h3>
                <ol className="grid gap-2.5 text-sm text-soft">
                    {WHAT_IT_DOES.map((text, at) => (
                        <li key={text} className="flex gap-3">
                            <span
                                aria-hidden
                                className="grid size-5 flex-none place-items-center rounded-full bg-wash text-[11px] font-[600] text-faint"
                            >
                                {at + 1}
                            </span>
                            <span className="min-w-0">{text}</span>
                        </li>
                    ))}
                </ol>
                <p className="mt-5 text-[13px] text-faint">
                    Running it twice does no harm. It is a plain shell script: open its address to
                    read it first.
                </p>
            </div>
        </Card>
    );
}
