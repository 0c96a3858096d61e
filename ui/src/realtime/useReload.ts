import { router } from "@inertiajs/react";
import { useEffect, useMemo, useState } from "react";

import { Fetches } from "./Fetches";

/** What says that the page itself has gone or may not be seen any more: then it is shown. */
const OVER = [401, 403, 404, 410, 419];

/**
 * Fetches these props of the page again when asked; `failing`: it does not work just now, and is
 * tried again.
 */
export function useReload(props: string[]): { reload: () => void; failing: boolean } {
    const [failing, setFailing] = useState(false);
    const named = props.join();
    const fetches = useMemo(
        () => new Fetches(() => reloadOnce(named.split(",")), setFailing),
        [named],
    );
    useEffect(() => {
        fetches.start();
        return () => fetches.stop();
    }, [fetches]);
    return { reload: fetches.ask, failing };
}

/** Inertia's `reload` keeps scroll position and state by itself. */
function reloadOnce(only: string[]): Promise<boolean> {
    return new Promise((done) => {
        let worked = false;
        router.reload({
            only,
            onSuccess: () => void (worked = true),
            onHttpException: ({ status }) => {
                worked = OVER.includes(status);
                return worked;
            },
            onNetworkError: () => false,
            onCancel: () => done(true),
            onFinish: () => done(worked),
        });
    });
}
