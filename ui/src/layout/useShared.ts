import { usePage } from "@inertiajs/react";

import type { Flash, Shared } from "@/contract";

/** What every page has. */
export function useShared(): Shared {
    return usePage<Shared & Record<string, unknown>>().props;
}

/** What is said once. */
export function useFlash(): Flash {
    return usePage().flash;
}
