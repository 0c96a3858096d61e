import { useEffect, useState } from "react";

import type { Flash } from "@/contract";
import { Icon } from "@/parts/Icon";

import { useFlash } from "./useShared";

/** What was done, or not, by what a person just asked for. Goes by itself if it is good news. */
export function FlashNotice() {
    const flash = useFlash();
    // What was said stays while the page fetches anew, which says nothing.
    const [said, setSaid] = useState<Flash>({});
    const [open, setOpen] = useState(false);
    const text = said.problem ?? said.notice;
    if ((flash.problem ?? flash.notice) && flash !== said) {
        setSaid(flash);
        setOpen(true);
    }
    useEffect(() => {
        if (said.problem) return;
        const timer = setTimeout(() => setOpen(false), 6000);
        return () => clearTimeout(timer);
    }, [said]);
    return (
        <div
            role="status"
            className="pointer-events-none fixed inset-x-0 bottom-0 z-40 flex justify-center p-5"
        >
            {open && (
                <div className="pointer-events-auto flex max-w-xl animate-rise items-start gap-3 rounded-xl bg-ink py-3 pr-2 pl-4 text-sm text-paper shadow-float">
                    <Icon name={said.problem ? "warning" : "check"} className="mt-0.5" />
                    <span className="min-w-0 breaking">{text}</span>
                    <button
                        type="button"
                        aria-label="Close"
                        onClick={() => setOpen(false)}
                        className="-my-1.5 grid size-8 flex-none place-items-center rounded-lg opacity-75 hover:opacity-100"
                    >
                        <Icon name="close" />
                    </button>
                </div>
            )}
        </div>
    );
}
