/** Where the steps of a run lie in its time. */
import type { RunStep } from "@/contract";

/** A step's bar, in parts of the whole from 0 to 1. */
export interface Bar {
    from: number;
    length: number;
}

/** From the first step's start to the last one's end, or to now. In ms. */
export function extent(steps: RunStep[], now: number): { from: number; to: number } {
    const starts = steps.flatMap(({ started_at: at }) => (at ? [Date.parse(at)] : []));
    const from = Math.min(...starts, now);
    const ends = steps.flatMap(({ started_at, finished_at }) =>
        started_at ? [finished_at ? Date.parse(finished_at) : now] : [],
    );
    return { from, to: Math.max(from + 1, ...ends) };
}

/** The bar of a step; null before it began. A short one can still be seen. */
export function bar(step: RunStep, whole: { from: number; to: number }, now: number): Bar | null {
    if (!step.started_at) return null;
    const size = whole.to - whole.from;
    const end = step.finished_at ? Date.parse(step.finished_at) : now;
    const length = Math.min(1, Math.max(0.012, (end - Date.parse(step.started_at)) / size));
    const from = (Date.parse(step.started_at) - whole.from) / size;
    return { from: Math.min(Math.max(0, from), 1 - length), length };
}
