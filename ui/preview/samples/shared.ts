/** What every sample page has. The clock stands at this time, so that pictures are the same. */
import type { Shared } from "../../src/contract";

export const NOW = "2026-11-23T12:05:12.000Z";

/** A time so many seconds before now. */
export const before = (seconds: number) => new Date(Date.parse(NOW) - seconds * 1000).toISOString();

/** A time so many seconds after now. */
export const after = (seconds: number) => before(-seconds);

export const shared: Shared = {
    user: { id: 1, name: "Marie Kern", operator: true },
    gateway: { key: "preview", host: null, port: 0, tls: false },
    now: NOW,
};
