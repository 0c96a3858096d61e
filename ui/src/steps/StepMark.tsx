import { Icon } from "@/parts/Icon";

import type { StepStatus } from "./progress";

const LOOK: Record<StepStatus, string> = {
    pending: "border-line bg-card text-faint",
    installing: "border-signal bg-card text-signal-ink animate-ring",
    completed: "border-go bg-go text-on-go",
    failed: "border-stop bg-stop text-on-stop",
};

/** A step's number on the line, or what became of it. */
export function StepMark({ number, status }: { number: number; status: StepStatus }) {
    return (
        <span
            aria-hidden
            className={`z-1 grid size-[26px] place-items-center rounded-full border-2 text-[12px] font-[600] tabular ${LOOK[status]}`}
        >
            {status === "completed" ? (
                <Icon name="check" className="size-3.5 stroke-[2.4]" />
            ) : status === "failed" ? (
                <Icon name="close" className="size-3.5 stroke-[2.4]" />
            ) : (
                number
            )}
        </span>
    );
}
