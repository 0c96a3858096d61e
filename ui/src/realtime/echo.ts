/** Laravel Echo, as the installation says: the same connection for all pages. */
import { configureEcho, echo, echoIsConfigured } from "@laravel/echo-react";

import type { Gateway } from "@/contract";

import { keepTrying } from "./keepTrying";

let connected: string | undefined;

/** Connects to the gateway, or leaves it where nobody is signed in. */
export function connectTo(gateway: Gateway | null | undefined) {
    const wanted = gateway ? JSON.stringify(gateway) : undefined;
    if (wanted === connected) return;
    if (connected && echoIsConfigured()) echo().disconnect();
    connected = wanted;
    if (!gateway) return;
    configureEcho({
        broadcaster: "reverb",
        key: gateway.key,
        wsHost: gateway.host ?? location.hostname,
        wsPort: gateway.port,
        wssPort: gateway.port,
        forceTLS: gateway.tls,
        enabledTransports: ["ws", "wss"],
        disableStats: true,
        // A line that died without a word is noticed within 20 s.
        activityTimeout: 15_000,
        pongTimeout: 5_000,
        // Read for each subscription: the token changes when somebody signs in.
        channelAuthorization: {
            endpoint: "/broadcasting/auth",
            transport: "ajax",
            headersProvider: () => ({ "X-XSRF-TOKEN": xsrfToken(), Accept: "application/json" }),
        },
    });
    keepTrying(echo<"reverb">().connector.pusher);
}

/** The session's token against forged requests. */
export function xsrfToken(): string {
    const found = /(?:^|;\s*)XSRF-TOKEN=([^;]*)/.exec(document.cookie);
    return decodeURIComponent(found?.[1] ?? "");
}
