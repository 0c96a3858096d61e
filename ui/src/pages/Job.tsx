import { Link } from "@inertiajs/react";
import { useState } from "react";

import type { JobStepDescription, Pages } from "@/contract";
import { RunJobForm } from "@/jobs/RunJobForm";
import { Systems } from "@/jobs/Systems";
import { Layout } from "@/layout/Layout";
import { Card } from "@/parts/Card";
import { Field } from "@/parts/Field";
import { Select } from "@/parts/Select";
import { duration } from "@/time/format";

const KINDS: Record<JobStepDescription["kind"], string> = {
    command: "checks, then runs a command where needed",
    file: "writes a file",
    assert: "must hold",
};

/** A job: what it does, on which systems, what it wants to know. */
export default function Job({ job, servers }: Pages["Job"]) {
    const [server, setServer] = useState(servers[0]?.id);
    return (
        <Layout
            title={job.title}
            crumbs={[{ name: "Jobs", address: "/jobs" }, { name: job.name }]}
            heading={job.title}
            sub={<p className="max-w-2xl">{job.description}</p>}
        >
            <div className="mt-7 grid items-start gap-[26px] lg:grid-cols-[minmax(0,1fr)_24rem]">
                <div className="grid min-w-0 gap-[26px]">
                    <Card title="Steps" aside={<Systems systems={job.systems} />}>
                        <ol className="px-5 py-2">
                            {job.steps.map((step, at) => (
                                <li
                                    key={step.name}
                                    className="flex gap-3.5 border-line py-3 not-last:border-b"
                                >
                                    <span
                                        aria-hidden
                                        className="grid size-[26px] flex-none place-items-center rounded-full bg-wash text-[12px] font-[600] text-faint tabular"
                                    >
                                        {at + 1}
                                    </span>
                                    <div className="min-w-0 text-sm">
                                        <p className="leading-[26px] font-[550] breaking">
                                            {step.title}
                                        </p>
                                        <p className="text-[13px] breaking text-faint">
                                            {KINDS[step.kind]} · {duration(step.timeout * 1000)} at
                                            most
                                            {step.on_change && (
                                                <>
                                                    {" · if it changed something: "}
                                                    <code className="font-mono text-[12.5px]">
                                                        {step.on_change}
                                                    </code>
                                                </>
                                            )}
                                        </p>
                                    </div>
                                </li>
                            ))}
                        </ol>
                    </Card>
                    <Card title="Parameters">
                        {job.parameters.length === 0 ? (
                            <p className="p-5 text-sm text-soft">It wants to know nothing.</p>
                        ) : (
                            <dl className="px-5 py-2 text-sm">
                                {job.parameters.map((parameter) => (
                                    <div
                                        key={parameter.name}
                                        className="border-line py-3 not-last:border-b"
                                    >
                                        <dt className="flex flex-wrap items-baseline gap-x-2">
                                            <span className="font-[550] breaking">
                                                {parameter.title ?? parameter.name}
                                            </span>
                                            <code className="font-mono text-[12.5px] text-faint">
                                                {parameter.name}
                                            </code>
                                        </dt>
                                        <dd className="mt-0.5 text-[13.5px] breaking text-soft">
                                            {parameter.description}{" "}
                                            <span className="text-faint">
                                                {parameter.choices?.join(", ") ??
                                                    parameter.type.replace("_", " ")}
                                                {parameter.default === null
                                                    ? " · must be given"
                                                    : ` · ${parameter.default || "empty"} if nothing is given`}
                                            </span>
                                        </dd>
                                    </div>
                                ))}
                            </dl>
                        )}
                    </Card>
                </div>
                <Card title="Run it">
                    <div className="grid gap-4 p-5">
                        {server === undefined ? (
                            <p className="text-sm text-soft">
                                <Link
                                    href="/servers/new"
                                    className="text-ink underline underline-offset-3"
                                >
                                    Add a server
                                </Link>{" "}
                                first.
                            </p>
                        ) : (
                            <>
                                <Field label="Server">
                                    {(attributes) => (
                                        <Select
                                            {...attributes}
                                            value={server}
                                            onChange={(event) =>
                                                setServer(Number(event.target.value))
                                            }
                                        >
                                            {servers.map(({ id, name }) => (
                                                <option key={id} value={id}>
                                                    {name}
                                                </option>
                                            ))}
                                        </Select>
                                    )}
                                </Field>
                                <RunJobForm server={server} job={job} />
                            </>
                        )}
                        {job.needs.length > 0 && (
                            <p className="text-[13px] text-faint">
                                Before it runs {job.needs.join(", ")}, in the same run.
                            </p>
                        )}
                    </div>
                </Card>
            </div>
        </Layout>
    );
}
