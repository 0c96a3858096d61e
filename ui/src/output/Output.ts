/**
 * A run's output in a page: what was fetched and what was heard, put together by offset, so
 * that nothing is missing and nothing comes twice. Only the newest part of a long one is kept.
 */
import { Fetches } from "@/realtime/Fetches";

import { Lines, type Line } from "./Lines";

/** Some of the output, as the installation has it. */
export interface Slice {
    bytes: Uint8Array;
    /** How many bytes there are by now. */
    whole: number;
}

/** What was heard, by offsets in what this output shows: the run's, or one step's. */
export interface Heard {
    offset: number;
    length: number;
    text: string | null;
}

export interface OutputState {
    lines: Line[];
    /** Bytes that there are by now, as far as is known. */
    whole: number;
    /** About so many bytes before the first line are not shown. */
    skipped: number;
    loaded: boolean;
    failing: boolean;
}

/** So many bytes are kept: some ten thousand lines. */
const KEEP = 2 * 1024 * 1024;
/** So many are fetched at once. */
const AT_ONCE = 512 * 1024;

export class Output {
    private lines = new Lines(KEEP);
    private decoder = new TextDecoder();
    /** Up to where it is here. */
    private have = 0;
    private whole = 0;
    private skipped = 0;
    private loaded = false;
    private failing = false;
    /** Then it goes on until it has all that was heard of. */
    private fetching = false;
    /** After a jump, until the next line begins. */
    private midLine = false;
    private state: OutputState | undefined;
    private readonly listeners = new Set<() => void>();
    private readonly fetches = new Fetches(
        () => {
            this.fetching = true;
            return this.fetch().finally(() => void (this.fetching = false));
        },
        (failing) => {
            this.failing = failing;
            this.tell();
        },
    );

    constructor(private readonly load: (offset: number, limit: number) => Promise<Slice>) {}

    /** There may be more: fetches what is missing. */
    catchUp = () => this.fetches.ask();

    /** A message came. */
    hear({ offset, length, text }: Heard) {
        const end = offset + length;
        this.whole = Math.max(this.whole, end);
        if (end <= this.have) return;
        // Before the first fetch nothing is known of where to begin.
        if (text !== null && offset <= this.have && this.loaded) {
            this.append(new TextEncoder().encode(text), offset);
            this.tell();
        } else if (!this.fetching) {
            this.catchUp();
        }
    }

    stop = () => this.fetches.stop();

    start = () => this.fetches.start();

    /** For `useSyncExternalStore`. */
    subscribe = (listener: () => void) => {
        this.listeners.add(listener);
        return () => void this.listeners.delete(listener);
    };

    /** For `useSyncExternalStore`: the same object until something changes. */
    snapshot = (): OutputState =>
        (this.state ??= {
            lines: this.lines.all,
            whole: this.whole,
            skipped: this.skipped + this.lines.dropped,
            loaded: this.loaded,
            failing: this.failing,
        });

    /** What is kept, as plain text. */
    text = () => this.lines.text();

    private async fetch(): Promise<boolean> {
        do {
            const offset = this.have;
            const { bytes, whole } = await this.load(offset, AT_ONCE);
            this.whole = Math.max(this.whole, whole);
            this.append(bytes, offset);
            if (this.whole - this.have > KEEP) this.jump(this.whole - KEEP);
            this.loaded = true;
            this.tell();
            // Nothing came: what was announced is not there yet, and will be announced again.
            if (bytes.length === 0 && this.have === offset) break;
        } while (this.have < this.whole);
        return true;
    }

    private append(bytes: Uint8Array, offset: number) {
        const news = bytes.subarray(this.have - offset);
        if (offset > this.have || news.length === 0) return;
        this.have += news.length;
        let text = this.decoder.decode(news, { stream: true });
        if (this.midLine) {
            const begin = text.indexOf("\n") + 1;
            if (begin === 0) return;
            text = text.slice(begin);
            this.midLine = false;
        }
        this.lines.push(text);
    }

    /** Goes on from an offset, and forgets what it has: it would be gone soon anyway. */
    private jump(offset: number) {
        this.have = offset;
        this.skipped = offset;
        this.lines = new Lines(KEEP);
        this.decoder = new TextDecoder();
        this.midLine = true;
    }

    private tell() {
        this.state = undefined;
        this.listeners.forEach((listener) => listener());
    }
}
