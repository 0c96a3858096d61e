import type { Run } from "@/contract";
import { Confirm } from "@/parts/Confirm";
import { Notice } from "@/parts/Notice";
import { useSend } from "@/parts/useSend";
import { Ago } from "@/time/Ago";

/** What a person should know of a run, and what can be done about it. */
export function RunNotices({ run }: { run: Run }) {
    const { busy, send } = useSend();
    const { unreachable_since, status, host_state } = run;
    const abandon = (
        <Confirm
            button="Give it up"
            title="Is the host gone for good?"
            action="Give it up"
            busy={busy}
            onConfirm={() => send("post", `/runs/${run.id}/abandon`)}
        >
            Nobody asks the host about this run again, even if it comes back.
        </Confirm>
    );
    return (
        <div role="status" className="grid gap-3 *:first:mt-6">
            {unreachable_since && status === "installing" && (
                <Notice
                    kind="busy"
                    action={abandon}
                    title={
                        <>
                            The host can&rsquo;t be reached, since <Ago at={unreachable_since} />
                        </>
                    }
                >
                    {run.unreachable} What it was doing goes on there; a worker keeps trying to
                    connect.
                </Notice>
            )}
            {run.cancel_requested_at && !run.finished_at && (
                <Notice kind="busy" title="Cancelling">
                    It is cancelled once the host has confirmed that everything has stopped.
                </Notice>
            )}
            {status === "pending" && (
                <Notice title="Waiting">
                    {run.waiting ??
                        (run.place
                            ? `${run.place === 1 ? "One run" : `${run.place} runs`} of this server come before it.`
                            : "The first free worker begins.")}
                </Notice>
            )}
            {status === "failed" && run.error && (
                <Notice
                    kind="stop"
                    title="It failed"
                    action={host_state === "unknown" ? abandon : undefined}
                >
                    {run.error}
                    {host_state === "unknown" &&
                        " The host has not said how it ended, and may still be at it."}
                </Notice>
            )}
            {run.output_cut && (
                <Notice>There was more output than is kept: the rest of it was not stored.</Notice>
            )}
        </div>
    );
}
