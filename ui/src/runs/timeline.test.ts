import { describe, expect, it } from "vitest";

import { completed, running, waiting } from "../../preview/samples/runs";
import { NOW } from "../../preview/samples/shared";
import { bar, extent } from "./timeline";

const now = Date.parse(NOW);

describe("a run's steps in time", () => {
    it("has no bars before it began", () => {
        const whole = extent(waiting.steps, now);
        expect(waiting.steps.map((step) => bar(step, whole, now))).toEqual(
            waiting.steps.map(() => null),
        );
    });

    it("keeps every bar inside, in order, and visible", () => {
        for (const { steps } of [running, completed]) {
            const whole = extent(steps, now);
            const bars = steps.flatMap((step) => bar(step, whole, now) ?? []);
            expect(bars.every(({ from, length }) => from >= 0 && from + length <= 1.0001)).toBe(
                true,
            );
            expect(bars.every(({ length }) => length >= 0.012)).toBe(true);
            expect(bars.map(({ from }) => from)).toEqual(
                bars.map(({ from }) => from).toSorted((one, other) => one - other),
            );
        }
    });
});
