import { useConnectionStatus } from "@laravel/echo-react";
import { useState, useSyncExternalStore } from "react";

import { allStand, onSubscriptions } from "./subscriptions";

/** Whether changes reach this page: `opening` is the first time only. */
export type Line = "opening" | "live" | "down";

/** The state of the line to the gateway. */
export function useLine(): Line {
    const status = useConnectionStatus();
    const stands = useSyncExternalStore(onSubscriptions, allStand);
    const [opened, setOpened] = useState(status === "connected");
    if (!opened && status !== "connecting") setOpened(true);
    if (status === "connected") return stands ? "live" : "down";
    return opened ? "down" : "opening";
}
