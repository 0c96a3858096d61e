/** What a person chose from the catalog, and what has to be known for it. */
import type { Job, Parameter } from "@/contract";

/** These jobs with those that they need, each once, in the order of the catalog. */
export function withNeeds(jobs: Job[], chosen: string[]): Job[] {
    const wanted = new Set<string>();
    const add = (name: string) => {
        if (wanted.has(name)) return;
        wanted.add(name);
        jobs.find((job) => job.name === name)?.needs.forEach(add);
    };
    chosen.forEach(add);
    return jobs.filter(({ name }) => wanted.has(name));
}

/** What these jobs want to know: jobs of one run share a parameter of the same name. */
export function parametersOf(jobs: Job[], chosen: string[]): Parameter[] {
    const found = new Map<string, Parameter>();
    for (const job of withNeeds(jobs, chosen)) {
        for (const parameter of job.parameters) {
            if (!found.has(parameter.name)) found.set(parameter.name, parameter);
        }
    }
    return [...found.values()];
}

/** The values to send: what was entered, else the default; what is empty without one is left out. */
export function valuesFor(
    parameters: Parameter[],
    entered: Record<string, string>,
): Record<string, string> {
    return Object.fromEntries(
        parameters.flatMap((parameter) => {
            const value = valueOf(parameter, entered);
            return value === "" && parameter.type !== "string" ? [] : [[parameter.name, value]];
        }),
    );
}

/** What the field shows. */
export const valueOf = (parameter: Parameter, entered: Record<string, string>) =>
    entered[parameter.name] ?? parameter.default ?? (parameter.type === "boolean" ? "false" : "");
