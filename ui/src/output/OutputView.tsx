import { useRef, useState } from "react";

import type { Status } from "@/contract";
import { CopyButton } from "@/parts/CopyButton";
import { Icon } from "@/parts/Icon";
import { bytes } from "@/time/format";

import { downloadAddress } from "./load";
import { OutputList, type ListHandle } from "./OutputList";
import { OutputListener } from "./OutputListener";
import { SearchField } from "./SearchField";
import { TermButton } from "./TermButton";
import { useOutput } from "./useOutput";
import { useSearch } from "./useSearch";

interface Props {
    run: string;
    /** Null: the output of all steps. */
    step: number | null;
    title: string;
    subtitle?: string;
    /** Of the step, or the run: it is listened to while that is not over. */
    status: Status;
    /** Whether the newest is shown as it comes; undefined where nothing comes any more. */
    following: boolean | undefined;
    onFollow: (following: boolean) => void;
    className?: string;
}

/** What a run or a step writes, live: to search, to follow, to copy and to download. */
export function OutputView(props: Props) {
    const { run, step, title, subtitle, status, following, onFollow, className = "" } = props;
    const live = status === "installing" || status === "pending";
    const { output, shown } = useOutput(run, step, status);
    const search = useSearch(shown.lines);
    const [searching, setSearching] = useState(false);
    const list = useRef<ListHandle>(null);
    const opener = useRef<HTMLButtonElement>(null);

    const goTo = (line: number | undefined) => {
        if (line === undefined) return;
        onFollow(false);
        list.current?.show(line);
    };
    const closeSearch = () => {
        search.search("");
        setSearching(false);
        opener.current?.focus();
    };

    return (
        <section
            aria-label={`Output: ${title}`}
            className={`flex min-w-0 flex-col overflow-hidden rounded-card border border-line bg-term text-term-ink shadow-card ${className}`}
        >
            {live && <OutputListener run={run} step={step} output={output} />}
            <div className="flex min-h-12 flex-wrap items-center gap-x-3 gap-y-1 border-b border-term-line py-1.5 pr-2 pl-4 text-[13px]">
                <h2 className="min-w-0 flex-1 truncate font-[550]" title={title}>
                    {title}
                    {subtitle && (
                        <span className="ml-3 font-normal text-term-soft">{subtitle}</span>
                    )}
                </h2>
                <div className="flex items-center">
                    {following !== undefined && (
                        <TermButton pressed={following} onClick={() => onFollow(!following)}>
                            <Icon name="follow" /> <span className="max-sm:sr-only">Follow</span>
                        </TermButton>
                    )}
                    <TermButton
                        ref={opener}
                        pressed={searching}
                        onClick={() => (searching ? closeSearch() : setSearching(true))}
                    >
                        <Icon name="search" /> <span className="max-sm:sr-only">Search</span>
                    </TermButton>
                    <CopyButton text={output.text} what="output" look="term" />
                    <TermButton href={downloadAddress(run, step)} title="Download the whole output">
                        <Icon name="download" /> <span className="sr-only">Download</span>
                    </TermButton>
                </div>
            </div>
            {searching && (
                <SearchField
                    search={search}
                    onStep={(by) => goTo(search.step(by))}
                    onClose={closeSearch}
                />
            )}
            {shown.skipped > 0 && (
                <p className="border-b border-term-line px-4 py-2 text-[13px] text-term-soft">
                    The first {bytes(shown.skipped)} of {bytes(shown.whole)} are not shown.{" "}
                    <a className="text-term-ink underline" href={downloadAddress(run, step)}>
                        Download everything
                    </a>
                </p>
            )}
            <OutputList
                ref={list}
                lines={shown.lines}
                label={`Output of ${title}`}
                following={following ?? false}
                onFollow={onFollow}
                live={live}
                fromEnd={status === "failed"}
                query={search.wanted}
                current={search.line}
                empty={
                    !shown.loaded
                        ? "Fetching the output…"
                        : live
                          ? "Nothing was written yet."
                          : "Nothing was written, or it is so old that it was removed."
                }
            />
            {shown.failing && (
                <p
                    role="status"
                    className="border-t border-term-line px-4 py-2 text-[13px] text-[#f2b14a]"
                >
                    The output can&rsquo;t be fetched just now. Trying again.
                </p>
            )}
        </section>
    );
}
