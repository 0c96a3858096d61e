import type { ComponentProps } from "react";

import { buttonLook, type ButtonKind } from "./buttonLook";
import { Spinner } from "./Spinner";

interface Props extends ComponentProps<"button"> {
    kind?: ButtonKind;
    /** It was pressed, and the answer is not there. */
    busy?: boolean;
}

export function Button({ kind, busy, className = "", children, disabled, ...rest }: Props) {
    return (
        <button
            type="button"
            {...rest}
            disabled={disabled ?? busy}
            aria-busy={busy}
            className={`${buttonLook(kind)} ${className}`}
        >
            {busy && <Spinner />}
            {children}
        </button>
    );
}
