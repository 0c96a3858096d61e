/** The lines of an output that grows: the newest are kept, up to a limit. */
import { clean, plain, styleAfter } from "./ansi";

/** A line as it is shown. */
export interface Line {
    /** Counts up and never changes: selection and position hang on it. */
    key: number;
    /** Without what only a terminal understands, but for styles. */
    text: string;
    /** The codes of style in force where it begins. */
    style: string;
}

/** A longer line is cut in two: nobody reads it, and a row must stay small. */
const LONGEST = 4000;

export class Lines {
    /** The whole lines; the last one may still grow. */
    all: Line[] = [];
    private rest = "";
    private restShown = false;
    private style = "";
    private next = 1;
    private size = 0;

    /** @param limit so many characters are kept at least; at twice as many, the oldest go. */
    constructor(private readonly limit: number) {}

    /** So many characters at the beginning went. */
    dropped = 0;

    /** Adds text, which may end inside a line. */
    push(text: string) {
        // A new array for each change, for whoever compares.
        const all = this.restShown ? this.all.slice(0, -1) : this.all.slice();
        const parts = (this.rest + text).split("\n");
        let rest = parts.pop() ?? "";
        for (const part of parts) this.add(all, part);
        while (rest.length > LONGEST) {
            this.add(all, rest.slice(0, LONGEST));
            rest = rest.slice(LONGEST);
        }
        this.rest = rest;
        this.restShown = rest !== "";
        if (this.restShown) all.push(this.line(rest, this.next));
        this.all = this.size > 2 * this.limit ? this.trim(all) : all;
    }

    private add(all: Line[], whole: string) {
        for (let from = 0; from === 0 || from < whole.length; from += LONGEST) {
            const line = this.line(whole.slice(from, from + LONGEST), this.next++);
            this.style = styleAfter(line.text, this.style);
            this.size += line.text.length + 1;
            all.push(line);
        }
    }

    private line(raw: string, key: number): Line {
        return { key, text: clean(raw), style: this.style };
    }

    private trim(all: Line[]): Line[] {
        let from = 0;
        while (this.size > this.limit && from < all.length - 1) {
            const length = (all[from]?.text.length ?? 0) + 1;
            this.size -= length;
            this.dropped += length;
            from++;
        }
        return all.slice(from);
    }

    /** All that is kept, as plain text. */
    text(): string {
        return this.all.map((line) => plain(line.text)).join("\n");
    }
}
