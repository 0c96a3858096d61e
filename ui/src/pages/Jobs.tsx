import { Link } from "@inertiajs/react";

import type { Pages } from "@/contract";
import { Systems } from "@/jobs/Systems";
import { Layout } from "@/layout/Layout";
import { Card } from "@/parts/Card";
import { EmptyState } from "@/parts/EmptyState";
import { plural } from "@/time/format";

/** The catalog. */
export default function Jobs({ jobs }: Pages["Jobs"]) {
    return (
        <Layout
            title="Jobs"
            heading="Jobs"
            sub="What can be installed. Each job is a file that you can read, and add to."
        >
            {jobs.length === 0 ? (
                <Card label="Jobs" className="mt-7">
                    <EmptyState icon="code" title="The catalog is empty">
                        Put a job file into the folder that{" "}
                        <code className="font-mono">--jobs</code> names, and it appears here.
                    </EmptyState>
                </Card>
            ) : (
                <ul className="mt-7 grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
                    {jobs.map((job) => (
                        <li
                            key={job.name}
                            className="relative flex min-w-0 flex-col rounded-card border border-line bg-card p-5 shadow-card hover:border-edge"
                        >
                            <h2 className="font-[600] tracking-[-0.01em] breaking">
                                <Link
                                    href={`/jobs/${job.name}`}
                                    className="after:absolute after:inset-0"
                                >
                                    {job.title}
                                </Link>
                            </h2>
                            <p className="font-mono text-[12.5px] breaking text-faint">
                                {job.name}
                            </p>
                            <p className="mt-2.5 mb-5 text-sm breaking text-soft">
                                {job.description}
                            </p>
                            <div className="mt-auto flex flex-wrap items-center gap-x-3 gap-y-2">
                                <Systems systems={job.systems} />
                                <span className="ml-auto text-[13px] text-faint">
                                    {plural(job.steps.length, "step")}
                                </span>
                            </div>
                        </li>
                    ))}
                </ul>
            )}
        </Layout>
    );
}
