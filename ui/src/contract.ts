/**
 * What the pages are given, what they ask for, and what they hear: the contract between `ui/`
 * and `groundcrew web`. Names and words are those of the API (`/api/v1/docs`); a field marked
 * [+] is not in the API yet.
 *
 * Times are RFC 3339 in UTC, by the installation's clock; those of a run's steps are by the
 * host's.
 */

/* -------------------------------------------------------------------------------------------
 * Words
 * ---------------------------------------------------------------------------------------- */

/** Where a run, a step or a server's provisioning stands. Only a run can be cancelled. */
export type Status = "pending" | "installing" | "completed" | "failed" | "cancelled";

/** RFC 3339. */
export type Timestamp = string;

/* -------------------------------------------------------------------------------------------
 * On every page
 * ---------------------------------------------------------------------------------------- */

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
    /** What to run on a new server, after `POST /servers` and `POST /servers/{id}/retry`. */
    line?: OneLine;
}

/** The one line, in two ways; it is kept as a hash only. */
export interface OneLine {
    curl: string;
    /** Where there is no curl. */
    wget: string;
    expires_at: Timestamp;
}

/* -------------------------------------------------------------------------------------------
 * Servers
 * ---------------------------------------------------------------------------------------- */

/** A machine to provision, as `GET /api/v1/servers/{id}` has it. */
export interface Server {
    id: number;
    name: string;
    /** A name or an address. */
    host: string;
    ssh_port: number;
    ssh_user: string;
    /** `ssh-ed25519 AAAA…`; null until it is known. */
    host_key: string | null;
    has_key: boolean;
    provider: string | null;
    connection: Connection;
    os_name: string | null;
    os_version: string | null;
    os_codename: string | null;
    /** Null: it was added with its host key, and is ready. */
    joins_by: JoinsBy | null;
    provision_status: Status;
    revision: number;
    created_at: Timestamp;
    updated_at: Timestamp;
}

/** [+] A server in the list. */
export interface ServerSummary extends Server {
    /** Titles of the jobs that are in place, in the order in which they came. */
    installed: string[];
    /** How far the provisioning is. */
    progress: { done: number; of: number };
    /** What is at work or failed now: a title, as in "Installing Nginx web server". */
    step: string | null;
}

/** Whether a worker has logged in. */
export type Connection = "pending" | "connected" | "failed";

/**
 * `ServerProvisioningResource`: `GET /api/v1/servers/{id}/provisioning`. Equal revisions have
 * equal resources.
 */
export interface ServerProvisioning {
    id: number;
    name: string;
    provider: string | null;
    public_ip: string | null;
    private_ip: string | null;
    ssh_port: number;
    connection: Connection;
    provision_status: Exclude<Status, "cancelled">;
    /** As in "Installing". */
    provision_status_label: string;
    provision_status_color: "gray" | "amber" | "green" | "red";
    os_name: string | null;
    os_version: string | null;
    os_codename: string | null;
    revision: number;
    created_at: Timestamp;
    updated_at: Timestamp;
    /**
     * 1 to 4 make the connection; from 5 on there is one for each job. A server that was added
     * with its host key has no 1 to 4. Pages number them by their place here.
     */
    steps: ProvisionStep[];
}

/** A step of the provisioning. */
export interface ProvisionStep {
    step: number;
    /** As in "Install Nginx". */
    name: string;
    /** What it does, in a sentence. */
    description: string;
    /** Exactly one is true. */
    status: {
        isPending: boolean;
        isInstalling: boolean;
        isCompleted: boolean;
        isFailed: boolean;
    };
    started_at: Timestamp | null;
    finished_at: Timestamp | null;
    error: StepError | null;
    /** The steps of the job; none of 1 to 4. */
    steps: JobStep[];
}

/** Why a step failed. */
export interface StepError {
    /** A word that programs tell apart, as in `not_in_place`; `cancelled` by a person. */
    kind: string;
    /** The cause. */
    message: string;
    /** What to do. */
    advice: string;
}

/** A step of a job, inside a step of the provisioning. */
export interface JobStep {
    /** Its number in the run, as `?step=` of the output takes it. */
    number: number;
    name: string;
    title: string;
    status: Exclude<Status, "cancelled">;
    /** Null until it is completed; false: it was in place already. */
    changed: boolean | null;
    started_at: Timestamp | null;
    finished_at: Timestamp | null;
}

/**
 * `GET /api/v1/servers/{id}/provisioning/live`: what else the page shows. May change without a
 * revision.
 */
