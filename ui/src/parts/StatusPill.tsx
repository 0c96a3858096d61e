import type { Status } from "@/contract";

import { STATUS } from "./status";

interface Props {
    status: Status;
    /** Instead of the status' own word, as in "Cancelling". */
    label?: string;
}

/** A status, as a word on its colour. */
export function StatusPill({ status, label }: Props) {
    const { pill, label: word } = STATUS[status];
    return (
        <span
            className={`inline-flex items-center gap-1.5 rounded-full py-1 pr-2.5 pl-2 text-[13px] leading-5 font-[550] whitespace-nowrap ${pill}`}
        >
            <span aria-hidden className="size-[7px] rounded-full bg-current" />
            {label ?? word}
        </span>
    );
}
