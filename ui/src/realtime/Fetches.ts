/**
 * Fetches, one at a time. Whoever hears that something changed asks; asking during a fetch makes
 * exactly one more after it, however often. One that failed is tried again, later and later:
 * the change that it was for may have been the last.
 */
export class Fetches {
    private under: "nothing" | "fetch" | "pause" = "nothing";
    /** So often was asked. */
    private asked = 0;
    private failures = 0;
    private timer: ReturnType<typeof setTimeout> | undefined;
    private stopped = false;

    /**
     * @param fetch gives whether it worked; one that rejects has failed.
     * @param onFailing is told when fetching begins to fail, and when it works again.
     */
    constructor(
        private readonly fetch: () => Promise<boolean>,
        private readonly onFailing: (failing: boolean) => void = () => undefined,
    ) {}

    /** Something changed. */
    ask = () => {
        if (this.stopped) return;
        this.asked++;
        if (this.under === "fetch") return;
        clearTimeout(this.timer);
        void this.run();
    };

    /** From now on nothing is fetched; `start` takes it back. */
    stop() {
        this.stopped = true;
        clearTimeout(this.timer);
        if (this.under === "pause") this.under = "nothing";
    }

    start() {
        this.stopped = false;
    }

    private async run() {
        this.under = "fetch";
        const answers = this.asked;
        const worked = await this.fetch().catch(() => false);
        this.under = "nothing";
        if (this.stopped) return;
        if (worked) {
            if (this.failures > 0) this.onFailing(false);
            this.failures = 0;
            if (this.asked > answers) void this.run();
            return;
        }
        this.failures++;
        if (this.failures === 1) this.onFailing(true);
        this.under = "pause";
        this.timer = setTimeout(() => void this.run(), pause(this.failures));
    }
}

/** 1, 2, 4, 8, and then 15 s, each a little more or less, so that pages don't come all at once. */
function pause(failures: number): number {
    return Math.min(15_000, 500 * 2 ** failures) * (0.75 + Math.random() / 2);
}
