import { useRef, type ReactNode } from "react";

import { Button } from "./Button";
import type { ButtonKind } from "./buttonLook";

interface Props {
    /** The button that asks. */
    button: ReactNode;
    kind?: ButtonKind;
    /** A question. */
    title: string;
    children: ReactNode;
    /** What is done, as a verb with its object. */
    action: string;
    busy?: boolean;
    onConfirm: () => void;
}

/** Asks before something that can't be taken back. The browser's own dialog keeps the focus. */
export function Confirm({ button, kind, title, children, action, busy, onConfirm }: Props) {
    const dialog = useRef<HTMLDialogElement>(null);
    const close = () => dialog.current?.close();
    return (
        <>
            <Button
                kind={kind ?? "plain"}
                busy={busy ?? false}
                onClick={() => dialog.current?.showModal()}
            >
                {button}
            </Button>
            <dialog
                ref={dialog}
                aria-label={title}
                // A click beside it closes it.
                onClick={(event) => event.target === dialog.current && close()}
                className="w-[min(28rem,calc(100vw-2rem))] rounded-2xl border border-line bg-card p-0 shadow-float open:animate-rise"
            >
                <div className="p-6">
                    <h2 className="text-lg font-[600] tracking-[-0.015em]">{title}</h2>
                    <div className="mt-2 breaking text-soft">{children}</div>
                    <div className="mt-6 flex flex-wrap justify-end gap-3">
                        <Button onClick={close} autoFocus>
                            Back
                        </Button>
                        <Button
                            kind={kind === "main" ? "main" : "danger"}
                            onClick={() => {
                                close();
                                onConfirm();
                            }}
                        >
                            {action}
                        </Button>
                    </div>
                </div>
            </dialog>
        </>
    );
}
