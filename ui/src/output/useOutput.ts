import { useEffect, useMemo, useSyncExternalStore } from "react";

import { loadOutput } from "./load";
import { Output, type OutputState } from "./Output";

/**
 * The output of a run, or of one of its steps. `state`: what is fetched anew when it changes,
 * for the end of a step or of the run, whose last message may have been lost.
 */
export function useOutput(run: string, step: number | null, state: string) {
    const output = useMemo(
        () => new Output((offset, limit) => loadOutput(run, step, offset, limit)),
        [run, step],
    );
    useEffect(() => {
        output.start();
        return output.stop;
    }, [output]);
    useEffect(() => {
        output.catchUp();
    }, [output, state]);
    const shown: OutputState = useSyncExternalStore(output.subscribe, output.snapshot);
    return { output, shown };
}
