import { useState } from "react";

import { PasswordForm } from "@/account/PasswordForm";
import { TokenForm } from "@/account/TokenForm";
import { TokenList } from "@/account/TokenList";
import type { Flash, Pages } from "@/contract";
import { Layout } from "@/layout/Layout";
import { useFlash, useShared } from "@/layout/useShared";
import { Card } from "@/parts/Card";
import { Notice } from "@/parts/Notice";
import { Snippet } from "@/parts/Snippet";

/** A person's password and tokens. */
export default function Account({ tokens }: Pages["Account"]) {
    const { user } = useShared();
    const { token } = useFlash();
    // It is sent once; what else happens on this page must not take it away.
    const [made, setMade] = useState<Flash["token"]>(token);
    if (token && token !== made) setMade(token);
    return (
        <Layout
            title="Account"
            heading="Account"
            sub={
                <>
                    Signed in as <b className="font-[550] text-ink">{user?.name}</b>
                    {user?.operator && ", who sees to this installation"}
                </>
            }
        >
            {made && (
                <Notice
                    kind="go"
                    title={`The token ${made.name}, shown this once`}
                    className="mt-7"
                >
                    <p className="mb-3">Copy it now: only its hash is kept.</p>
                    <Snippet text={made.token} what="the token" />
                </Notice>
            )}
            <div className="mt-7 grid items-start gap-[26px] lg:grid-cols-[minmax(0,1fr)_24rem]">
                <Card
                    title="Tokens for the API"
                    aside={
                        <a
                            href="/api/v1/docs"
                            className="underline underline-offset-3 hover:text-ink"
                        >
                            What it can do
                        </a>
                    }
                >
                    <TokenList tokens={tokens} />
                    <TokenForm />
                </Card>
                <PasswordForm />
            </div>
        </Layout>
    );
}
