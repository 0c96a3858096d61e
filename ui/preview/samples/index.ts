/** All samples: each page at the moments that look different. */
import type { Flash, Pages, Shared } from "../../src/contract";
import { jobs, nginx } from "./jobs";
import * as provisioning from "./provisioning";
import * as runs from "./runs";
import { servers } from "./servers";
import { before, after } from "./shared";

interface SampleOf<Name extends keyof Pages> {
    component: Name;
    url: string;
    props: Pages[Name] & Partial<Shared>;
    /** Nobody is signed in. */
    bare?: boolean;
    errors?: Record<string, string>;
    flash?: Flash;
}

export type Sample = { [Name in keyof Pages]: SampleOf<Name> }[keyof Pages];

const provision = (name: string, props: Pages["ServerProvisioning"]): Sample => ({
    component: "ServerProvisioning",
    url: `/servers/7/provisioning?sample=${name}`,
    props,
});

const run = (name: string, sample: Pages["Run"]["run"]): Sample => ({
    component: "Run",
    url: `/runs/${sample.id}?sample=${name}`,
    props: { run: sample },
});

const ofServer: Pages["Server"] = {
    ...provisioning.completed,
    runs: runs.rows.filter(({ server_id }) => server_id === 7),
    jobs,
};

const tokens: Pages["Account"]["tokens"] = [
    {
        id: 1,
        name: "ci",
        scopes: ["read", "operate"],
        created_at: before(900_000),
        last_used_at: before(125),
        expires_at: after(86_400 * 60),
    },
    {
        id: 2,
        name: "the-old-panel-that-nobody-dares-to-switch-off-until-the-end-of-the-year",
        scopes: ["read", "operate", "write"],
        created_at: before(9_000_000),
        last_used_at: null,
        expires_at: before(86_400 * 2),
    },
];

const worker: Pages["Workers"]["workers"][number] = {
    name: "fra-2-4711-019ab0c4",
    host: "fra-2",
    pid: 4711,
    version: "0.4.0",
    slots: 8,
    draining: false,
    silent: 900,
    runs: [runs.RUN],
};

const problem = (status: number, detail: string): Sample => ({
    component: "Problem",
    url: `/problem/${status}`,
    props: { status, detail },
});

export const samples: Record<string, Sample> = {
    welcome: {
        component: "Welcome",
        url: "/welcome/a1b2",
        props: { token: "a1b2", name: "admin", first: true },
        bare: true,
    },
    "sign-in": { component: "SignIn", url: "/sign-in", props: {}, bare: true },
    "sign-in-wrong": {
        component: "SignIn",
        url: "/sign-in?sample=wrong",
        props: {},
        bare: true,
        errors: {
            name: "Name or password is wrong. After 5 more tries you have to wait a minute.",
        },
    },
    account: { component: "Account", url: "/account", props: { tokens } },
    "account-made": {
        component: "Account",
        url: "/account?sample=made",
        props: { tokens },
        flash: {
            notice: "The token ci is made.",
            token: { name: "ci", token: "gcr_5m2XoPqV0b8Yt7kR3nW1sLdZ4cHjE9uA" },
        },
    },
    "account-none": { component: "Account", url: "/account?sample=none", props: { tokens: [] } },
    servers: { component: "Servers", url: "/servers", props: { servers } },
    "servers-none": { component: "Servers", url: "/servers?sample=none", props: { servers: [] } },
    "add-server-wrong": {
        component: "AddServer",
        url: "/servers/new?sample=wrong",
        props: { jobs },
        errors: {
            name: "One of your servers has this name. Choose another one.",
            host: "127.0.0.1 is this machine itself, and can't be provisioned. Give an address that others see.",
        },
    },
    "add-server": { component: "AddServer", url: "/servers/new", props: { jobs } },
    server: { component: "Server", url: "/servers/7", props: ofServer },
    "server-long": {
        component: "Server",
        url: "/servers/7?sample=long",
        props: { ...ofServer, ...provisioning.long },
    },
    runs: {
        component: "Runs",
        url: "/runs",
        props: { runs: { items: runs.rows, next_cursor: "019ab0a1" } },
    },
    "runs-none": {
        component: "Runs",
        url: "/runs?sample=none",
        props: { runs: { items: [], next_cursor: null } },
    },
    run: run("running", runs.running),
    "run-failed": run("failed", runs.failed),
    "run-completed": run("completed", runs.completed),
    "run-waiting": run("waiting", runs.waiting),
    "run-big": run("big", runs.big),
    jobs: { component: "Jobs", url: "/jobs", props: { jobs } },
    job: {
        component: "Job",
        url: "/jobs/nginx",
        props: { job: nginx, servers: servers.map(({ id, name }) => ({ id, name })) },
    },
    workers: {
        component: "Workers",
        url: "/workers",
        props: {
            workers: [
                worker,
                { ...worker, name: "fra-1-812-019ab0c1", host: "fra-1", pid: 812, runs: [] },
                { ...worker, name: "ams-1-99-019ab0aa", host: "ams-1", draining: true, runs: [] },
                { ...worker, name: "old-7-019ab001", host: "old", silent: 4_000_000, runs: [] },
            ],
            line: runs.rows.filter(({ status }) => status === "pending"),
        },
    },
    "workers-none": {
        component: "Workers",
        url: "/workers?sample=none",
        props: { workers: [], line: [] },
    },
    "problem-403": problem(403, "Only the installation's first user sees to its workers."),
    "problem-404": problem(404, "There is no server 4711, or it is another user's."),
    "problem-500": problem(
        500,
        "It was written to the log of the server. Try again; if it stays so, look there.",
    ),
    "problem-503": problem(
        503,
        "It is being updated, and back in a minute. What runs on your servers goes on.",
    ),
    provisioning: provision("installing", provisioning.installing),
    "provisioning-joining": {
        ...provision("joining", provisioning.joining),
        flash: { line: provisioning.line },
    },
    "provisioning-line-gone": provision("line-gone", provisioning.joining),
    "provisioning-nothing": provision("nothing", {
        ...provisioning.joining,
        server: { ...provisioning.joining.server, steps: [] },
        live: { ...provisioning.joining.live, join: null },
    }),
    "provisioning-confirming": provision("confirming", provisioning.confirming),
    "provisioning-waiting": provision("waiting", provisioning.waiting),
    "provisioning-unreachable": provision("unreachable", provisioning.unreachable),
    "provisioning-failed": provision("failed", provisioning.failed),
    "provisioning-completed": provision("completed", provisioning.completed),
    "provisioning-long": provision("long", provisioning.long),
};

/** The sample at this address. */
export function find(url: URL): Sample {
    const wanted = url.pathname + url.search;
    const all = Object.values(samples);
    const found =
        all.find((sample) => sample.url === wanted) ??
        all.find((sample) => sample.url.split("?")[0] === url.pathname);
    return (
        found ?? {
            component: "Problem",
            url: wanted,
            props: { status: 404, detail: "There is no sample at this address." },
        }
    );
}
