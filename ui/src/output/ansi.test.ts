import { describe, expect, it } from "vitest";

import { clean, pieces, plain, styleAfter } from "./ansi";

describe("a line of terminal text", () => {
    it("shows the last state of what was written over", () => {
        expect(clean("10%\r50%\r100%")).toBe("100%");
        expect(clean("done\r")).toBe("done");
    });

    it("loses what moves a cursor, sets a title or rings", () => {
        expect(clean("\x1b[2K\x1b[1Gab\x07c\x1b]0;title\x07d\x1b[?25l")).toBe("abcd");
        expect(clean("\x1b[32mgreen\x1b[0m")).toBe("\x1b[32mgreen\x1b[0m");
    });

    it("has its colours as classes, and others as values", () => {
        expect(pieces("a \x1b[1;31mred\x1b[0m", "")).toEqual([
            { text: "a ", className: "" },
            { text: "red", className: "ansi-red ansi-bold" },
        ]);
        expect(pieces("\x1b[38;2;1;2;3mx", "")[0]?.color).toBe("rgb(1, 2, 3)");
        expect(pieces("\x1b[38;5;196mx", "")[0]?.color).toBe("rgb(255, 0, 0)");
        expect(pieces("", "")).toEqual([]);
    });

    it("hands its style to the next line, until it is reset", () => {
        const after = styleAfter("\x1b[31mred goes on", "");
        expect(pieces("here", after)[0]?.className).toBe("ansi-red");
        expect(styleAfter("and \x1b[0mends", after)).toBe("");
        expect(styleAfter("plain", after)).toBe(after);
        let style = "";
        for (let i = 0; i < 100; i++) style = styleAfter("\x1b[32mx", style);
        expect(style.length).toBeLessThan(50);
    });

    it("is never taken for markup", () => {
        expect(pieces("\x1b[31m<b>&amp;</b>", "")[0]?.text).toBe("<b>&amp;</b>");
        expect(plain("\x1b[31m<b>\x1b[0m")).toBe("<b>");
    });
});
