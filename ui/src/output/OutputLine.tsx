import { memo, type ReactNode } from "react";

import { pieces } from "./ansi";
import type { Line } from "./Lines";

interface Props {
    line: Line;
    /** What is searched for, in lower case; empty: nothing. */
    query: string;
    /** Whether it is the find that a person is at. */
    current: boolean;
}

/** A line of output, with colours and finds. */
export const OutputLine = memo(function OutputLine({ line, query, current }: Props) {
    const shown = pieces(line.text, line.style);
    if (shown.length === 0) return <>{"\u200b"}</>;
    return shown.map(({ text, className, color }, at) => (
        <span key={at} className={className || undefined} style={color ? { color } : undefined}>
            {query ? marked(text, query, current) : text}
        </span>
    ));
});

function marked(text: string, query: string, current: boolean): ReactNode {
    const [lower, found]: [string, ReactNode[]] = [text.toLowerCase(), []];
    let from = 0;
    for (let at = lower.indexOf(query); at >= 0; at = lower.indexOf(query, from)) {
        found.push(text.slice(from, at));
        from = at + query.length;
        const colour = current ? "bg-[#ff8d57] text-[#14161b]" : "bg-[#f2b14a59] text-[#fff]";
        found.push(
            <mark key={at} className={`rounded-[2px] ${colour}`}>
                {text.slice(at, from)}
            </mark>,
        );
    }
    return [...found, text.slice(from)];
}
