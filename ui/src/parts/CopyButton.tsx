import { useEffect, useState } from "react";

import { TermButton } from "@/output/TermButton";

import { Button } from "./Button";
import { Icon } from "./Icon";

interface Props {
    /** What is copied; asked for when it is. */
    text: string | (() => string);
    /** As in "the line". */
    what: string;
    look?: "button" | "term";
}

/** Copies a text, and says so. */
export function CopyButton({ text, what, look = "button" }: Props) {
    const [done, setDone] = useState<"copied" | "refused" | null>(null);
    useEffect(() => {
        if (!done) return;
        const timer = setTimeout(() => setDone(null), 2000);
        return () => clearTimeout(timer);
    }, [done]);
    const copy = () => {
        // Over http the browser has no clipboard for us.
        const clipboard = navigator.clipboard as Clipboard | undefined;
        const wanted = typeof text === "string" ? text : text();
        void (clipboard?.writeText(wanted) ?? Promise.reject(new Error("no clipboard"))).then(
            () => setDone("copied"),
            () => setDone(copyOldWay(wanted) ? "copied" : "refused"),
        );
    };
    const label = done === "copied" ? "Copied" : done === "refused" ? "Select it yourself" : "Copy";
    const inside = (
        <>
            <Icon name={done === "copied" ? "check" : "copy"} />
            <span aria-live="polite" className={look === "term" ? "max-sm:sr-only" : ""}>
                {label}
            </span>
            <span className="sr-only"> {what}</span>
        </>
    );
    if (look === "term") return <TermButton onClick={copy}>{inside}</TermButton>;
    return <Button onClick={copy}>{inside}</Button>;
}

/** Without a clipboard: through a field that is selected. */
function copyOldWay(text: string): boolean {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "sr-only";
    document.body.append(field);
    field.select();
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way over http
    const copied = document.execCommand("copy");
    field.remove();
    return copied;
}
