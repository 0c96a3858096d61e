import type { JobStep, ProvisionStep } from "@/contract";

import { ProvisionStepItem } from "./ProvisionStepItem";
import { spoken } from "./progress";

interface Props {
    steps: ProvisionStep[];
    shown: number | undefined;
    onShow: (step: JobStep) => void;
}

/** The line of steps. */
export function ProvisionSteps({ steps, shown, onShow }: Props) {
    return (
        <section aria-label="Steps" className="rounded-card border border-line bg-card shadow-card">
            <p role="status" className="sr-only">
                {spoken(steps)}
            </p>
            <ol className="px-5 pt-5 pb-0.5">
                {steps.map((step, at) => (
                    <ProvisionStepItem
                        key={step.step}
                        step={step}
                        number={at + 1}
                        shown={shown}
                        onShow={onShow}
                    />
                ))}
            </ol>
        </section>
    );
}
