import { describe, expect, it, vi } from "vitest";

import { Output, type Slice } from "./Output";

const MB = 1024 * 1024;

/** What a host wrote, as the API gives it: it may grow. */
class Store {
    bytes: Uint8Array;
    load = vi.fn((offset: number, limit: number): Promise<Slice> => {
        const { bytes } = this;
        return Promise.resolve({ bytes: bytes.slice(offset, offset + limit), whole: bytes.length });
    });

    constructor(text: string) {
        this.bytes = new TextEncoder().encode(text);
    }

    /** Writes more, and gives the message that tells of it. */
    write(text: string, told = true) {
        const [news, offset] = [new TextEncoder().encode(text), this.bytes.length];
        this.bytes = new Uint8Array([...this.bytes, ...news]);
        return { offset, length: news.length, text: told ? text : null };
    }
}

async function shown(store: Store) {
    const output = new Output(store.load);
    output.catchUp();
    await settled(output);
    return output;
}

const settled = (output: Output) =>
    vi.waitFor(() => {
        if (!output.snapshot().loaded) throw new Error("not loaded");
    });

describe("promise 7: the output in a page is what the store has", () => {
    it("appends what it hears, without a fetch", async () => {
        const store = new Store("one\n");
        const output = await shown(store);
        output.hear(store.write("two\n"));
        output.hear(store.write("thr"));
        output.hear(store.write("ee\n"));
        expect(output.text()).toBe("one\ntwo\nthree");
        expect(store.load).toHaveBeenCalledTimes(1);
    });

    it("fetches what it missed, and takes nothing twice", async () => {
        const store = new Store("one\n");
        const output = await shown(store);
        store.write("lost\n");
        const late = store.write("three\n");
        output.hear(late);
        output.hear(late);
        await vi.waitFor(() => expect(output.text()).toBe("one\nlost\nthree"));
        output.hear(late);
        expect(output.text()).toBe("one\nlost\nthree");
        expect(store.load.mock.calls.map(([offset]) => offset)).toEqual([0, 4]);
    });

    it("takes the rest of a message whose beginning it has", async () => {
        const store = new Store("");
        const output = await shown(store);
        store.write("abc");
        output.hear({ offset: 0, length: 3, text: "abc" });
        store.write("def\n");
        output.hear({ offset: 0, length: 7, text: "abcdef\n" });
        expect(output.text()).toBe("abcdef");
    });

    it("fetches what a message was too big for", async () => {
        const store = new Store("");
        const output = await shown(store);
        output.hear(store.write("x\n".repeat(20_000), false));
        await vi.waitFor(() => expect(output.snapshot().lines).toHaveLength(20_000));
    });

    it("fetches when it is told that there is more, and not when it has all", async () => {
        const store = new Store("one\n");
        const output = await shown(store);
        const end = () => ({ offset: store.bytes.length, length: 0, text: "" });
        output.hear(end());
        expect(store.load).toHaveBeenCalledTimes(1);
        store.write("lost\n");
        output.hear(end());
        await vi.waitFor(() => expect(output.text()).toBe("one\nlost"));
        expect(store.load).toHaveBeenCalledTimes(2);
    });

    it("reads characters that were cut between two slices", async () => {
        const store = new Store("ü→🚀\n");
        const cut = vi.fn(async (offset: number) => store.load(offset, 3));
        const output = new Output(cut);
        output.catchUp();
        await vi.waitFor(() => expect(output.text()).toBe("ü→🚀"));
    });

    it("shows the end of a long one only, from a whole line on", async () => {
        const line = `${"x".repeat(99)}\n`;
        const store = new Store(line.repeat(100_000));
        const output = await shown(store);
        await vi.waitFor(() => expect(output.snapshot().lines.length).toBeGreaterThan(20_000));
        const { lines, skipped, whole } = output.snapshot();
        expect(whole).toBe(10_000_000);
        expect(skipped).toBe(whole - 2 * MB);
        expect(lines.every(({ text }) => text.length === 99)).toBe(true);
        const fetched = store.load.mock.results.length;
        expect(fetched).toBeLessThan(8);
    });

    it("tries again what failed, and says so", async () => {
        vi.useFakeTimers();
        const store = new Store("one\n");
        store.load.mockRejectedValueOnce(new Error("503"));
        const output = new Output(store.load);
        output.catchUp();
        await vi.advanceTimersByTimeAsync(0);
        expect(output.snapshot().failing).toBe(true);
        await vi.advanceTimersByTimeAsync(2000);
        expect(output.snapshot().failing).toBe(false);
        expect(output.text()).toBe("one");
        vi.useRealTimers();
    });
});
