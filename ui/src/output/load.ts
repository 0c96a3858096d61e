import type { Slice } from "./Output";

/** Where a run's output is, of one step or of all. */
export function outputAddress(run: string, step: number | null, offset: number, limit: number) {
    const query = new URLSearchParams({ offset: String(offset), limit: String(limit) });
    if (step !== null) query.set("step", String(step));
    return `/api/v1/runs/${run}/output?${query.toString()}`;
}

/** Where the whole output can be downloaded as a file. */
export const downloadAddress = (run: string, step: number | null) =>
    `/runs/${run}/output.txt${step === null ? "" : `?step=${step}`}`;

/** Fetches some of a run's output, with the session. */
export async function loadOutput(
    run: string,
    step: number | null,
    offset: number,
    limit: number,
): Promise<Slice> {
    const answer = await fetch(outputAddress(run, step, offset, limit));
    if (!answer.ok) throw new Error(`the output was not given: ${answer.status}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const whole = Number(answer.headers.get("Whole-Length") ?? offset + bytes.length);
    return { bytes, whole };
}
