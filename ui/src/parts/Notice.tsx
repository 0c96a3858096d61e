import type { ReactNode } from "react";

import { Icon, type IconName } from "./Icon";

type Kind = "info" | "busy" | "stop" | "go";

const KINDS: Record<Kind, { look: string; icon: IconName }> = {
    info: { look: "bg-wash text-ink border-line", icon: "info" },
    busy: { look: "bg-busy-wash text-busy border-busy/25", icon: "clock" },
    stop: { look: "bg-stop-wash text-stop border-stop/25", icon: "warning" },
    go: { look: "bg-go-wash text-go border-go/25", icon: "check" },
};

interface Props {
    kind?: Kind;
    title?: ReactNode;
    children?: ReactNode;
    /** What can be done about it. */
    action?: ReactNode;
    className?: string;
}

/** Something that a person should know, beside what they came for. */
export function Notice({ kind = "info", title, children, action, className = "" }: Props) {
    const { look, icon } = KINDS[kind];
    return (
        <div
            className={`flex flex-wrap items-start gap-x-3 gap-y-3 rounded-card border px-4 py-3 text-sm ${look} ${className}`}
        >
            <Icon name={icon} className="mt-0.5" />
            <div className="min-w-0 flex-1 basis-60">
                {title && <p className="font-[600] breaking">{title}</p>}
                {children && (
                    <div className={`breaking ${title ? "mt-0.5 text-ink" : "text-ink"}`}>
                        {children}
                    </div>
                )}
            </div>
            {action}
        </div>
    );
}
