/** How buttons look, and links that are buttons. */
export type ButtonKind = "main" | "plain" | "quiet" | "danger";

const KINDS: Record<ButtonKind, string> = {
    main: "border-transparent bg-ink text-paper hover:opacity-88",
    plain: "border-line bg-card text-ink hover:border-edge",
    quiet: "border-transparent text-soft hover:bg-wash hover:text-ink",
    danger: "border-transparent bg-stop text-on-stop hover:opacity-88",
};

export const buttonLook = (kind: ButtonKind = "plain") =>
    `inline-flex h-10 items-center justify-center gap-2 rounded-[10px] border px-3.5 text-sm font-[550] whitespace-nowrap transition-[border-color,background-color,opacity] disabled:cursor-not-allowed disabled:opacity-55 ${KINDS[kind]}`;
