import { outputChannel } from "@/contract";
import { useListen } from "@/realtime/useListen";

const nothing = () => undefined;

/**
 * Keeps the subscription to a run's output while its page is open, whichever step is shown: else
 * each change of steps would leave the channel and ask for it again.
 */
export function OutputChannel({ run }: { run: string }) {
    useListen(outputChannel(run), "RunOutput", nothing);
    return null;
}
