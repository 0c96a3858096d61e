/** Where a provisioning stands, as its page tells it. */
import type { JobStep, ProvisionStep, Status } from "@/contract";

export type StepStatus = Exclude<Status, "cancelled">;

/** A step's status as a word. */
export function statusOf({ status }: ProvisionStep): StepStatus {
    if (status.isFailed) return "failed";
    if (status.isCompleted) return "completed";
    return status.isInstalling ? "installing" : "pending";
}

/** How much is done, from 0 to 1: a job counts by its steps. */
export function progress(steps: ProvisionStep[]): number {
    const parts = steps.map((step) => {
        if (step.status.isCompleted) return 1;
        if (step.steps.length === 0) return 0;
        return step.steps.filter(({ status }) => status === "completed").length / step.steps.length;
    });
    return parts.length === 0 ? 0 : parts.reduce((sum, part) => sum + part, 0) / parts.length;
}

/** The step that is at work, or failed. */
export function currentStep(steps: ProvisionStep[]): ProvisionStep | undefined {
    return steps.find(({ status }) => status.isInstalling || status.isFailed);
}

/** The number that people see of a step: its place, from 1. */
export const numberOf = (steps: ProvisionStep[], step: ProvisionStep | undefined) =>
    step ? steps.indexOf(step) + 1 : 0;

/** The step whose output a person wants to see: at work, failed, or else the last that was. */
export function outputStep(steps: ProvisionStep[]): JobStep | undefined {
    const all = steps.flatMap((step) => step.steps);
    return (
        all.find(({ status }) => status === "installing") ??
        all.find(({ status }) => status === "failed") ??
        all.findLast(({ status }) => status === "completed")
    );
}

/** When the provisioning began, and when it ended, if it has. */
export function span(steps: ProvisionStep[]): {
    started_at: string | null;
    finished_at: string | null;
} {
    const started_at = steps.find((step) => step.started_at)?.started_at ?? null;
    const over = !steps.some(({ status }) => status.isPending || status.isInstalling);
    const failed = steps.find(({ status }) => status.isFailed);
    const last = failed ?? (over ? steps.at(-1) : undefined);
    return { started_at, finished_at: last?.finished_at ?? null };
}

/** What a screen reader says: only when it changes, so not with each second or step inside. */
export function spoken(steps: ProvisionStep[]): string {
    const current = currentStep(steps);
    const number = numberOf(steps, current);
    if (current?.status.isFailed) return `Step ${number}, ${current.name}, failed.`;
    if (current) return `Step ${number} of ${steps.length}: ${current.name}.`;
    return steps.length > 0 && steps.every(({ status }) => status.isCompleted)
        ? "All steps are completed."
        : "";
}
