import type { ProvisioningLive } from "@/contract";
import { Notice } from "@/parts/Notice";
import { Ago } from "@/time/Ago";

/** Why it does not go on just now, where that is not a failure. */
export function LiveNotices({ live }: { live: ProvisioningLive }) {
    const { unreachable, run, waiting } = live;
    const cancelling = run?.status !== "cancelled" && run?.cancel_requested_at;
    if (!unreachable && !cancelling && !waiting) return null;
    return (
        <div role="status" className="mb-6 grid gap-3">
            {unreachable && (
                <Notice
                    kind="busy"
                    title={
                        <>
                            The server can&rsquo;t be reached, since <Ago at={unreachable.since} />
                        </>
                    }
                >
                    {unreachable.error} What it was doing goes on there; a worker keeps trying to
                    connect.
                </Notice>
            )}
            {cancelling && (
                <Notice kind="busy" title="Cancelling">
                    It is cancelled once the server has confirmed that everything has stopped.
                </Notice>
            )}
            {waiting && <Notice title="Waiting">{waiting}</Notice>}
        </div>
    );
}
