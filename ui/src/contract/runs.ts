/** Runs and their steps. */
import type { Status, Timestamp } from "./words";

/** A run in a list, as `GET /api/v1/runs` has it. */
export interface RunSummary {
    id: string;
    server_id: number;
    /** The server's name. */
    server: string;
    jobs: string[];
    status: Status;
    worker: string | null;
    waiting: string | null;
    cancel_requested_at: Timestamp | null;
    unreachable_since: Timestamp | null;
    error: string | null;
    changed: number | null;
    created_at: Timestamp;
    started_at: Timestamp | null;
    finished_at: Timestamp | null;
}

/** A run step by step, as `GET /api/v1/runs/{id}` has it. */
export interface Run extends RunSummary {
    /** Those that are no secrets. */
    parameters: Record<string, string>;
    untested_system: boolean;
    epoch: number;
    unreachable: string | null;
    host_state: "unknown" | "abandoned" | null;
    error_kind: string | null;
    /** Bytes that the host has written and that arrived. */
    output_bytes: number;
    /** Whether some of it was not stored. */
    output_cut: boolean;
    place: number | null;
    steps: RunStep[];
    notes: Note[];
}

/** A step of a run, or one of its handlers. */
export interface RunStep {
    number: number;
    job: string;
    name: string;
    title: string;
    handler: boolean;
    status: Exclude<Status, "cancelled">;
    changed: boolean | null;
    starts: number;
    exit_code: number | null;
    error: string | null;
    started_at: Timestamp | null;
    finished_at: Timestamp | null;
}

/** Something that happened to a run and that is no state of it. */
export interface Note {
    id: number;
    time: Timestamp;
    text: string;
}
