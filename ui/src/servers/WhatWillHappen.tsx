import type { Job } from "@/contract";

import type { WayInName } from "./WayIn";

/** The steps that make the connection: by whom, for each way in. */
const CONNECTION: Record<WayInName, [name: string, how: string][]> = {
    script: [
        ["Waiting for connection", "You run the line on it"],
        ["Preparing server", "The line does it"],
        ["Checking status", "The line does it"],
        ["Checking connectivity", "A worker logs in"],
    ],
    login: [
        ["Waiting for connection", "You confirm the host key"],
        ["Preparing server", "A worker logs in and does it"],
        ["Checking status", "By the worker"],
        ["Checking connectivity", "A worker logs in again"],
    ],
    api: [
        ["Waiting for connection", "Your script adds the server"],
        ["Checking connectivity", "A worker logs in"],
    ],
};

/** The line of steps that this form will lead to. */
export function WhatWillHappen({ way, jobs }: { way: WayInName; jobs: Job[] }) {
    const steps = [
        ...CONNECTION[way],
        ...(way === "api" ? [] : jobs.map((job) => [`Install ${job.title}`, "A worker does it"])),
    ];
    return (
        <aside aria-label="What will happen" className="px-1 lg:sticky lg:top-6 lg:pt-5">
            <h2 className="mb-4 font-[600] tracking-[-0.01em]">What will happen</h2>
            <ol>
                {steps.map(([name, how], at) => (
                    <li
                        key={name}
                        className="relative grid grid-cols-[26px_1fr] gap-x-[13px] pb-4 before:absolute before:top-[26px] before:bottom-0 before:left-3 before:w-0.5 before:bg-line last:before:hidden"
                    >
                        <span
                            aria-hidden
                            className="grid size-[26px] place-items-center rounded-full border-2 border-line bg-card text-[12px] font-[600] text-faint tabular"
                        >
                            {at + 1}
                        </span>
                        <span className="min-w-0 text-sm">
                            <span className="block leading-[26px] font-[550] breaking">{name}</span>
                            <span className="block text-[13px] text-faint">{how}</span>
                        </span>
                    </li>
                ))}
            </ol>
        </aside>
    );
}
