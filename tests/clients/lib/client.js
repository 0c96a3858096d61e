// Browsers' clients: pusher-js as it is, which ends with the test that made it.

import Pusher from "pusher-js";
import WebSocket from "ws";

import { Ear, next, within } from "./hear.js";
import { host, key, ports, sdk } from "./site.js";

/** What every client needs to find a gateway of ours. */
export function options(gateway = 0) {
    return {
        cluster: "",
        wsHost: host,
        wsPort: ports[gateway],
        forceTLS: false,
        enabledTransports: ["ws"],
    };
}

/**
 * A pusher-js client. What its page's server would sign is signed here, for `user`: the
 * channel's data is what Groundcrew's and Laravel's endpoints say of one.
 */
export function client(test, { gateway = 0, user = { id: "1" }, appKey = key, ...more } = {}) {
    const signs = sdk(gateway);
    const pusher = new Pusher(appKey, {
        ...options(gateway),
        channelAuthorization: {
            customHandler: ({ socketId, channelName }, done) =>
                done(null, signs.authorizeChannel(socketId, channelName, channelData(channelName, user))),
        },
        userAuthentication: {
            customHandler: ({ socketId }, done) => done(null, signs.authenticateUser(socketId, user)),
        },
        ...more,
    });
    test.after(() => pusher.disconnect());
    return pusher;
}

function channelData(channel, user) {
    if (channel.startsWith("presence-")) return { user_id: user.id, user_info: user.info };
    return { user_id: user.id, session: "test" };
}

/** A client that is connected. */
export async function connected(test, how) {
    const pusher = client(test, how);
    await next(pusher.connection, "connected");
    return pusher;
}

/** Subscribes, and waits until it is said that it worked. Gives who hears all of the channel. */
export async function subscribed(pusher, channel) {
    const ear = new Ear(pusher.subscribe(channel));
    await ear.hears("pusher:subscription_succeeded");
    return ear;
}

/** A socket that speaks the protocol by hand, frame by frame. */
export async function socket(test, path = `/app/${key}?protocol=7&client=js&version=8.6.0`) {
    const bare = new WebSocket(`ws://127.0.0.1:${ports[0]}${path}`);
    test.after(() => bare.terminate());
    const heard = [];
    const ear = new Ear();
    const closed = new Promise((resolve) => {
        bare.on("close", (code, reason) => resolve({ code, reason: String(reason) }));
    });
    bare.on("message", (text) => {
        const frame = JSON.parse(text);
        heard.push(frame);
        ear.note(frame.event, frame);
    });
    bare.on("ping", () => ear.note("ping"));
    await new Promise((resolve, reject) => bare.on("open", resolve).on("error", reject));
    return {
        heard,
        closed: (limit) => within("closed", (done) => closed.then(done), undefined, limit),
        hears: (event, where) => ear.hears(event, where),
        say: (event, data, channel) => bare.send(JSON.stringify({ event, data, channel })),
        sendRaw: (text) => bare.send(text),
        pause: () => bare.pause(),
        resume: () => bare.resume(),
    };
}
