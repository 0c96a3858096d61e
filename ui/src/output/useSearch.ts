import { useDeferredValue, useMemo, useState } from "react";

import { plain } from "./ansi";
import type { Line } from "./Lines";

/** A search in the lines that are kept: where it was found, and where a person is among the finds. */
export function useSearch(lines: Line[]) {
    const [query, setQuery] = useState("");
    const [at, setAt] = useState(0);
    const wanted = useDeferredValue(query.trim().toLowerCase());
    const found = useMemo(() => {
        const indexes: number[] = [];
        if (wanted === "") return indexes;
        lines.forEach((line, index) => {
            if (plain(line.text).toLowerCase().includes(wanted)) indexes.push(index);
        });
        return indexes;
    }, [lines, wanted]);
    const position = found.length === 0 ? 0 : at % found.length;
    return {
        query,
        wanted,
        search: (text: string) => {
            setQuery(text);
            setAt(0);
        },
        count: found.length,
        position,
        /** The index of the line that a person is at. */
        line: found[position],
        /** To the next find, or the one before; gives its line. */
        step: (by: 1 | -1) => {
            if (found.length === 0) return undefined;
            const next = (position + by + found.length) % found.length;
            setAt(next);
            return found[next];
        },
    };
}
