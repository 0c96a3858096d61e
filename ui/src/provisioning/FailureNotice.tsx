import type { ProvisionStep } from "@/contract";
import { Button } from "@/parts/Button";
import { ButtonLink } from "@/parts/ButtonLink";
import { Icon } from "@/parts/Icon";
import { Notice } from "@/parts/Notice";
import { useSend } from "@/parts/useSend";

interface Props {
    server: number;
    /** The step that failed, if one did. */
    step: ProvisionStep | undefined;
    /** Its number, as the page shows it. */
    number: number;
    cancelled: boolean;
}

/** It ended without being done: why, what to do, and how to go on. */
export function FailureNotice({ server, step, number, cancelled }: Props) {
    const { busy, send } = useSend();
    if (cancelled) {
        const again = (
            <ButtonLink href={`/servers/${server}`} kind="main">
                To the server
            </ButtonLink>
        );
        return (
            <Notice title="Cancelled" action={again} className="mb-6">
                What was done stays. Ask for the job again on the server&rsquo;s page: what is in
                place is not done twice.
            </Notice>
        );
    }
    if (!step) return null;
    const retry = (
        <Button kind="main" busy={busy} onClick={() => send("post", `/servers/${server}/retry`)}>
            <Icon name="retry" />
            Retry from step {number}
        </Button>
    );
    return (
        <Notice
            kind="stop"
            title={`${step.name} failed${step.error ? `: ${step.error.message}` : ""}`}
            action={retry}
            className="mb-6"
        >
            {step.error?.advice ?? "The end of the output says more."}
        </Notice>
    );
}
