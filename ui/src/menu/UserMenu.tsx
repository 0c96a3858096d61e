import { Link, router } from "@inertiajs/react";
import * as Menu from "@radix-ui/react-dropdown-menu";
import { useState } from "react";

import type { User } from "@/contract";
import { Icon } from "@/parts/Icon";

import { Avatar, AVATAR } from "@/layout/Avatar";
import { NAVIGATION } from "@/layout/navigation";
import { chooseTheme, theme, THEMES, type Theme } from "@/layout/theme";

const ITEM =
    "flex min-h-10 items-center gap-2.5 rounded-lg px-3 text-sm outline-none select-none data-highlighted:bg-wash";

const THEME_NAMES: Record<Theme, string> = {
    system: "As the system",
    light: "Light",
    dark: "Dark",
};

/**
 * Who is signed in; the theme; and, where it is narrow, where one can go. It is loaded
 * when it is first opened, and opens then.
 */
export default function UserMenu({ user }: { user: User }) {
    const [chosen, setChosen] = useState(theme);
    const choose = (to: string) => {
        chooseTheme(to as Theme);
        setChosen(to as Theme);
    };
    return (
        // Not modal: that would need a style element, which the pages' policy forbids.
        <Menu.Root modal={false} defaultOpen>
            <Menu.Trigger className={AVATAR}>
                <Avatar name={user.name} />
            </Menu.Trigger>
            <Menu.Portal>
                <Menu.Content
                    align="end"
                    sideOffset={8}
                    collisionPadding={12}
                    className="z-40 min-w-56 animate-rise rounded-xl border border-line bg-card p-1.5 shadow-float"
                >
                    <p className="max-w-60 truncate px-3 py-2 text-[13px] text-faint">
                        Signed in as <b className="font-[550] text-ink">{user.name}</b>
                    </p>
                    <div className="sm:hidden">
                        {NAVIGATION.map(({ name, address }) => (
                            <Menu.Item key={address} asChild>
                                <Link href={address} className={ITEM}>
                                    {name}
                                </Link>
                            </Menu.Item>
                        ))}
                        <Menu.Separator className="mx-3 my-1.5 h-px bg-line" />
                    </div>
                    <Menu.Item asChild>
                        <Link href="/account" className={ITEM}>
                            Account and tokens
                        </Link>
                    </Menu.Item>
                    <Menu.Item asChild>
                        <a href="/api/v1/docs" className={ITEM}>
                            API
                        </a>
                    </Menu.Item>
                    <Menu.Separator className="mx-3 my-1.5 h-px bg-line" />
                    <Menu.RadioGroup value={chosen} onValueChange={choose} aria-label="Theme">
                        {THEMES.map((name) => (
                            <Menu.RadioItem
                                key={name}
                                value={name}
                                className={ITEM}
                                onSelect={(event) => event.preventDefault()}
                            >
                                {THEME_NAMES[name]}
                                <Menu.ItemIndicator className="ml-auto text-signal-ink">
                                    <Icon name="check" />
                                </Menu.ItemIndicator>
                            </Menu.RadioItem>
                        ))}
                    </Menu.RadioGroup>
                    <Menu.Separator className="mx-3 my-1.5 h-px bg-line" />
                    <Menu.Item className={ITEM} onSelect={() => router.post("/sign-out")}>
                        Sign out
                    </Menu.Item>
                </Menu.Content>
            </Menu.Portal>
        </Menu.Root>
    );
}
