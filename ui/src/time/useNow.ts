import { useEffect, useState } from "react";

import { now } from "./clock";

/**
 * The installation's clock, told anew each `every` ms: for times that go on. It asks nobody.
 * Null: it stands still, as nothing that is shown goes on.
 */
export function useNow(every: number | null = 1000): number {
    const [at, setAt] = useState(now);
    useEffect(() => {
        if (every === null) return;
        const tick = setInterval(() => setAt(now()), every);
        return () => clearInterval(tick);
    }, [every]);
    return at;
}
