import { Link } from "@inertiajs/react";

import type { RunSummary } from "@/contract";
import { StatusPill } from "@/parts/StatusPill";
import { Ago } from "@/time/Ago";
import { Elapsed } from "@/time/Elapsed";

interface Props {
    run: RunSummary;
    /** Whether the server's name is told, too. */
    withServer?: boolean;
}

/** A run in a list: all of the row leads to it. */
export function RunRow({ run, withServer = false }: Props) {
    const cancelling = run.cancel_requested_at !== null && !run.finished_at;
    return (
        <li className="relative flex flex-wrap items-center gap-x-4 gap-y-1 px-5 py-3.5 hover:bg-wash/60">
            <div className="min-w-0 flex-1 basis-60">
                <Link
                    href={`/runs/${run.id}`}
                    className="block truncate font-[550] after:absolute after:inset-0"
                >
                    {run.jobs.join(", ")}
                    {withServer && <span className="font-normal text-soft"> on {run.server}</span>}
                </Link>
                <p
                    className={`truncate text-[13px] ${run.error ? "text-stop" : "text-faint"}`}
                    title={run.error ?? undefined}
                >
                    {run.error ?? about(run)}
                </p>
            </div>
            <div className="flex items-center gap-4 max-sm:w-full max-sm:justify-between">
                <span className="text-right text-[13px] whitespace-nowrap text-faint tabular">
                    {run.started_at && (
                        <>
                            {run.finished_at ? "took " : "for "}
                            <Elapsed {...run} />
                            {" · "}
                        </>
                    )}
                    <Ago at={run.created_at} />
                </span>
                <span className="flex min-w-28 justify-end">
                    {cancelling ? (
                        <StatusPill status="installing" label="Cancelling" />
                    ) : (
                        <StatusPill status={run.status} />
                    )}
                </span>
            </div>
        </li>
    );
}

/** What there is to say beside the status. */
function about(run: RunSummary): string {
    if (run.unreachable_since) return "The host can’t be reached; a worker keeps trying.";
    if (run.waiting) return run.waiting;
    if (run.status === "pending") return "Waits for a worker";
    if (run.status === "installing") return run.worker ? `By worker ${run.worker}` : "Goes on soon";
    if (run.status === "cancelled") return "Ended by a person; what was done stays";
    if (run.changed === 0) return "Everything was in place";
    return run.changed === 1
        ? "1 step changed something"
        : `${run.changed ?? 0} steps changed something`;
}
