import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, type Ref } from "react";

import type { Line } from "./Lines";
import { OutputLine } from "./OutputLine";

/** What others have the list do. */
export interface ListHandle {
    show: (line: number) => void;
}

interface Props {
    lines: Line[];
    label: string;
    following: boolean;
    onFollow: (following: boolean) => void;
    live: boolean;
    /** Whether the end is shown first: where something failed. */
    fromEnd: boolean;
    query: string;
    /** The line that the search is at. */
    current: number | undefined;
    /** What is said instead, where there are no lines. */
    empty: string;
    ref: Ref<ListHandle>;
}

const ROW = 21.5;

/**
 * The lines, of which only those that are seen are in the document. Scrolling up, or selecting,
 * stops following, so that nothing moves under a person's eyes; scrolling to the end takes
 * it up again.
 */
export function OutputList(props: Props) {
    const { lines, label, following, onFollow, live, fromEnd, query, current, empty, ref } = props;
    const scroller = useRef<HTMLDivElement>(null);
    // eslint-disable-next-line react-hooks/incompatible-library -- its results stay in here
    const virtual = useVirtualizer({
        count: lines.length,
        getScrollElement: () => scroller.current,
        estimateSize: () => ROW,
        getItemKey: (index) => lines[index]?.key ?? index,
        overscan: 20,
        paddingStart: 14,
        paddingEnd: 14,
    });
    const last = lines.length - 1;
    const size = virtual.getTotalSize();

    useImperativeHandle(ref, () => ({
        show: (line) => virtual.scrollToIndex(line, { align: "center" }),
    }));
    useLayoutEffect(() => {
        const box = scroller.current;
        // Not by the virtualizer, which would correct it for some frames, against a person's wheel.
        if (following && box) box.scrollTop = box.scrollHeight;
    }, [following, lines, size]);
    const begun = useRef(false);
    useLayoutEffect(() => {
        if (begun.current || last < 0) return;
        begun.current = true;
        if (fromEnd) virtual.scrollToIndex(last, { align: "end" });
    }, [fromEnd, last, virtual]);
    useEffect(() => {
        if (current !== undefined && query) virtual.scrollToIndex(current, { align: "auto" });
        // Only a new query goes there by itself.
        // eslint-disable-next-line react-hooks/exhaustive-deps
    }, [query]);

    useEffect(() => {
        if (!following) return;
        const onSelect = () => isSelecting(scroller.current) && onFollow(false);
        document.addEventListener("selectionchange", onSelect);
        return () => document.removeEventListener("selectionchange", onSelect);
    }, [following, onFollow]);

    // Only what a person does counts as scrolling: content that grows scrolls, too.
    const byHand = useRef(false);
    const handle = () => void (byHand.current = true);
    const onScroll = () => {
        const box = scroller.current;
        if (!box || !byHand.current) return;
        const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 2 * ROW;
        if (!atEnd && following) onFollow(false);
        if (atEnd && live && !following && !isSelecting(box)) onFollow(true);
    };

    return (
        <div
            ref={scroller}
            role="log"
            aria-live="off"
            aria-label={label}
            tabIndex={0}
            onScroll={onScroll}
            onWheel={handle}
            onTouchMove={handle}
            onPointerDown={handle}
            onKeyDown={handle}
            className="min-h-40 flex-1 [scrollbar-color:#ffffff30_transparent] overflow-y-auto overscroll-contain font-mono text-[12.5px] leading-[1.72] outline-offset-[-2px] [overflow-anchor:none]"
        >
            {lines.length === 0 ? (
                <p className="p-4 text-term-soft">{empty}</p>
            ) : (
                <div className="relative" style={{ height: size }}>
                    {virtual.getVirtualItems().map(({ key, index, start }) => {
                        const line = lines[index];
                        return (
                            line && (
                                <div
                                    key={key}
                                    ref={virtual.measureElement}
                                    data-index={index}
                                    style={{ transform: `translateY(${start}px)` }}
                                    className={`absolute inset-x-0 top-0 px-4 break-words whitespace-pre-wrap ${
                                        index === current ? "bg-term-line" : ""
                                    }`}
                                >
                                    <OutputLine
                                        line={line}
                                        query={query}
                                        current={index === current}
                                    />
                                    {live && following && index === last && <Cursor />}
                                </div>
                            )
                        );
                    })}
                </div>
            )}
        </div>
    );
}

/** Shows that more may come. */
function Cursor() {
    return (
        <span
            aria-hidden
            className="ml-0.5 inline-block h-[15px] w-[7px] animate-blink bg-[#ff8d57] align-[-3px]"
        />
    );
}

/** Whether a person has selected something in here: then nothing may move away. */
function isSelecting(box: HTMLElement | null): boolean {
    const selection = document.getSelection();
    return Boolean(selection && !selection.isCollapsed && box?.contains(selection.anchorNode));
}
