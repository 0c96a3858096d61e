import { useEcho } from "@laravel/echo-react";
import { useEffect, useRef } from "react";

import type { Heard } from "@/contract";

import { keepSubscribed } from "./subscriptions";

/**
 * Hears an event on a private channel. `onSubscribed` is called each time that a subscription
 * begins to stand: what was said before was not heard.
 */
export function useListen<Event extends keyof Heard>(
    channel: string,
    event: Event,
    onEvent: (payload: Heard[Event]) => void,
    onSubscribed?: () => void,
) {
    const callbacks = useRef({ onEvent, onSubscribed });
    useEffect(() => {
        callbacks.current = { onEvent, onSubscribed };
    });
    const { channel: ofEcho } = useEcho<Heard[Event]>(channel, event, (payload) => {
        callbacks.current.onEvent(payload);
    });
    useEffect(() => {
        const subscribed = () => callbacks.current.onSubscribed?.();
        // Echo types it as what any broadcaster has.
        const found = ofEcho() as { subscription?: Parameters<typeof keepSubscribed>[0] } | null;
        const subscription = found?.subscription;
        if (!subscription) return;
        subscription.bind("pusher:subscription_succeeded", subscribed);
        const end = keepSubscribed(subscription);
        return () => {
            subscription.unbind("pusher:subscription_succeeded", subscribed);
            end();
        };
    }, [channel, ofEcho]);
}
