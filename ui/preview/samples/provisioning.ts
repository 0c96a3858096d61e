/** A server's provisioning, at its moments. */
import type {
    JobStep,
    OneLine,
    Pages,
    ProvisioningLive,
    ProvisionStep,
    ServerProvisioning,
    StepError,
} from "../../src/contract";
import { RUN, RUN_FAILED } from "./runs";
import { after, before } from "./shared";

type Sample = Pages["ServerProvisioning"];

const server: ServerProvisioning = {
    id: 7,
    name: "edge-fra-1",
    provider: null,
    public_ip: "203.0.113.24",
    private_ip: "10.0.0.4",
    ssh_port: 22,
    connection: "connected",
    provision_status: "installing",
    provision_status_label: "Installing",
    provision_status_color: "amber",
    os_name: "Debian",
    os_version: "12",
    os_codename: "bookworm",
    revision: 42,
    created_at: before(90),
    updated_at: before(1),
    steps: [],
};

const live: ProvisioningLive = {
    host: "203.0.113.24",
    ssh_user: "root",
    run: {
        id: RUN,
        status: "installing",
        place: null,
        cancel_requested_at: null,
        output_bytes: 1400,
    },
    join: null,
    host_key_offered: null,
    host_key: {
        type: "ssh-ed25519",
        fingerprint: "SHA256:4kQp0vV2o8l3iYb0c1t9sN7xW5zR6uH4mJ2kL1qZc0",
    },
    unreachable: null,
    waiting: null,
    worker: "fra-2",
};

type Word = "pending" | "installing" | "completed" | "failed";

/** [name, what it does, seconds that it took] */
const OUTER: [string, string, number][] = [
    ["Waiting for connection", "The server calls back when the line is run on it.", 4],
    ["Preparing server", "Base packages, users, keys, sudo and sshd.", 31],
    ["Checking status", "The server checks its own sshd and reports what it is.", 1],
    ["Checking connectivity", "A worker logs in and compares the host key.", 1],
    ["Install firewall", "Only what is needed is open.", 9],
    ["Install Nginx", "Nginx from Debian, serving a first page of the host on port 80.", 26],
    ["Final touches", "Security updates by themselves, and a message of the day.", 6],
];

const NGINX: [string, string, number, boolean][] = [
    ["prepare_system", "Preparing the system", 0.4, false],
    ["package_source", "Looking for the package source", 1, false],
    ["remove_conflicting_web_servers", "Removing conflicting web servers", 2, true],
    ["install_software", "Installing Nginx web server", 24, true],
    ["configure_nginx", "Configuring Nginx", 0.6, true],
    ["enable_service", "Starting Nginx, now and at each boot", 1.2, true],
    ["verify", "Verifying the Nginx installation", 0.3, false],
];

function times(status: Word, from: number, took: number) {
    const begun = status !== "pending";
    const ended = status === "completed" || status === "failed";
    return {
        started_at: begun ? before(from) : null,
        finished_at: ended ? before(from - took) : null,
    };
}

/** The steps inside "Install Nginx": those before `at` are completed, and that one is so. */
function nginx(at: number, status: Word): JobStep[] {
    let from = 26;
    return NGINX.map(([name, title, took, changed], index) => {
        const word: Word = index < at ? "completed" : index === at ? status : "pending";
        const step = {
            number: index + 4,
            name,
            title,
            status: word,
            changed: word === "completed" ? changed : null,
            ...times(word, from, took),
        };
        from -= index === 2 ? 0 : took;
        return step;
    });
}

function firewall(word: Word): JobStep[] {
    return ["Installing nftables", "Writing the rules", "Loading the rules"].map(
        (title, index) => ({
            number: index + 1,
            name: `firewall_${index}`,
            title,
            status: word,
            changed: word === "completed" ? index > 0 : null,
            ...times(word, 35 - index * 3, 3),
        }),
    );
}

