interface Props {
    /** From 0 to 1. */
    done: number;
    failed: boolean;
    label: string;
}

/** How far it is. */
export function ProgressBar({ done, failed, label }: Props) {
    const percent = Math.round(done * 100);
    const colour = failed
        ? "bg-stop"
        : done === 1
          ? "bg-go"
          : "from-signal bg-linear-to-r to-[#ff9a4d]";
    return (
        <div
            role="progressbar"
            aria-label={label}
            aria-valuenow={percent}
            aria-valuemin={0}
            aria-valuemax={100}
            className="h-1 overflow-hidden rounded-full bg-line"
        >
            <div
                className={`h-full rounded-full transition-[width] duration-500 motion-reduce:transition-none ${colour}`}
                style={{ width: `${Math.max(percent, 1)}%` }}
            />
        </div>
    );
}
