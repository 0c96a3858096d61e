import { provisionChannel } from "@/contract";

import { useListen } from "./useListen";

interface Props {
    server: number;
    onChange: () => void;
}

/** Hears of one of several servers; shows nothing. A page renders one for each that it shows. */
export function ServerListener({ server, onChange }: Props) {
    useListen(provisionChannel(server), "ServerProvisionUpdated", onChange);
    return null;
}
