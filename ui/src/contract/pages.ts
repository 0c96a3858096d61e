/** Pages: the component’s name, its address, its props; and what they fetch besides. */
import type { Job, Page, Token, Worker } from "./catalog";
import type { Run, RunSummary } from "./runs";
import type { ProvisioningLive, Server, ServerProvisioning, ServerSummary } from "./servers";

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

/*
 * What pages fetch or link to besides, with the session:
 *
 * - `GET /api/v1/runs/{id}/output?offset=&limit=[&step=]`, as it is: the header `Whole-Length`
 *   is needed.
 * - [+] `GET /runs/{id}/output.txt[?step=]`: the whole, as a file, streamed.
 * - `POST /broadcasting/auth`: pusher-js's form, with X-XSRF-TOKEN.
 * - `GET /api/v1/docs`: a link.
 */
