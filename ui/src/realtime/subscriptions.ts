/**
 * Which subscriptions don't stand. pusher-js asks once whether it may subscribe, and a page
 * that was refused because the web tier was just restarting would stay deaf: so it is asked
 * again, later and later.
 */
const broken = new Set<string>();
const listeners = new Set<() => void>();

/** What of pusher-js's channel is needed here; Echo keeps it as `subscription`. */
interface Subscription {
    name: string;
    /** pusher-js is at it: it also subscribes by itself when the line is back. */
    subscriptionPending: boolean;
    subscribe(): void;
    bind(event: string, callback: () => void): void;
    unbind(event: string, callback: () => void): void;
}

/** Sees to it that a subscription stands. Gives what ends that. */
export function keepSubscribed(subscription: Subscription): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let refusals = 0;
    const stands = () => {
        refusals = 0;
        tell(subscription.name, false);
    };
    const refused = () => {
        refusals++;
        tell(subscription.name, true);
        clearTimeout(timer);
        timer = setTimeout(
            () => subscription.subscriptionPending || subscription.subscribe(),
            Math.min(30_000, 1000 * 2 ** refusals),
        );
    };
    subscription.bind("pusher:subscription_succeeded", stands);
    subscription.bind("pusher:subscription_error", refused);
    return () => {
        clearTimeout(timer);
        tell(subscription.name, false);
        subscription.unbind("pusher:subscription_succeeded", stands);
        subscription.unbind("pusher:subscription_error", refused);
    };
}

/** Whether all subscriptions stand, as far as is known. */
export const allStand = () => broken.size === 0;

/** For `useSyncExternalStore`. */
export function onSubscriptions(listener: () => void): () => void {
    listeners.add(listener);
    return () => void listeners.delete(listener);
}

function tell(name: string, isBroken: boolean) {
    if (isBroken === broken.has(name)) return;
    if (isBroken) broken.add(name);
    else broken.delete(name);
    listeners.forEach((listener) => listener());
}
