import { provisionChannel } from "@/contract";

import { useListen } from "./useListen";
import { useReload } from "./useReload";

/**
 * Keeps a page about one server true: each notification has the page fetch these props again,
 * and nothing else does. The gateway notifies after each subscription, so that a page is right
 * again when its line is back.
 */
export function useServerProvision(server: number, props = ["server"]): { failing: boolean } {
    const { reload, failing } = useReload(props);
    useListen(provisionChannel(server), "ServerProvisionUpdated", reload);
    return { failing };
}
