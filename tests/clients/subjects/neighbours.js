// A neighbour, as a Laravel application that broadcasts by our gateway: it has credentials of its
// own, for its channels only, and its pages come from where it says.

import assert from "node:assert/strict";
import test from "node:test";

import WebSocket from "ws";

import { client, connected, options, subscribed } from "../lib/client.js";
import { Ear, next, within } from "../lib/hear.js";
import { ports, sdk, servers } from "../lib/site.js";

// As tests/gateway has written it down.
const [appId, key, secret] = ["2002", "key-of-the-shop", "secret-of-the-shop"];
const theirs = { appId, key, secret };

/** A page of the neighbour's, which its own server signs for. */
async function page(t) {
    const pusher = client(t, {
        appKey: key,
        channelAuthorization: {
            customHandler: ({ socketId, channelName }, done) =>
                done(null, sdk(0, theirs).authorizeChannel(socketId, channelName)),
        },
    });
    await next(pusher.connection, "connected");
    return pusher;
}

test("signs and publishes for its own channels", async (t) => {
    const ear = await subscribed(await page(t), "private-shop.orders");
    await sdk(0, theirs).trigger("private-shop.orders", "said", { n: 1 });
    assert.deepEqual(await ear.hears("said"), { n: 1 });
});

test("can neither sign nor publish for servers, nor for anybody else's channels", async (t) => {
    const pusher = await page(t);
    for (const channel of [`private-servers.${servers[0]}.provision`, "private-orders"]) {
        const ear = new Ear(pusher.subscribe(channel));
        assert.equal((await ear.hears("pusher:subscription_error")).type, "AuthError");
        const ours = await subscribed(await connected(t), channel);
        const refused = await sdk(0, theirs).trigger(channel, "forged", {}).catch((error) => error);
        assert.ok([401, 403].includes(refused.status), `${refused.status}`);
        await sdk().trigger(channel, "last", {});
        await ours.hears("last");
        assert.deepEqual(ours.all("forged"), []);
    }
    // Its secret is good for its own key only.
    const mixed = await sdk(0, { secret }).trigger("orders", "forged", {}).catch((error) => error);
    assert.equal(mixed.status, 401);
});

test("pages of another origin are refused, for good", async (t) => {
    const { wsHost } = options();
    const came = (origin) => within(`closed or greeted from ${origin}`, (done) => {
        const url = `ws://${wsHost}:${ports[0]}/app/${key}?protocol=7`;
        const bare = new WebSocket(url, { headers: { origin } });
        t.after(() => bare.terminate());
        bare.on("message", (text) => {
            const { event } = JSON.parse(text);
            if (event === "pusher:connection_established") done(event);
        });
        bare.on("close", done);
    });
    assert.equal(await came("https://shop.example.com"), "pusher:connection_established");
    assert.equal(await came("https://evil.example.com"), 4009);
});
