/** The output of runs in the samples, as the API gives it by offset. */
import type { ServerResponse } from "node:http";

import { output } from "./samples/output";
import { RUN_BIG, RUN_FAILED } from "./samples/runs";

/** A line of the big output; all are as long. */
const line = (number: number) =>
    `${String(number).padStart(9)} compiling module ${String(number % 977).padStart(4)} of a very big thing\n`;
const LENGTH = line(0).length;
const BIG = 200_000_000;

/** Answers a request for output; false: it is none. */
export function answerOutput(url: URL, response: ServerResponse): boolean {
    const run = /^\/api\/v1\/runs\/([\w-]+)\/output$/.exec(url.pathname)?.[1];
    if (!run) return false;
    const asked = (name: string, otherwise: number) =>
        Number(url.searchParams.get(name) ?? otherwise);
    const [offset, limit] = [asked("offset", 0), asked("limit", 1024 * 1024)];
    const step = url.searchParams.has("step") ? asked("step", 0) : null;
    const [bytes, whole] = run === RUN_BIG ? big(offset, limit) : small(run, step, offset, limit);
    response.writeHead(200, {
        "Content-Type": "application/octet-stream",
        "Next-Offset": String(offset + bytes.length),
        "Whole-Length": String(whole),
    });
    response.end(bytes);
    return true;
}

function small(run: string, step: number | null, offset: number, limit: number): [Buffer, number] {
    const all = Buffer.from(output(step, run === RUN_FAILED));
    return [all.subarray(offset, offset + limit), all.length];
}

function big(offset: number, limit: number): [Buffer, number] {
    const first = Math.floor(offset / LENGTH);
    const count = Math.ceil(limit / LENGTH) + 1;
    const lines = Array.from({ length: count }, (_, at) => line(first + at)).join("");
    const from = offset - first * LENGTH;
    const length = Math.max(0, Math.min(limit, BIG - offset));
    return [Buffer.from(lines).subarray(from, from + length), BIG];
}
