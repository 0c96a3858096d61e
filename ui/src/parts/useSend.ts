import { router } from "@inertiajs/react";
import { useState } from "react";

type Method = "post" | "delete";

/** Sends a form that has no fields; `busy` until the answer is there. */
export function useSend() {
    const [busy, setBusy] = useState(false);
    const send = (method: Method, address: string, data: Record<string, string | null> = {}) => {
        router.visit(address, {
            method,
            data,
            preserveScroll: true,
            preserveState: true,
            onStart: () => setBusy(true),
            onFinish: () => setBusy(false),
        });
    };
    return { busy, send };
}
