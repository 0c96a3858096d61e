/** Terminal text as pieces with classes: colours and weights are kept, what moves a cursor is not. */
import Anser from "anser";

/** Some text in one style. */
export interface Piece {
    text: string;
    className: string;
    /** Of a colour beyond the sixteen: `rgb(…)`. */
    color?: string;
}

const STYLE = /\x1b\[[\d;]*m/g;
const OTHER =
    /\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-ln-~]|\x1b[ -/]*[0-Z\\^-~]|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]/g;
const RESET = /^\x1b\[0*m$/;

/**
 * A line without what only a terminal understands. What was written over after a carriage
 * return is not shown: of a progress bar its last state stays.
 */
export function clean(line: string): string {
    const shown = line.includes("\r") ? afterReturn(line) : line;
    return OTHER.test(shown) ? shown.replace(OTHER, "") : shown;
}

function afterReturn(line: string): string {
    const parts = line.split("\r");
    return parts.findLast((part) => part !== "") ?? "";
}

/** The line as plain text. */
export const plain = (line: string) => (line.includes("\x1b") ? line.replace(STYLE, "") : line);

/** A clean line in pieces; `style` are the codes that were in force where it began. */
export function pieces(line: string, style: string): Piece[] {
    if (!style && !line.includes("\x1b")) return line ? [{ text: line, className: "" }] : [];
    const parsed = Anser.ansiToJson(style + line, { use_classes: true, remove_empty: true });
    return parsed.map(({ content, fg, fg_truecolor, decorations }) => {
        const isClass = /^ansi-(bright-)?[a-z]+$/.test(fg);
        const className = [isClass ? fg : "", ...decorations.map((name) => `ansi-${name}`)];
        const color = fg === "ansi-truecolor" ? `rgb(${fg_truecolor})` : paletteColor(fg);
        return {
            text: content,
            className: className.filter(Boolean).join(" "),
            ...(color && { color }),
        };
    });
}

/** The codes that are in force where the next line begins. */
export function styleAfter(line: string, style: string): string {
    if (!line.includes("\x1b[")) return style;
    let codes: string[] = (style + line).match(STYLE) ?? [];
    codes = codes.slice(codes.findLastIndex((code) => RESET.test(code)) + 1);
    // Who never resets only ever changes the colour.
    return codes.slice(-8).join("");
}

/** A colour of the palette of 256. */
function paletteColor(fg: string): string | undefined {
    const index = Number(/^ansi-palette-(\d+)$/.exec(fg)?.[1] ?? NaN);
    if (Number.isNaN(index)) return undefined;
    if (index >= 232) {
        const level = 8 + (index - 232) * 10;
        return `rgb(${level}, ${level}, ${level})`;
    }
    const [cube, level] = [index - 16, (step: number) => (step ? 55 + step * 40 : 0)];
    const [red, green, blue] = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6];
    return `rgb(${level(red)}, ${level(green)}, ${level(blue)})`;
}
