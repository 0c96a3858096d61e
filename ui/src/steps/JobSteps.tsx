import type { JobStep } from "@/contract";
import { Elapsed } from "@/time/Elapsed";

import { StatusIcon } from "./StatusIcon";

interface Props {
    steps: JobStep[];
    /** The one whose output is shown. */
    shown: number | undefined;
    onShow: (step: JobStep) => void;
}

const TEXT: Record<JobStep["status"], string> = {
    pending: "text-faint",
    installing: "text-ink font-[550]",
    completed: "text-soft",
    failed: "text-stop font-[550]",
};

/** The steps of a job, inside a step of the provisioning; each shows its output. */
export function JobSteps({ steps, shown, onShow }: Props) {
    return (
        <ul className="grid text-[13.5px]">
            {steps.map((step) => {
                const inside = (
                    <>
                        <StatusIcon status={step.status} unchanged={step.changed === false} />
                        <span className={`min-w-0 breaking ${TEXT[step.status]}`}>
                            {step.title}
                        </span>
                        <span className="ml-auto pl-2 text-[12.5px] whitespace-nowrap text-faint tabular">
                            {step.changed === false ? "in place" : <Elapsed {...step} />}
                        </span>
                    </>
                );
                const look =
                    "-mx-2 flex min-h-8 items-center gap-2.5 rounded-lg px-2 py-0.5 text-left";
                return (
                    <li key={step.name} className="grid">
                        {step.status === "pending" ? (
                            <div className={look}>{inside}</div>
                        ) : (
                            <button
                                type="button"
                                aria-pressed={step.number === shown}
                                title="Show its output"
                                onClick={() => onShow(step)}
                                className={`${look} hover:bg-wash aria-pressed:bg-wash`}
                            >
                                {inside}
                            </button>
                        )}
                    </li>
                );
            })}
        </ul>
    );
}
