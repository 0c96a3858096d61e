/** Words that all of the contract uses. */

/** Where a run, a step or a server's provisioning stands. Only a run can be cancelled. */
export type Status = "pending" | "installing" | "completed" | "failed" | "cancelled";

/** RFC 3339. */
export type Timestamp = string;
