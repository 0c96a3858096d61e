/** Jobs, workers and tokens, as the API has them. */
import type { Timestamp } from "./words";

/** A job that can be asked for. */
export interface Job {
    name: string;
    title: string;
    description: string | null;
    systems: string[];
    needs: string[];
    parameters: Parameter[];
    steps: JobStepDescription[];
}

/** What a job wants to know. */
export interface Parameter {
    name: string;
    type:
        | "string"
        | "integer"
        | "boolean"
        | "port"
        | "domain"
        | "path"
        | "unix_user"
        | "secret"
        | "choice";
    choices: string[] | null;
    /** Without one, a value must be given. */
    default: string | null;
    title: string | null;
    description: string | null;
}

/** A step of a job in the catalog. */
export interface JobStepDescription {
    name: string;
    title: string;
    kind: "command" | "file" | "assert";
    /** In seconds. */
    timeout: number;
    on_change: string | null;
}

/** A worker that was heard of lately. */
export interface Worker {
    name: string;
    host: string;
    pid: number;
    version: string;
    slots: number;
    draining: boolean;
    /** How long it was not heard of, in ms. */
    silent: number;
    /** Ids of the runs that it holds. */
    runs: string[];
}

/** What a token may be used for. */
export type Scope = "read" | "operate" | "write";

/** A token; its text is not part of it. */
export interface Token {
    id: number;
    name: string;
    scopes: Scope[];
    created_at: Timestamp;
    last_used_at: Timestamp | null;
    expires_at: Timestamp | null;
}

/** A page of a list; `?cursor=` takes `next_cursor`, which is null on the last one. */
export interface Page<Item> {
    items: Item[];
    next_cursor: string | null;
}
