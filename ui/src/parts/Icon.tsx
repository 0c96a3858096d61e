/** Our few icons, on a grid of 16, drawn with the text's colour. */
const PATHS = {
    check: "m3 8.5 3.2 3L13 4.5",
    close: "m4 4 8 8M12 4l-8 8",
    circle: "M8 2.8a5.2 5.2 0 1 1 0 10.4A5.2 5.2 0 0 1 8 2.8",
    arc: "M8 2a6 6 0 1 1-6 6",
    skip: "M3.5 8h9",
    warning: "M8 5v4m0 2.4v.1M8 1.8 15 14H1L8 1.8Z",
    info: "M8 7.2v4M8 4.7v.1M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8",
    copy: "M5.5 5.5h7v8h-7zM10.5 3.2v-.7h-7v8h.7",
    search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9Zm3.4 7.9 3.1 3.1",
    follow: "M8 2.5v8.2m-3.4-3.2L8 10.9l3.4-3.4M3.5 13.5h9",
    download: "M8 2v7.5M5 6.7l3 3 3-3M2.5 11v2.5h11V11",
    up: "m3.5 10 4.5-4.5 4.5 4.5",
    down: "m3.5 6 4.5 4.5L12.5 6",
    right: "m6 3.5 4.5 4.5L6 12.5",
    plus: "M8 3v10M3 8h10",
    server: "M2.5 3h11v4.2h-11zM2.5 8.8h11V13h-11zM5 5.1h.1M5 10.9h.1",
    key: "M10 2.5a3.5 3.5 0 1 1-2.6 5.8L3 12.7v1h2v-1.5h1.5V10.7l.9-.9M10.9 5.1h.1",
    terminal: "M1.8 2.8h12.4v10.4H1.8zM4.5 6l2 2-2 2M8.5 10.2h3",
    code: "m5.2 4.5-3.5 3.5 3.5 3.5m5.6-7 3.5 3.5-3.5 3.5",
    retry: "M13.2 8A5.2 5.2 0 1 1 11.6 4.3M11.8 1.8v2.9H8.9",
    stop: "M4.5 4.5h7v7h-7z",
    clock: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2Zm0 2.8V8l2.2 1.6",
    worker: "M8 2.5a2.6 2.6 0 1 1 0 5.2 2.6 2.6 0 0 1 0-5.2ZM2.8 13.8c.4-2.9 2.4-4.4 5.2-4.4s4.8 1.5 5.2 4.4",
    menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
    shield: "M8 1.8 13 3.7v4c0 3-2 5.300-5 6.500-3-1.200-5-3.500-5-6.500v-4L8 1.8Zm-2.300 6.100 1.700 1.700 3-3.200",
    trash: "M2.800 4.200h10.400M6.200 4V2.500h3.600V4M4 4.200l.6 9.300h6.800l.6-9.300",
    dots: "M3.500 8h.1M8 8h.1M12.500 8h.1",
} as const;

export type IconName = keyof typeof PATHS;

interface Props {
    name: IconName;
    className?: string;
}

export function Icon({ name, className = "" }: Props) {
    return (
        <svg
            viewBox="0 0 16 16"
            aria-hidden
            fill="none"
            stroke="currentColor"
            strokeWidth={name === "dots" ? 2.4 : 1.6}
            strokeLinecap="round"
            strokeLinejoin="round"
            className={`size-4 flex-none ${className}`}
        >
            <path d={PATHS[name]} />
        </svg>
    );
}
