/** What is heard. */
import type { Timestamp } from "./words";

/** The private channel of a server's notifications, as Echo names it. */
export const provisionChannel = (server: number) => `servers.${server}.provision`;

/** `App\Events\ServerProvisionUpdated` on it: "fetch", and no data. */
export interface ServerProvisionUpdated {
    server_id: number;
    timestamp: Timestamp;
}

/** The private channel of a run's output. */
export const outputChannel = (run: string) => `runs.${run}.output`;

/**
 * `App\Events\RunOutput` on it: what a step wrote, once it is stored, at most ten times a second
 * a run. A page that missed one sees it by the offset, and fetches what lies between. Offsets
 * and lengths are in bytes, masked, of what is kept: those of `GET /api/v1/runs/{id}/output`.
 */
export interface RunOutput {
    run_id: string;
    /** Who wrote it, by its number. A message has bytes of one step only. */
    step: number;
    /** Where it begins in the run's output, as `?offset=` counts. */
    offset: number;
    /** Where it begins in what this step wrote, as `?step=&offset=` counts. */
    step_offset: number;
    /** How many bytes. None: so far the output goes by now, said to who may have missed some. */
    length: number;
    /**
     * The bytes, where they are UTF-8 and no more than {@link MOST_TEXT}; else null, and the page
     * fetches them. So a message is small, its offsets are true, and nothing is replaced.
     */
    text: string | null;
}

/** What is heard, by the event's name. */
export interface Heard {
    ServerProvisionUpdated: ServerProvisionUpdated;
    RunOutput: RunOutput;
}

/** So many bytes a {@link RunOutput} carries at most. */
export const MOST_TEXT = 8192;
