/** The mark: two wings of a runway. */
export function Brand() {
    return (
        <span className="flex items-center gap-2.5 font-[650] tracking-[-0.01em]">
            <svg viewBox="0 0 24 24" fill="none" aria-hidden className="size-[22px]">
                <path
                    d="M4 20 10 4"
                    stroke="var(--signal)"
                    strokeWidth="3.2"
                    strokeLinecap="round"
                />
                <path
                    d="M20 20 14 4"
                    stroke="currentColor"
                    strokeWidth="3.2"
                    strokeLinecap="round"
                />
            </svg>
            Groundcrew
        </span>
    );
}
