import { useEcho } from "@laravel/echo-react";
import { useEffect, useRef } from "react";

import type { Heard } from "@/contract";

import { keepSubscribed } from "./subscriptions";

/**
 * Hears an event on a private channel. `onSubscribed` is called each time the subscription
 * stands, the first time and after each time that the line was down.
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
        if (subscription.subscribed) subscribed();
        subscription.bind("pusher:subscription_succeeded", subscribed);
        const end = keepSubscribed(subscription);
        return () => {
            subscription.unbind("pusher:subscription_succeeded", subscribed);
            end();
        };
    }, [channel, ofEcho]);
}
