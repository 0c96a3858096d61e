import { Head, Link } from "@inertiajs/react";
import type { ReactNode } from "react";

import { FlashNotice } from "./FlashNotice";
import { Header } from "./Header";

/** Where a page stands: its name, and its address if that is another page. */
export interface Crumb {
    name: string;
    address?: string;
}

interface Props {
    /** The window's. */
    title: string;
    crumbs?: Crumb[];
    heading: ReactNode;
    /** Below the heading. */
    sub?: ReactNode;
    /** At the heading's right: state, and what can be done. */
    actions?: ReactNode;
    children: ReactNode;
}

/** What pages of somebody who is signed in have in common. */
export function Layout({ title, crumbs = [], heading, sub, actions, children }: Props) {
    return (
        <>
            <Head title={title} />
            <a
                href="#main"
                className="sr-only top-3 left-3 z-50 rounded-lg bg-ink text-sm font-[550] text-paper focus:not-sr-only focus:fixed focus:px-4 focus:py-2"
            >
                Skip to the content
            </a>
            <Header />
            <main
                id="main"
                tabIndex={-1}
                className="mx-auto max-w-[1180px] px-[18px] pt-6 pb-16 outline-none sm:px-8 sm:pt-[34px] 2xl:max-w-[1400px]"
            >
                {crumbs.length > 0 && (
                    <nav aria-label="Where you are" className="mb-2.5 text-[13px] text-faint">
                        <ol className="flex min-w-0 flex-wrap">
                            {crumbs.map(({ name, address }, at) => (
                                <li key={at} className="max-w-full min-w-0 truncate">
                                    {at > 0 && <span aria-hidden> &nbsp;/&nbsp; </span>}
                                    {address ? (
                                        <Link href={address} className="hover:text-ink">
                                            {name}
                                        </Link>
                                    ) : (
                                        <span aria-current="page">{name}</span>
                                    )}
                                </li>
                            ))}
                        </ol>
                    </nav>
                )}
                <div className="flex flex-wrap items-start gap-x-4 gap-y-4">
                    <div className="max-w-full min-w-0">
                        <h1 className="text-[23px] leading-[1.2] font-[650] tracking-[-0.022em] breaking sm:text-[27px]">
                            {heading}
                        </h1>
                        {sub && <div className="mt-1.5 breaking text-soft">{sub}</div>}
                    </div>
                    {actions && (
                        <div className="flex flex-wrap items-center gap-x-3 gap-y-2 sm:ml-auto">
                            {actions}
                        </div>
                    )}
                </div>
                {children}
            </main>
            <FlashNotice />
        </>
    );
}
