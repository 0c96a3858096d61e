/** Runs, at their moments. */
import type { Run, RunStep, RunSummary } from "../../src/contract";
import { before } from "./shared";

export const RUN = "019ab0c4-7d3e-7c11-9a55-0242ac120007";
export const RUN_FAILED = "019ab0b1-11aa-7f02-8e21-0242ac120009";
export const RUN_BIG = "019ab0a0-52cc-7a4e-b0f1-0242ac120011";

type Word = RunStep["status"];

/** [name, title, how long it took, whether it changed something] */
const STEPS: [string, string, number, boolean][] = [
    ["install_nftables", "Installing nftables", 3, false],
    ["write_rules", "Writing the rules", 0.3, true],
    ["load_rules", "Loading the rules", 0.2, true],
    ["prepare_system", "Preparing the system", 0.4, false],
    ["package_source", "Looking for the package source", 1, false],
    ["remove_conflicting_web_servers", "Removing conflicting web servers", 2, true],
    ["install_software", "Installing Nginx web server", 24, true],
    ["configure_nginx", "Configuring Nginx", 0.6, true],
    ["enable_service", "Starting Nginx, now and at each boot", 1.2, true],
    ["verify", "Verifying the Nginx installation", 0.3, false],
    ["reload nginx", "Reloading Nginx", 0.2, true],
];

/** The steps of a run: those before `at` are completed, and that one is so. */
export function steps(at: number, word: Word, begun = 40): RunStep[] {
    let from = begun;
    return STEPS.map(([name, title, took, changed], index) => {
        const status = index < at ? "completed" : index === at ? word : "pending";
        const ended = status === "completed" || status === "failed";
        const step: RunStep = {
            number: index + 1,
            job: index < 3 ? "firewall" : "nginx",
            name,
            title,
            handler: name.includes(" "),
            status,
            changed: status === "completed" ? changed : null,
            starts: status === "pending" ? 0 : 1,
            exit_code: status === "failed" ? 100 : null,
            error:
                status === "failed"
                    ? "The command ended with 100. Port 80 is held by another program (pid 812, haproxy): stop it on the server, then retry."
                    : null,
            started_at: status === "pending" ? null : before(from),
            finished_at: ended ? before(from - took) : null,
        };
        from -= took;
        return step;
    });
}

const summary: RunSummary = {
    id: RUN,
    server_id: 7,
    server: "edge-fra-1",
    jobs: ["firewall", "nginx"],
    status: "installing",
    worker: "fra-2",
    waiting: null,
    cancel_requested_at: null,
    unreachable_since: null,
    error: null,
    changed: null,
    created_at: before(42),
    started_at: before(41),
    finished_at: null,
};

const run: Run = {
    ...summary,
    parameters: { app_user: "deploy" },
    untested_system: false,
    epoch: 1,
    unreachable: null,
    host_state: null,
    error_kind: null,
    output_bytes: 1400,
    output_cut: false,
    place: null,
    steps: steps(6, "installing"),
    notes: [],
};

export const running = run;

export const failed: Run = {
    ...run,
    id: RUN_FAILED,
    status: "failed",
    worker: null,
    error_kind: "step_failed",
    error: "“Installing Nginx web server” failed with exit code 100. Port 80 is held by another program (pid 812, haproxy): stop it on the server, then retry.",
    steps: steps(6, "failed", 140),
    started_at: before(141),
    created_at: before(142),
    finished_at: before(112),
    notes: [
        {
            id: 1,
            time: before(130),
            text: "The line to the host was cut, and is back after 3 s; the host went on meanwhile.",
        },
    ],
};

export const completed: Run = {
    ...run,
    status: "completed",
    worker: null,
    changed: 5,
    steps: steps(11, "completed", 3640),
    created_at: before(3642),
    started_at: before(3641),
    finished_at: before(3610),
};

export const big: Run = { ...completed, id: RUN_BIG, output_bytes: 200_000_000 };

export const waiting: Run = {
    ...run,
    status: "pending",
    place: 1,
    waiting: "The host is busy with a run of another installation.",
    worker: null,
    started_at: null,
    output_bytes: 0,
    steps: steps(0, "pending"),
};

/** Rows of lists, the newest first. */
export const rows: RunSummary[] = [
    summary,
    {
        ...summary,
        id: "019ab0c5-0000-7000-8000-000000000001",
        server: "edge-fra-2",
        server_id: 8,
        status: "pending",
        worker: null,
        started_at: null,
        waiting: null,
        created_at: before(20),
    },
    { ...failed, jobs: ["nginx", "firewall"], server: "db-ams-1", server_id: 9 },
    { ...completed, id: "019ab0a1-0000-7000-8000-000000000002" },
    {
        ...summary,
        id: "019ab0a1-0000-7000-8000-000000000003",
        status: "cancelled",
        worker: null,
        server: "staging",
        server_id: 10,
        created_at: before(9000),
        started_at: before(8990),
        finished_at: before(8950),
    },
    {
        ...completed,
        id: "019ab0a1-0000-7000-8000-000000000004",
        changed: 0,
        server: "edge-fra-2",
        server_id: 8,
        created_at: before(90_000),
        started_at: before(90_000),
        finished_at: before(89_997),
    },
];
