/** What every page is given. */
import type { Timestamp } from "./words";

/**
 * Props of every page. `now`, and a page's `live`, are always-props: they come with every
 * answer, also with one to a partial reload that did not name them.
 */
export interface Shared {
    /** Who is signed in. */
    user: User | null;
    /** Where the gateway is; null where nobody is signed in. */
    gateway: Gateway | null;
    /** The installation's clock when it answered: the page counts seconds by it. */
    now: Timestamp;
}

/** Who is signed in. */
export interface User {
    id: number;
    name: string;
    /** Whether this is the installation's first user, who sees to its workers. */
    operator: boolean;
}

/** Where Echo connects to. */
export interface Gateway {
    /** `GROUNDCREW_APP_KEY`. */
    key: string;
    /** Null: the page's own host. */
    host: string | null;
    port: number;
    /** wss, not ws. */
    tls: boolean;
}

/**
 * What is said once, in the `flash` of Inertia's page object: kept neither in the session after
 * it was sent nor in the browser's history.
 */
export interface Flash {
    /** What was done, in a sentence. */
    notice?: string;
    /** Why something was not done, and what to do. */
    problem?: string;
    /** A token that was made, with its text, after `POST /tokens`. */
    token?: { name: string; token: string };
    /**
     * What to run on a new server, after `POST /servers` and `POST /servers/{id}/retry`, and at
     * each load of its page by the browser that had it made, for as long as it is good.
     */
    line?: OneLine;
}

/** The one line, in two ways; it is kept as a hash only. */
export interface OneLine {
    curl: string;
    /** Where there is no curl. */
    wget: string;
    expires_at: Timestamp;
}
