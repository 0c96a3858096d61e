import * as Radio from "@radix-ui/react-radio-group";

import { Icon, type IconName } from "@/parts/Icon";

/** The three ways: two are the form's, the third is without it. */
export type WayInName = "script" | "login" | "api";

const WAYS: { name: WayInName; icon: IconName; title: string; text: string }[] = [
    {
        name: "script",
        icon: "terminal",
        title: "Run one line on it",
        text: "Copy a line, paste it into the new server’s console. Best for a fresh server.",
    },
    {
        name: "login",
        icon: "key",
        title: "I can already log in",
        text: "A worker logs in over SSH. You confirm the host key first.",
    },
    {
        name: "api",
        icon: "code",
        title: "From a script",
        text: "With the API or the command line, for many servers at once.",
    },
];

interface Props {
    way: WayInName;
    onChange: (way: WayInName) => void;
}

/** How Groundcrew gets in. */
export function WayIn({ way, onChange }: Props) {
    return (
        <Radio.Root
            value={way}
            onValueChange={(value) => onChange(value as WayInName)}
            aria-label="How Groundcrew gets in"
            className="grid gap-2.5 sm:grid-cols-3"
        >
            {WAYS.map(({ name, icon, title, text }) => (
                <Radio.Item
                    key={name}
                    value={name}
                    className="flex flex-col items-start rounded-xl border border-line p-4 text-left hover:border-edge data-[state=checked]:border-signal data-[state=checked]:bg-signal-wash"
                >
                    <Icon name={icon} className="mb-2.5 size-5 text-signal-ink" />
                    <span className="block text-sm font-[600]">{title}</span>
                    <span className="mt-1 block text-[13px] text-soft">{text}</span>
                </Radio.Item>
            ))}
        </Radio.Root>
    );
}
