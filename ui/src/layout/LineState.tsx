import { useLine } from "@/realtime/useLine";

import { useShared } from "./useShared";

interface Props {
    /** The line is fine, but what it tells of can't be fetched. */
    failing?: boolean;
}

/** Whether the page shows what is true now. */
export function LineState(props: Props) {
    // Who is not signed in has no line.
    return useShared().gateway ? <State {...props} /> : null;
}

function State({ failing = false }: Props) {
    const line = useLine();
    const { text, look } = failing
        ? { text: "Can’t fetch, trying again", look: "text-busy" }
        : line === "live"
          ? { text: "Live", look: "text-go" }
          : line === "opening"
            ? { text: "Connecting", look: "text-faint" }
            : { text: "Line is down, trying again", look: "text-busy" };
    const isLive = text === "Live";
    return (
        <span
            role="status"
            title={isLive ? "Changes are shown as they happen" : "What you see may be out of date"}
            className={`inline-flex items-center gap-2 px-1 text-[13px] font-[550] whitespace-nowrap ${look}`}
        >
            <span
                aria-hidden
                className={`size-[7px] rounded-full bg-current ${isLive ? "ring-4 ring-go-wash" : ""}`}
            />
            {text}
        </span>
    );
}
