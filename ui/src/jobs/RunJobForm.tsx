import { useForm } from "@inertiajs/react";

import type { AskRun, Job } from "@/contract";
import { Button } from "@/parts/Button";
import { useErrors } from "@/parts/useErrors";

import { parametersOf, valueOf, valuesFor } from "./choose";
import { ParameterField } from "./ParameterField";

interface Props {
    server: number;
    job: Job;
}

/** Asks for a run of a job, with a form made from the job's parameters. */
export function RunJobForm({ server, job }: Props) {
    const form = useForm<AskRun>({ jobs: [job.name], parameters: {}, untested_system: false });
    const errors = useErrors(form.errors);
    const parameters = parametersOf([job], [job.name]);
    form.transform((data) => ({ ...data, parameters: valuesFor(parameters, data.parameters) }));
    const problem = errors.jobs ?? errors.untested_system;
    return (
        <form
            className="grid gap-4"
            onSubmit={(event) => {
                event.preventDefault();
                form.post(`/servers/${server}/runs`, { preserveScroll: true });
            }}
        >
            {parameters.map((parameter) => (
                <ParameterField
                    key={parameter.name}
                    parameter={parameter}
                    value={valueOf(parameter, form.data.parameters)}
                    error={errors[`parameters.${parameter.name}`]}
                    onChange={(value) =>
                        form.setData("parameters", {
                            ...form.data.parameters,
                            [parameter.name]: value,
                        })
                    }
                />
            ))}
            {problem && (
                <div className="text-sm">
                    <p className="breaking text-stop">{problem}</p>
                    <label className="mt-2 flex items-center gap-2.5">
                        <input
                            type="checkbox"
                            className="size-4 accent-signal"
                            checked={form.data.untested_system}
                            onChange={(event) =>
                                form.setData("untested_system", event.target.checked)
                            }
                        />
                        Try it on a system that it was not tested on
                    </label>
                </div>
            )}
            <div>
                <Button type="submit" kind="main" busy={form.processing}>
                    Run it
                </Button>
            </div>
        </form>
    );
}
