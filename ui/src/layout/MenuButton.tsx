import { lazy, Suspense, useState } from "react";

import type { User } from "@/contract";

import { Avatar, AVATAR } from "./Avatar";

const load = () => import("@/menu/UserMenu");
const UserMenu = lazy(load);

/** Opens the menu, which most visits don't need: it is loaded when somebody is about to. */
export function MenuButton({ user }: { user: User }) {
    const [opened, setOpened] = useState(false);
    const button = (
        <button
            type="button"
            aria-haspopup="menu"
            aria-expanded={false}
            className={AVATAR}
            onPointerEnter={() => void load()}
            onFocus={() => void load()}
            onClick={() => setOpened(true)}
        >
            <Avatar name={user.name} />
        </button>
    );
    if (!opened) return button;
    return (
        <Suspense fallback={button}>
            <UserMenu user={user} />
        </Suspense>
    );
}
