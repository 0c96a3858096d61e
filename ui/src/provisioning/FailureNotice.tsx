import type { ProvisionStep } from "@/contract";
import { Button } from "@/parts/Button";
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
    const retry = (
        <Button kind="main" busy={busy} onClick={() => send("post", `/servers/${server}/retry`)}>
            <Icon name="retry" />
            {step ? `Retry from step ${number}` : "Retry"}
        </Button>
    );
    if (cancelled) {
        return (
            <Notice title="Cancelled" action={retry} className="mb-6">
                What was done stays. A retry goes on from where it was.
            </Notice>
        );
    }
    if (!step) return null;
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
