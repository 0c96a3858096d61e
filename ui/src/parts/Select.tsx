import type { ComponentProps } from "react";

import { Icon } from "./Icon";

/** The browser's own choice, which every phone and reader knows, in our look. */
export function Select({ className = "", ...rest }: ComponentProps<"select">) {
    return (
        <div className="relative">
            <select {...rest} className={`${className} appearance-none truncate pr-9`} />
            <Icon
                name="down"
                className="pointer-events-none absolute top-1/2 right-3 -translate-y-1/2 text-soft"
            />
        </div>
    );
}
