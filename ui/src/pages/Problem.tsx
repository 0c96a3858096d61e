import { Head } from "@inertiajs/react";

import type { Pages } from "@/contract";
import { Brand } from "@/layout/Brand";
import { Button } from "@/parts/Button";
import { ButtonLink } from "@/parts/ButtonLink";

const TITLES: Record<number, string> = {
    403: "This is not yours to see",
    404: "Nothing is here",
    419: "This page was open for too long",
    429: "Too many requests",
    500: "Something went wrong on our side",
    503: "Groundcrew is away for a moment",
};

/** What is shown instead of a page: why, and what to do. */
export default function Problem({ status, detail }: Pages["Problem"]) {
    const title = TITLES[status] ?? "This did not work";
    const passes = status === 503 || status === 500 || status === 429 || status === 419;
    return (
        <>
            <Head title={title} />
            <main className="mx-auto flex min-h-dvh max-w-xl flex-col justify-center px-[18px] py-12 sm:px-8">
                <Brand />
                <p className="mt-12 font-mono text-sm font-[600] text-signal-ink tabular">
                    {status}
                </p>
                <h1 className="mt-2 text-[27px] leading-tight font-[650] tracking-[-0.022em] sm:text-[34px]">
                    {title}
                </h1>
                <p className="mt-3 text-[17px] breaking text-soft">{detail}</p>
                <div className="mt-8 flex flex-wrap gap-3">
                    {passes && (
                        <Button kind="main" onClick={() => location.reload()}>
                            Try again
                        </Button>
                    )}
                    <ButtonLink href="/servers" kind={passes ? "plain" : "main"}>
                        To your servers
                    </ButtonLink>
                </div>
            </main>
        </>
    );
}
