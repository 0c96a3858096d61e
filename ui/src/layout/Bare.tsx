import { Head } from "@inertiajs/react";
import type { ReactNode } from "react";

import { Brand } from "./Brand";
import { FlashNotice } from "./FlashNotice";

interface Props {
    title: string;
    heading: string;
    sub: ReactNode;
    children: ReactNode;
    footer?: ReactNode;
}

/** A page for somebody who is not in yet: one card in the middle. */
export function Bare({ title, heading, sub, children, footer }: Props) {
    return (
        <>
            <Head title={title} />
            <main className="flex min-h-dvh flex-col items-center justify-center px-[18px] py-10">
                <Brand />
                <div className="mt-8 w-full max-w-[26rem] rounded-card border border-line bg-card p-6 shadow-card sm:p-8">
                    <h1 className="text-[22px] leading-tight font-[650] tracking-[-0.02em] breaking">
                        {heading}
                    </h1>
                    <div className="mt-1.5 text-soft">{sub}</div>
                    <div className="mt-6">{children}</div>
                </div>
                {footer && (
                    <div className="mt-6 max-w-[26rem] text-center text-[13px] text-faint">
                        {footer}
                    </div>
                )}
            </main>
            <FlashNotice />
        </>
    );
}
