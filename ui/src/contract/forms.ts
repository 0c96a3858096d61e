/** Forms: Inertia posts JSON; what is wrong comes back as `errors`, by the field’s name. */
import type { Scope } from "./catalog";
import type { Timestamp } from "./words";

/**
 * What each form sends. All are answered by 303, to the page that the comment names, or back
 * with `errors` (a dotted name inside: `parameters.app_user`). What is said there once travels in a
 * sealed cookie (`src/web/pages/sent.rs`), which a part of a page does not take.
 *
 * The cookie XSRF-TOKEN comes back in X-XSRF-TOKEN. Without a session: 409 with
 * X-Inertia-Location `/sign-in`. "Back" is the page that the form is on.
 */
export interface Forms {
    /** To where the person wanted to go, or `/servers`. Wrong: `errors.name`. */
    "POST /sign-in": { name: string; password: string };
    /** To `/sign-in`. */
    "POST /sign-out": Record<string, never>;
    /** To `/servers`, signed in. */
    "POST /welcome/{token}": { name: string; password: string };
    /** Back, with a notice. */
    "POST /account/password": { current: string; password: string };
    /** Back, with `flash.token`. */
    "POST /tokens": { name: string; scopes: Scope[]; expires_at: Timestamp | null };
    /** Back. */
    "DELETE /tokens/{id}": Record<string, never>;
    /** To `/servers/{id}/provisioning`, with `flash.line`. */
    "POST /servers": AddServer;
    /** To `/servers`. */
    "DELETE /servers/{id}": Record<string, never>;
    /** To `/runs/{id}`. */
    "POST /servers/{id}/runs": AskRun;
    /** Back. */
    "POST /servers/{id}/confirm": { fingerprint: string };
    /** Back: from the failed step on; where login was never reached, with a new `flash.line`. */
    "POST /servers/{id}/retry": Record<string, never>;
    /** Back. */
    "POST /runs/{id}/cancel": Record<string, never>;
    /** Back; `from`: a step's number, or null for the one that failed. */
    "POST /runs/{id}/retry": { from: string | null };
    /** Back. Only where the API would: `host_state` unknown, or at work and unreachable. */
    "POST /runs/{id}/abandon": Record<string, never>;
    /** Back. */
    "POST /workers/{name}/drain": Record<string, never>;
}

/** What is to be done on a server. */
export interface AskRun {
    jobs: string[];
    parameters: Record<string, string>;
    untested_system: boolean;
}

/**
 * How we get in. `script`: a person runs one line on the new server. `login`: a worker can log in
 * already; it shows the host's key, and a person confirms it. (A third way is the API.)
 */
export type JoinsBy = "script" | "login";

/** A server to add, as the API takes it. */
export interface AddServer {
    name: string;
    host: string;
    ssh_port: number;
    /** `root`, or one with `sudo -n`. With `script` always `root`. */
    ssh_user: string;
    joins_by: JoinsBy;
    provider: string | null;
    /**
     * With `login`: the private key to log in with, without a passphrase. Kept encrypted, and
     * never shown. Null: workers take what they have.
     */
    private_key: string | null;
    /** Null: nothing but the connection. Its errors are named `parameters.NAME`, and `jobs`. */
    install: AskRun | null;
}
