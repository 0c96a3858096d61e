import { Link } from "@inertiajs/react";
import type { ReactNode } from "react";

import { buttonLook, type ButtonKind } from "./buttonLook";

interface Props {
    href: string;
    kind?: ButtonKind;
    className?: string;
    children: ReactNode;
}

/** A link that looks like a button. */
export function ButtonLink({ href, kind, className = "", children }: Props) {
    return (
        <Link href={href} className={`${buttonLook(kind)} ${className}`}>
            {children}
        </Link>
    );
}
