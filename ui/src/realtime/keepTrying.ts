/** What of pusher-js is needed here. */
interface Pusher {
    connect(): void;
    disconnect(): void;
    connection: {
        state: string;
        bind(event: "state_change", callback: (change: { current: string }) => void): void;
    };
}

/** So long a connection may take to open, in ms; a slow line gets more with each try. */
const [FIRST, LONGEST] = [3000, 15_000];

/**
 * Has pusher-js begin afresh while its line does not open. By itself it waits up to half a
 * minute after an attempt that failed, and a page would be blind for so long.
 */
export function keepTrying(pusher: Pusher) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wait = FIRST;
    const again = () => {
        timer = undefined;
        wait = Math.min(LONGEST, wait * 1.5);
        pusher.disconnect();
        pusher.connect();
    };
    const watch = (state: string) => {
        if (state === "connecting" || state === "unavailable") {
            // Each page a little earlier or later, so that they don't come all at once.
            timer ??= setTimeout(again, wait * (0.75 + Math.random() / 2));
            return;
        }
        clearTimeout(timer);
        timer = undefined;
        if (state === "connected") wait = FIRST;
    };
    pusher.connection.bind("state_change", ({ current }) => watch(current));
    watch(pusher.connection.state);
}
