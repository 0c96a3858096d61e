import type { ReactNode } from "react";

import { Icon, type IconName } from "./Icon";

interface Props {
    icon: IconName;
    title: string;
    children: ReactNode;
    action?: ReactNode;
}

/** Nothing is here yet: what would be, and how it comes. */
export function EmptyState({ icon, title, children, action }: Props) {
    return (
        <div className="flex flex-col items-center px-6 py-16 text-center">
            <span className="mb-5 grid size-14 place-items-center rounded-2xl bg-signal-wash text-signal-ink">
                <Icon name={icon} className="size-6" />
            </span>
            <h2 className="text-lg font-[600] tracking-[-0.015em]">{title}</h2>
            <div className="mt-1.5 max-w-md text-soft">{children}</div>
            {action && <div className="mt-6 flex flex-wrap justify-center gap-3">{action}</div>}
        </div>
    );
}
