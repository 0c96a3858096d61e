import { useState } from "react";

import type { Job } from "@/contract";
import { RunJobForm } from "@/jobs/RunJobForm";
import { Card } from "@/parts/Card";
import { Field } from "@/parts/Field";
import { Select } from "@/parts/Select";

interface Props {
    server: number;
    jobs: Job[];
}

/** Runs a job from the catalog on this server. */
export function RunAnother({ server, jobs }: Props) {
    const [name, setName] = useState(jobs[0]?.name ?? "");
    const job = jobs.find((job) => job.name === name);
    return (
        <Card title="Run a job">
            <div className="grid gap-4 p-5">
                <Field label="Job" hint={job?.description ?? undefined}>
                    {(attributes) => (
                        <Select
                            {...attributes}
                            value={name}
                            onChange={(event) => setName(event.target.value)}
                        >
                            {jobs.map((job) => (
                                <option key={job.name} value={job.name}>
                                    {job.title}
                                </option>
                            ))}
                        </Select>
                    )}
                </Field>
                {job && <RunJobForm key={job.name} server={server} job={job} />}
            </div>
        </Card>
    );
}
