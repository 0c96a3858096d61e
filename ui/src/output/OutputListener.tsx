import { outputChannel } from "@/contract";
import { useListen } from "@/realtime/useListen";

import type { Output } from "./Output";

interface Props {
    run: string;
    /** Null: of all steps. */
    step: number | null;
    output: Output;
}

/** Hears what a run writes while it is at work; shows nothing. */
export function OutputListener({ run, step, output }: Props) {
    useListen(
        outputChannel(run),
        "RunOutput",
        (heard) => {
            if (step === null) output.hear(heard);
            else if (heard.step === step) output.hear({ ...heard, offset: heard.step_offset });
        },
        // What was said while nobody listened.
        output.catchUp,
    );
    return null;
}