export interface ProvisioningLive {
    /** The address that was entered. */
    host: string;
    ssh_user: string;
    /** The run that does steps 5…; null until step 4 is completed. */
    run: LiveRun | null;
    /** While step 1 is not completed, and it joins by the one line. */
    join: Join | null;
    /** A host key that a worker found, and that a person is to confirm. */
    host_key_offered: HostKey | null;
    /** The pinned key. */
    host_key: HostKey | null;
    /** Since when the host can't be reached, in step 4 or a run, and why not. */
    unreachable: { since: Timestamp; error: string } | null;
    /** Why nothing goes on, in a sentence, as in "All workers are busy. 2 runs come before it." */
    waiting: string | null;
    /** Which worker is at it. */
    worker: string | null;
}

/** What of the run matters to the provisioning page. */
export interface LiveRun {
    id: string;
    status: Status;
    /** How many runs of the server come before it, while it waits. */
    place: number | null;
    cancel_requested_at: Timestamp | null;
    output_bytes: number;
}

/** How it stands with the one line, until the server has run it. */
export interface Join {
    /** Always null: the line is shown once, as {@link Flash.line}. */
    line: string | null;
    expires_at: Timestamp;
}

/** A host's key, as a person compares it. */
export interface HostKey {
    /** As in `ssh-ed25519`. */
    type: string;
    /** `SHA256:…`, as `ssh-keygen -l` prints it. */
    fingerprint: string;
}

/* -------------------------------------------------------------------------------------------
 * Runs
 * ---------------------------------------------------------------------------------------- */

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

/* -------------------------------------------------------------------------------------------
 * Jobs, workers, tokens: as the API has them
 * ---------------------------------------------------------------------------------------- */

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

/* -------------------------------------------------------------------------------------------
 * Pages: the component's name, its address, its props
 * ---------------------------------------------------------------------------------------- */

/** Props of each page, besides {@link Shared}. The key is Inertia's component. */
export interface Pages {
    /** `GET /welcome/{token}`: the first user, a further one, or a forgotten password. */
    Welcome: { token: string; name: string; first: boolean };
    /** `GET /sign-in`. */
    SignIn: Partial<Record<string, never>>;
    /** `GET /account`. */
    Account: { tokens: Token[] };
    /** `GET /servers`, and `/`. */
    Servers: { servers: ServerSummary[] };
    /** `GET /servers/new`. */
    AddServer: { jobs: Job[] };
    /** `GET /servers/{id}/provisioning`. */
    ServerProvisioning: { server: ServerProvisioning; live: ProvisioningLive };
    /** `GET /servers/{id}`; `runs` are the newest ten. */
    Server: {
        server: ServerProvisioning;
        live: ProvisioningLive;
        runs: RunSummary[];
        jobs: Job[];
    };
    /** `GET /runs?cursor=`. */
    Runs: { runs: Page<RunSummary> };
    /** `GET /runs/{id}`. */
    Run: { run: Run };
    /** `GET /jobs`. */
    Jobs: { jobs: Job[] };
    /** `GET /jobs/{name}`; `servers` are those that it can be run on. */
    Job: { job: Job; servers: Pick<Server, "id" | "name">[] };
    /** `GET /workers`, for the operator; `line` are the runs that wait, in their order. */
    Workers: { workers: Worker[]; line: RunSummary[] };
    /** Any address that has a problem; sent with its status. 503 is also maintenance. */
    Problem: { status: number; detail: string };
}

/* -------------------------------------------------------------------------------------------
 * Forms: Inertia posts JSON; what is wrong comes back as `errors`, by the field's name
 * ---------------------------------------------------------------------------------------- */

/**
 * What each form sends. What it leads to may be answered by 303, or, better where there is
 * something in `flash`, by that very page (200, X-Inertia, its own address as `url`): then nothing
 * has to be kept in between. What is wrong: the form's page again, with `errors` in its props
 * and its own address as `url` (422, or 303 with what Laravel would keep).
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

/* -------------------------------------------------------------------------------------------
 * Other addresses
 * ---------------------------------------------------------------------------------------- */

/*
 * What pages fetch or link to besides, with the session:
 *
 * - `GET /api/v1/runs/{id}/output?offset=&limit=[&step=]`, as it is: the header `Whole-Length`
 *   is needed.
 * - [+] `GET /runs/{id}/output.txt[?step=]`: the whole, as a file, streamed.
 * - `POST /broadcasting/auth`: pusher-js's form, with X-XSRF-TOKEN.
 * - `GET /api/v1/docs`: a link.
 */

/* -------------------------------------------------------------------------------------------
 * What is heard
 * ---------------------------------------------------------------------------------------- */

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
    /** How many bytes. */
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
