import { between, duration, running } from "./format";
import { useNow } from "./useNow";

interface Times {
    started_at: string | null;
    finished_at: string | null;
}

/** How long something took, or how long it has been at it. Nothing, before it began. */
export function Elapsed({ started_at, finished_at }: Times) {
    if (!started_at) return null;
    if (finished_at) return <>{duration(between(started_at, finished_at))}</>;
    return <Running since={started_at} />;
}

/** Ticks each second by itself, so that nothing around it renders anew. */
function Running({ since }: { since: string }) {
    return <>{running(useNow() - Date.parse(since))}</>;
}
