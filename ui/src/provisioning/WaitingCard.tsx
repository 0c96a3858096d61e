import type { ReactNode } from "react";

import { Spinner } from "@/parts/Spinner";

/** Stands where the output will be, while there is none. */
export function WaitingCard({ title, children }: { title: string; children: ReactNode }) {
    return (
        <section
            aria-label={title}
            className="grid min-h-64 place-items-center rounded-card border border-line bg-term p-8 text-center text-term-ink shadow-card"
        >
            <div className="max-w-sm">
                <Spinner className="mx-auto mb-4 size-6 text-[#ff8d57]" />
                <h2 className="font-[550]">{title}</h2>
                <div className="mt-1.5 text-sm breaking text-term-soft">{children}</div>
            </div>
        </section>
    );
}
