import type { Run, RunStep } from "@/contract";
import { StatusIcon } from "@/steps/StatusIcon";
import { Elapsed } from "@/time/Elapsed";
import { useNow } from "@/time/useNow";

import { bar, extent } from "./timeline";

interface Props {
    run: Run;
    /** The number of the step whose output is shown; null: of all. */
    shown: number | null;
    onShow: (step: number | null) => void;
}

const COLOUR: Record<RunStep["status"], string> = {
    pending: "",
    installing: "bg-signal",
    completed: "bg-go",
    failed: "bg-stop",
};

/** A run's steps, each with its bar in the run's time; each shows its output. */
export function Timeline({ run, shown, onShow }: Props) {
    const now = useNow(run.status === "installing" ? 1000 : null);
    const whole = extent(run.steps, now);
    return (
        <ol className="p-2.5">
            <li>
                <button
                    type="button"
                    aria-pressed={shown === null}
                    onClick={() => onShow(null)}
                    className="w-full rounded-lg px-2.5 py-2 text-left text-[13.5px] font-[550] text-soft hover:bg-wash aria-pressed:bg-wash aria-pressed:text-ink"
                >
                    Output of all steps
                </button>
            </li>
            {run.steps.map((step) => {
                const place = bar(step, whole, now);
                return (
                    <li
                        key={step.number}
                        aria-current={step.status === "installing" ? "step" : undefined}
                    >
                        <button
                            type="button"
                            aria-pressed={shown === step.number}
                            title={`${step.job}.${step.name}`}
                            disabled={step.status === "pending"}
                            onClick={() => onShow(step.number)}
                            className="w-full rounded-lg px-2.5 py-2 text-left text-[13.5px] hover:enabled:bg-wash aria-pressed:bg-wash"
                        >
                            <span className="flex items-center gap-2.5">
                                <StatusIcon
                                    status={step.status}
                                    unchanged={step.changed === false}
                                />
                                <span
                                    className={`min-w-0 breaking ${
                                        step.status === "pending"
                                            ? "text-faint"
                                            : step.status === "failed"
                                              ? "font-[550] text-stop"
                                              : "text-ink"
                                    }`}
                                >
                                    {step.title}
                                    {step.starts > 1 && (
                                        <span className="text-busy"> · started twice</span>
                                    )}
                                </span>
                                <span className="ml-auto pl-2 text-[12.5px] whitespace-nowrap text-faint tabular">
                                    {step.changed === false && "in place · "}
                                    <Elapsed {...step} />
                                </span>
                            </span>
                            <span
                                aria-hidden
                                className="relative mt-1.5 ml-6 block h-[3px] rounded-full bg-line/70"
                            >
                                {place && (
                                    <span
                                        className={`absolute inset-y-0 rounded-full ${
                                            step.changed === false
                                                ? "bg-faint"
                                                : COLOUR[step.status]
                                        }`}
                                        style={{
                                            left: `${place.from * 100}%`,
                                            width: `${place.length * 100}%`,
                                        }}
                                    />
                                )}
                            </span>
                        </button>
                    </li>
                );
            })}
        </ol>
    );
}
