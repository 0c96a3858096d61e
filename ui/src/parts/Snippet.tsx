import { CopyButton } from "./CopyButton";

interface Props {
    text: string;
    /** As in "the line". */
    what: string;
}

/** Something to run in a terminal. */
export function Snippet({ text, what }: Props) {
    return (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-1 rounded-xl bg-term py-2.5 pr-2.5 pl-4 text-term-ink">
            <code
                tabIndex={0}
                className="max-h-60 min-w-0 flex-1 basis-56 [scrollbar-color:#ffffff30_transparent] overflow-auto font-mono text-[13px] leading-relaxed break-all whitespace-pre-wrap"
            >
                {text}
            </code>
            <CopyButton text={text} what={what} look="term" />
        </div>
    );
}
