import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Fetches } from "./Fetches";

/** A fetch that ends when the test says so. */
function held() {
    const ends: ((worked: boolean) => void)[] = [];
    const fetch = vi.fn(() => new Promise<boolean>((end) => ends.push(end)));
    const end = async (worked = true) => {
        ends.shift()?.(worked);
        await vi.advanceTimersByTimeAsync(0);
    };
    return { fetch, end };
}

describe("promise 7: many notifications make few fetches, and the last one counts", () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    it("never has two under way, and exactly one more after those that came meanwhile", async () => {
        const { fetch, end } = held();
        const fetches = new Fetches(fetch);
        for (let i = 0; i < 20; i++) fetches.ask();
        expect(fetch).toHaveBeenCalledTimes(1);
        await end();
        expect(fetch).toHaveBeenCalledTimes(2);
        await end();
        expect(fetch).toHaveBeenCalledTimes(2);
        fetches.ask();
        expect(fetch).toHaveBeenCalledTimes(3);
    });

    it("tries a failed one again, tells of it, and does so at once when asked", async () => {
        const { fetch, end } = held();
        const failing = vi.fn();
        const fetches = new Fetches(fetch, failing);
        fetches.ask();
        await end(false);
        expect(failing).toHaveBeenLastCalledWith(true);
        await vi.advanceTimersByTimeAsync(1500);
        expect(fetch).toHaveBeenCalledTimes(2);
        await end(false);
        fetches.ask();
        expect(fetch).toHaveBeenCalledTimes(3);
        await end();
        expect(failing).toHaveBeenLastCalledWith(false);
        await vi.advanceTimersByTimeAsync(60_000);
        expect(fetch).toHaveBeenCalledTimes(3);
    });

    it("fetches nothing once it was stopped", async () => {
        const { fetch, end } = held();
        const fetches = new Fetches(fetch);
        fetches.ask();
        fetches.ask();
        fetches.stop();
        await end();
        await vi.advanceTimersByTimeAsync(60_000);
        expect(fetch).toHaveBeenCalledTimes(1);
    });
});
