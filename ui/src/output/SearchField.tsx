import { Icon } from "@/parts/Icon";
import { plural } from "@/time/format";

import { TermButton } from "./TermButton";
import type { useSearch } from "./useSearch";

interface Props {
    search: ReturnType<typeof useSearch>;
    onStep: (by: 1 | -1) => void;
    onClose: () => void;
}

/** Searches in the output: Enter goes on, Shift+Enter back, Escape ends it. */
export function SearchField({ search, onStep, onClose }: Props) {
    const { query, count, position } = search;
    return (
        <div className="flex items-center gap-2 border-b border-term-line py-1 pr-2 pl-4 text-[13px]">
            <input
                type="search"
                autoFocus
                value={query}
                placeholder="Search in the output"
                aria-label="Search in the output"
                className="min-w-0 flex-1 bg-transparent py-2 font-mono outline-none placeholder:text-term-soft [&::-webkit-search-cancel-button]:hidden"
                onChange={(event) => search.search(event.target.value)}
                onKeyDown={(event) => {
                    if (event.key === "Enter") onStep(event.shiftKey ? -1 : 1);
                    if (event.key === "Escape") onClose();
                }}
            />
            <span role="status" className="whitespace-nowrap text-term-soft tabular">
                {query && (count ? `${position + 1} of ${plural(count, "line")}` : "Nothing found")}
            </span>
            <div className="flex">
                <TermButton title="The find before" onClick={() => onStep(-1)}>
                    <Icon name="up" /> <span className="sr-only">The find before</span>
                </TermButton>
                <TermButton title="The next find" onClick={() => onStep(1)}>
                    <Icon name="down" /> <span className="sr-only">The next find</span>
                </TermButton>
                <TermButton title="End the search" onClick={onClose}>
                    <Icon name="close" /> <span className="sr-only">End the search</span>
                </TermButton>
            </div>
        </div>
    );
}
