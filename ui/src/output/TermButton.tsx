import type { ReactNode, Ref } from "react";

interface Props {
    children: ReactNode;
    title?: string;
    pressed?: boolean;
    onClick?: () => void;
    /** A link instead. */
    href?: string;
    ref?: Ref<HTMLButtonElement>;
}

/** A button on the terminal's bar. */
export function TermButton({ children, title, pressed, onClick, href, ref }: Props) {
    const look = `inline-flex h-9 items-center gap-1.5 rounded-lg px-2.5 transition-colors hover:bg-term-line hover:text-term-ink ${
        pressed ? "bg-term-line text-term-ink" : "text-term-soft"
    }`;
    if (href) {
        return (
            <a href={href} title={title} className={look} download>
                {children}
            </a>
        );
    }
    return (
        <button
            ref={ref}
            type="button"
            title={title}
            aria-pressed={pressed}
            onClick={onClick}
            className={look}
        >
            {children}
        </button>
    );
}
