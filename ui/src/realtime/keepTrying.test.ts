import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { keepTrying } from "./keepTrying";

function fake() {
    let tell: (change: { current: string }) => void = () => undefined;
    const pusher = {
        connect: vi.fn(() => tell({ current: "connecting" })),
        disconnect: vi.fn(() => tell({ current: "disconnected" })),
        connection: {
            state: "connecting",
            bind: (_: "state_change", callback: typeof tell) => void (tell = callback),
        },
    };
    return { pusher, becomes: (current: string) => tell({ current }) };
}

describe("promise 7: a line that does not open is tried again", () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    it("within seconds, less and less often, until it is open", async () => {
        const { pusher, becomes } = fake();
        keepTrying(pusher);
        await vi.advanceTimersByTimeAsync(4000);
        expect(pusher.connect).toHaveBeenCalledTimes(1);
        becomes("unavailable");
        await vi.advanceTimersByTimeAsync(120_000);
        const tries = pusher.connect.mock.calls.length;
        expect(tries).toBeGreaterThan(6);
        expect(tries).toBeLessThan(20);
        becomes("connected");
        await vi.advanceTimersByTimeAsync(120_000);
        expect(pusher.connect).toHaveBeenCalledTimes(tries);
    });

    it("not once somebody has signed out", async () => {
        const { pusher, becomes } = fake();
        keepTrying(pusher);
        becomes("disconnected");
        await vi.advanceTimersByTimeAsync(120_000);
        expect(pusher.connect).not.toHaveBeenCalled();
    });
});
