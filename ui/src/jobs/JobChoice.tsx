import type { Job } from "@/contract";
import { plural } from "@/time/format";

interface Props {
    jobs: Job[];
    chosen: string[];
    onChoose: (chosen: string[]) => void;
}

/** Chooses jobs from the catalog; those that others need come with them. */
export function JobChoice({ jobs, chosen, onChoose }: Props) {
    const toggle = (name: string) =>
        onChoose(
            chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name],
        );
    return (
        <div className="grid gap-2.5 sm:grid-cols-2">
            {jobs.map((job) => {
                const on = chosen.includes(job.name);
                return (
                    <label
                        key={job.name}
                        className={`flex gap-3 rounded-xl border p-4 has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-signal ${
                            on ? "border-signal bg-signal-wash" : "border-line hover:border-edge"
                        }`}
                    >
                        <input
                            type="checkbox"
                            checked={on}
                            onChange={() => toggle(job.name)}
                            className="mt-0.5 size-4 flex-none accent-signal outline-none"
                        />
                        <span className="min-w-0 text-sm">
                            <span className="block font-[550] breaking">{job.title}</span>
                            <span className="mt-0.5 block text-[13px] breaking text-soft">
                                {job.description ?? plural(job.steps.length, "step")}
                            </span>
                            {job.needs.length > 0 && (
                                <span className="mt-1 block text-[12.5px] text-faint">
                                    with {job.needs.join(", ")}
                                </span>
                            )}
                        </span>
                    </label>
                );
            })}
        </div>
    );
}
