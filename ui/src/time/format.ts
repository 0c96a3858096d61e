/** Times and sizes as people read them. */

/** A length of time in ms: "0.4 s", "26 s", "1 min 12 s", "2 h 5 min", "3 d". Never negative. */
export function duration(ms: number): string {
    const whole = Math.max(0, ms);
    if (whole < 950) return whole < 50 ? "0 s" : `${(whole / 1000).toFixed(1)} s`;
    const seconds = Math.round(whole / 1000);
    if (seconds < 60) return `${seconds} s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    return `${Math.floor(hours / 24)} d`;
}

/** A length of time that goes on: in whole seconds, so that it does not flicker. */
export function running(ms: number): string {
    return duration(Math.floor(Math.max(0, ms) / 1000) * 1000);
}

/** Between two times. */
export function between(from: string, to: string): number {
    return Math.max(0, Date.parse(to) - Date.parse(from));
}

/** A moment, long ago or just now: "just now", "5 min ago", "3 d ago". */
export function ago(at: string, now: number): string {
    const ms = Math.max(0, now - Date.parse(at));
    if (ms < 10_000) return "just now";
    if (ms < 60_000) return `${Math.floor(ms / 1000)} s ago`;
    if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ago`;
    if (ms < 172_800_000) return `${Math.floor(ms / 3_600_000)} h ago`;
    return `${Math.floor(ms / 86_400_000)} d ago`;
}

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

/** Date and time, in the person's zone. */
export const moment = (at: string) => MOMENT.format(new Date(at));

/** The date, in the person's zone. */
export const day = (at: string) => DAY.format(new Date(at));

/** "812 B", "14.2 kB", "200 MB". */
export function bytes(count: number): string {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let [value, unit] = [count, 0];
    while (value >= 999.5 && unit < units.length - 1) {
        value /= 1000;
        unit++;
    }
    const digits = unit > 0 && value < 99.95 ? 1 : 0;
    return `${value.toFixed(digits).replace(/\.0$/, "")} ${units[unit] ?? ""}`;
}

/** "1 run", "2 runs". */
export const plural = (count: number, one: string, many = `${one}s`) =>
    `${count} ${count === 1 ? one : many}`;