/** Steps: those before `at` are completed, and that one is so. */
function steps(at: number, status: Word, inside: JobStep[], error: StepError | null = null) {
    let from = 73;
    return OUTER.map(([name, description, took], index): ProvisionStep => {
        const word: Word = index < at ? "completed" : index === at ? status : "pending";
        const step: ProvisionStep = {
            step: index + 1,
            name,
            description,
            status: {
                isPending: word === "pending",
                isInstalling: word === "installing",
                isCompleted: word === "completed",
                isFailed: word === "failed",
            },
            ...times(word, from, took),
            error: index === at ? error : null,
            steps:
                index === 4
                    ? firewall(index < at ? "completed" : "pending")
                    : index === 5
                      ? inside
                      : [],
        };
        from -= took;
        return step;
    });
}

const fresh = {
    public_ip: null,
    private_ip: null,
    os_name: null,
    os_version: null,
    os_codename: null,
};
const unknown = { run: null, host_key: null, worker: null };

export const installing: Sample = {
    server: { ...server, steps: steps(5, "installing", nginx(3, "installing")) },
    live,
};

const address = "https://groundcrew.example.com/join/vZ4m0Qb7rT2kXy9LwUe3HsN6aJc8Pd1f";

/** What to run on the server that is joining. */
export const line: OneLine = {
    curl: `curl -fsSL ${address} | sh`,
    wget: `wget -qO- ${address} | sh`,
    expires_at: after(3130),
};

export const joining: Sample = {
    server: {
        ...server,
        ...fresh,
        connection: "pending",
        provision_status: "pending",
        provision_status_label: "Pending",
        provision_status_color: "gray",
        steps: steps(0, "pending", nginx(0, "pending")),
    },
    live: {
        ...live,
        ...unknown,
        join: { line: null, expires_at: line.expires_at },
    },
};

export const confirming: Sample = {
    server: {
        ...joining.server,
        steps: steps(0, "installing", nginx(0, "pending")),
        provision_status: "installing",
        provision_status_label: "Installing",
        provision_status_color: "amber",
    },
    live: { ...live, ...unknown, host_key_offered: live.host_key },
};

export const unreachable: Sample = {
    server: installing.server,
    live: {
        ...live,
        unreachable: { since: before(84), error: "The connection was refused on port 22." },
    },
};

export const waiting: Sample = {
    server: {
        ...server,
        steps: steps(4, "pending", nginx(0, "pending")),
    },
    live: {
        ...live,
        run: { id: RUN, status: "pending", place: 2, cancel_requested_at: null, output_bytes: 0 },
        waiting:
            "Two runs of this server come before it. It begins by itself when they have ended.",
        worker: null,
    },
};

export const failed: Sample = {
    server: {
        ...server,
        provision_status: "failed",
        provision_status_label: "Failed",
        provision_status_color: "red",
        steps: steps(5, "failed", nginx(3, "failed"), {
            kind: "not_in_place",
            message: "“Installing Nginx web server” ran, and is still not in place",
            advice: "Port 80 is held by another program (pid 812, haproxy). Stop it on the server, then retry: what was completed stays.",
        }),
    },
    live: {
        ...live,
        run: live.run && { ...live.run, id: RUN_FAILED, status: "failed" },
        worker: null,
    },
};

export const completed: Sample = {
    server: {
        ...server,
        provision_status: "completed",
        provision_status_label: "Completed",
        provision_status_color: "green",
        steps: steps(7, "completed", nginx(7, "completed")),
    },
    live: { ...live, run: live.run && { ...live.run, status: "completed" }, worker: null },
};

const LONG =
    "edge-frankfurt-am-main-availability-zone-2-customer-portal-production-replacement-of-the-old-one";

/** What is as long as it may be. */
export const long: Sample = {
    server: {
        ...installing.server,
        name: LONG,
        provider: "A provider of virtual machines with a rather long name",
        steps: installing.server.steps.map((step) =>
            step.step === 6
                ? {
                      ...step,
                      name: "Install Nginx with everything that the customer’s portal of the old data centre needed",
                  }
                : step,
        ),
    },
    live: { ...live, host: `${LONG}.example.internal`, worker: `${LONG}-4711-worker` },
};
