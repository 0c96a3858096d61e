import type { ReactNode } from "react";

export interface Fact {
    name: string;
    value: ReactNode;
    /** Set in the font of terminals. */
    mono?: boolean;
}

/** What is known of a thing, side by side. Those with no value are left out. */
export function Facts({ facts, label }: { facts: Fact[]; label: string }) {
    const known = facts.filter(({ value }) => value !== null && value !== "");
    if (known.length === 0) return null;
    return (
        <section
            aria-label={label}
            className="overflow-hidden rounded-card border border-line bg-card shadow-card"
        >
            <dl className="-mt-px -ml-px grid grid-cols-[repeat(auto-fit,minmax(min(100%/2,10rem),1fr))]">
                {known.map(({ name, value, mono }) => (
                    <div
                        key={name}
                        className="min-w-0 border-t border-l border-line px-[18px] py-[15px]"
                    >
                        <dt className="text-[12.5px] text-faint">{name}</dt>
                        <dd
                            className={`mt-0.5 text-sm font-[550] breaking ${mono ? "font-mono text-[13px]" : ""}`}
                        >
                            {value}
                        </dd>
                    </div>
                ))}
            </dl>
        </section>
    );
}
