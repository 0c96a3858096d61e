import { Link } from "@inertiajs/react";

import type { Worker } from "@/contract";
import { Confirm } from "@/parts/Confirm";
import { useSend } from "@/parts/useSend";
import { duration, plural } from "@/time/format";

/** A worker says each few seconds that it lives; after so many ms it may not. */
const SILENT = 15_000;

/** A worker: whether it lives, and what it holds. */
export function WorkerCard({ worker }: { worker: Worker }) {
    const { busy, send } = useSend();
    const { name, runs, slots, draining, silent } = worker;
    const alive = silent < SILENT;
    const state = !alive
        ? { text: `Silent for ${duration(silent)}`, look: "text-stop" }
        : draining
          ? { text: "Draining", look: "text-busy" }
          : { text: "Alive", look: "text-go" };
    return (
        <li className="flex min-w-0 flex-col rounded-card border border-line bg-card p-5 shadow-card">
            <div className="flex items-start gap-3">
                <h2 className="min-w-0 flex-1 truncate font-[600] tracking-[-0.01em]" title={name}>
                    {worker.host}
                </h2>
                <span
                    className={`flex items-center gap-2 text-[13px] font-[550] whitespace-nowrap ${state.look}`}
                >
                    <span aria-hidden className="size-[7px] rounded-full bg-current" />
                    {state.text}
                </span>
            </div>
            <p className="truncate font-mono text-[12.5px] text-faint" title={name}>
                {name}
            </p>
            <div className="mt-5 flex gap-1" aria-hidden>
                {Array.from({ length: Math.min(slots, 24) }, (_, at) => (
                    <span
                        key={at}
                        className={`h-1.5 flex-1 rounded-full ${at < runs.length ? "bg-signal" : "bg-line"}`}
                    />
                ))}
            </div>
            <p className="mt-2 text-[13.5px] text-soft">
                {runs.length} of {plural(slots, "slot")} busy
            </p>
            {runs.length > 0 && (
                <ul className="mt-3 grid gap-1">
                    {runs.map((run) => (
                        <li key={run} className="min-w-0">
                            <Link
                                href={`/runs/${run}`}
                                className="block truncate font-mono text-[12.5px] underline underline-offset-3 hover:text-signal-ink"
                            >
                                {run}
                            </Link>
                        </li>
                    ))}
                </ul>
            )}
            <div className="mt-auto flex items-center gap-3 pt-5">
                <span className="text-[13px] text-faint">
                    {worker.version} · pid {worker.pid}
                </span>
                {!draining && alive && (
                    <span className="ml-auto">
                        <Confirm
                            button="Drain"
                            kind="plain"
                            title={`Drain ${worker.host}?`}
                            action="Drain it"
                            busy={busy}
                            onConfirm={() =>
                                send("post", `/workers/${encodeURIComponent(name)}/drain`)
                            }
                        >
                            It takes nothing new, and ends when its last run has ended. Other
                            workers go on.
                        </Confirm>
                    </span>
                )}
            </div>
        </li>
    );
}
