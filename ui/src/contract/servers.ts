/** Servers, and how far their provisioning is. */
import type { JoinsBy } from "./forms";
import type { Status, Timestamp } from "./words";

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
