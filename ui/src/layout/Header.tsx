import { Link, usePage } from "@inertiajs/react";

import { Brand } from "./Brand";
import { NAVIGATION } from "./navigation";
import { MenuButton } from "./MenuButton";
import { useShared } from "./useShared";

/** The head of every page. */
export function Header() {
    const { user } = useShared();
    const { url } = usePage();
    return (
        <header className="flex min-h-[62px] items-center gap-7 border-b border-line px-[18px] sm:px-8">
            <Link href="/servers" aria-label="Groundcrew: your servers" className="rounded-md">
                <Brand />
            </Link>
            {user && (
                <nav aria-label="Main" className="hidden gap-1 text-sm sm:flex">
                    {NAVIGATION.map(({ name, address }) => {
                        const here = url === address || url.startsWith(`${address}/`);
                        return (
                            <Link
                                key={address}
                                href={address}
                                aria-current={here ? "page" : undefined}
                                className={`rounded-lg px-2.5 py-1.5 ${
                                    here ? "font-[550] text-ink" : "text-soft hover:text-ink"
                                }`}
                            >
                                {name}
                            </Link>
                        );
                    })}
                </nav>
            )}
            <div className="ml-auto flex items-center gap-3">
                {user && <MenuButton user={user} />}
            </div>
        </header>
    );
}
