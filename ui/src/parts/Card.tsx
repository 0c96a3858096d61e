import type { ReactNode } from "react";

interface Props {
    /** Its heading. */
    title?: string;
    /** What stands at the heading's right. */
    aside?: ReactNode;
    label?: string;
    className?: string;
    children: ReactNode;
}

/** A part of a page, on a sheet of its own. */
export function Card({ title, aside, label, className = "", children }: Props) {
    return (
        <section
            aria-label={label ?? title}
            className={`min-w-0 rounded-card border border-line bg-card shadow-card ${className}`}
        >
            {title && (
                <div className="flex min-h-14 flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-5 py-2">
                    <h2 className="font-[600] tracking-[-0.01em]">{title}</h2>
                    {aside && <div className="ml-auto text-sm text-soft">{aside}</div>}
                </div>
            )}
            {children}
        </section>
    );
}
