import { useId, useState } from "react";

import type { JobStep, ProvisionStep } from "@/contract";
import { Icon } from "@/parts/Icon";
import { STATUS } from "@/parts/status";
import { Elapsed } from "@/time/Elapsed";

import { JobSteps } from "./JobSteps";
import { statusOf, type StepStatus } from "./progress";
import { StepMark } from "./StepMark";

interface Props {
    step: ProvisionStep;
    /** Its place on the line, from 1. */
    number: number;
    /** The number of the job's step whose output is shown. */
    shown: number | undefined;
    onShow: (step: JobStep) => void;
}

/** The line that leads to the next step. */
const LINE: Record<StepStatus, string> = {
    pending: "before:bg-line",
    completed: "before:bg-go",
    failed: "before:bg-line",
    installing:
        "before:bg-[repeating-linear-gradient(180deg,var(--signal)_0_6px,transparent_6px_11px)]",
};

const NAME: Record<StepStatus, string> = {
    pending: "text-faint",
    installing: "font-[550]",
    completed: "font-[550]",
    failed: "font-[550] text-stop",
};

/** A step of the provisioning, on the line of steps. */
export function ProvisionStepItem({ step, number, shown, onShow }: Props) {
    const status = statusOf(step);
    const inside = useId();
    // What a person opened or closed stays so; else what is at work or failed is open.
    const [chosen, setChosen] = useState<boolean | null>(null);
    const open = chosen ?? (status === "installing" || status === "failed");
    const name = (
        <span className={`min-w-0 leading-[22px] breaking ${NAME[status]}`}>
            <span className="sr-only">{STATUS[status].label}: </span>
            {step.name}
        </span>
    );
    return (
        <li
            aria-current={status === "installing" ? "step" : undefined}
            className={`relative grid grid-cols-[26px_1fr_auto] gap-x-[13px] pb-5 before:absolute before:top-[26px] before:bottom-0 before:left-3 before:w-0.5 last:before:hidden ${LINE[status]}`}
        >
            <StepMark number={number} status={status} />
            {step.steps.length > 0 ? (
                <button
                    type="button"
                    aria-expanded={open}
                    aria-controls={inside}
                    onClick={() => setChosen(!open)}
                    className="group -my-0.5 flex min-h-[30px] min-w-0 items-center gap-1.5 rounded-md text-left"
                >
                    {name}
                    <Icon
                        name="right"
                        className={`size-3.5 text-faint transition-transform group-hover:text-ink ${open ? "rotate-90" : ""}`}
                    />
                </button>
            ) : (
                <span className="flex min-h-[26px] min-w-0 items-center">{name}</span>
            )}
            <span className="text-[13px] leading-[26px] whitespace-nowrap text-faint tabular">
                <Elapsed {...step} />
            </span>
            <div className="col-span-2 col-start-2 min-w-0">
                {status === "installing" && step.steps.length === 0 && (
                    <p className="mt-0.5 text-[13.5px] text-soft">{step.description}</p>
                )}
                {step.steps.length > 0 && (
                    <div id={inside} hidden={!open} className="pt-1.5">
                        <JobSteps steps={step.steps} shown={shown} onShow={onShow} />
                    </div>
                )}
                {step.error && (
                    <p className="mt-1.5 text-[13.5px] breaking text-stop">{step.error.message}</p>
                )}
            </div>
        </li>
    );
}
