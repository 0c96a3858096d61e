import { useId, type ReactNode } from "react";

export interface FieldAttributes {
    id: string;
    "aria-invalid": boolean;
    "aria-describedby": string | undefined;
    className: string;
}

interface Props {
    label: string;
    /** What it is for, below. */
    hint?: ReactNode;
    /** What is wrong with it. */
    error?: string | undefined;
    /** It may stay empty. */
    optional?: boolean;
    className?: string;
    children: (attributes: FieldAttributes) => ReactNode;
}

export const INPUT =
    "w-full rounded-[10px] border bg-card px-3 py-2 text-[15px] leading-[22px] text-ink placeholder:text-faint border-edge/70 hover:border-edge aria-invalid:border-stop disabled:opacity-60";

/** A field of a form, with its name, and what is wrong with it. */
export function Field({ label, hint, error, optional, className = "", children }: Props) {
    const id = useId();
    const described = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(" ");
    return (
        <div className={`min-w-0 ${className}`}>
            <label htmlFor={id} className="mb-1.5 block text-sm font-[550]">
                {label}
                {optional && <span className="font-normal text-faint"> · optional</span>}
            </label>
            {children({
                id,
                "aria-invalid": Boolean(error),
                "aria-describedby": described || undefined,
                className: INPUT,
            })}
            {error && (
                <p id={`${id}-error`} className="mt-1.5 text-sm breaking text-stop">
                    {error}
                </p>
            )}
            {hint && (
                <p id={`${id}-hint`} className="mt-1.5 text-[13px] text-faint">
                    {hint}
                </p>
            )}
        </div>
    );
}
