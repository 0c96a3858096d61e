import { describe, expect, it } from "vitest";

import { Lines } from "./Lines";

const texts = (lines: Lines) => lines.all.map(({ text }) => text);

describe("the lines of a growing output", () => {
    it("are the same wherever the text was cut", () => {
        const text = "one\ntwo\n\nlast\r100%\n\x1b[31mred\nstill red\x1b[0m\nno end";
        const whole = new Lines(1000);
        whole.push(text);
        for (let size = 1; size < 9; size++) {
            const parts = new Lines(1000);
            for (let at = 0; at < text.length; at += size) parts.push(text.slice(at, at + size));
            expect(parts.all).toEqual(whole.all);
        }
    });

    it("keep their keys when a line grows or others come", () => {
        const lines = new Lines(1000);
        lines.push("one\ntw");
        const before = lines.all;
        lines.push("o\nthree");
        expect(lines.all[0]).toBe(before[0]);
        expect(lines.all.map(({ key }) => key)).toEqual([1, 2, 3]);
        expect(texts(lines)).toEqual(["one", "two", "three"]);
    });

    it("are kept up to a limit, and a long one is cut in two", () => {
        const lines = new Lines(100);
        for (let at = 0; at < 100; at++) lines.push(`line ${at}\n`);
        expect(lines.text().length).toBeLessThanOrEqual(200);
        expect(texts(lines).at(-1)).toBe("line 99");
        expect(lines.dropped).toBeGreaterThan(500);
        const long = new Lines(100_000);
        long.push("x".repeat(10_000));
        expect(texts(long).map(({ length }) => length)).toEqual([4000, 4000, 2000]);
    });
});
