// Who comes, is greeted or refused, and goes: frame by frame, with headers of one's own.

import WebSocket from "ws";

import { within } from "./hear.js";
import { key, ports } from "./site.js";

/**
 * A connection; its `code` says with what it was refused, if it was. A place that somebody has
 * just left is free a moment later: who is refused with `again` comes again.
 */
export async function comes(test, { appKey = key, headers = {} } = {}, again) {
    const came = await within("greeted or closed", (done) => {
        const url = `ws://127.0.0.1:${ports[0]}/app/${appKey}?protocol=7`;
        const bare = new WebSocket(url, { headers });
        test.after(() => bare.terminate());
        bare.on("message", (text) => {
            const { event } = JSON.parse(text);
            if (event === "pusher:connection_established") done({ bare });
        });
        bare.on("close", (code) => done({ bare, code }));
    });
    return again && came.code === again ? comes(test, { appKey, headers }, again) : came;
}

/** Takes leave, and waits for the other side's last word. */
export function goes({ bare }) {
    return within("closed", (done) => {
        bare.on("close", done);
        bare.close();
    });
}
