import { describe, expect, it } from "vitest";

import { now, setClock } from "./clock";
import { ago, bytes, duration, running } from "./format";

describe("times and sizes for people", () => {
    it.each([
        [0, "0 s"],
        [420, "0.4 s"],
        [990, "1 s"],
        [59_400, "59 s"],
        [72_000, "1 min 12 s"],
        [120_000, "2 min"],
        [7_500_000, "2 h 5 min"],
        [260_000_000, "3 d"],
        [-5, "0 s"],
    ])("%i ms is %s", (ms, text) => expect(duration(ms)).toBe(text));

    it("goes on in whole seconds", () => {
        expect(running(26_999)).toBe("26 s");
        expect(running(-1)).toBe("0 s");
    });

    it("counts by the installation's clock", () => {
        setClock("2026-11-23T12:00:00Z", Date.now());
        expect(ago("2026-11-23T11:55:00Z", now())).toBe("5 min ago");
        expect(ago("2026-11-23T12:00:30Z", now())).toBe("just now");
    });

    it.each([
        [812, "812 B"],
        [14_200, "14.2 kB"],
        [999_950, "1 MB"],
        [200_000_000, "200 MB"],
    ])("%i bytes are %s", (count, text) => expect(bytes(count)).toBe(text));
});
