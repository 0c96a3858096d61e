// Laravel Echo in Node, with its `reverb` and `pusher` broadcasters.

import assert from "node:assert/strict";
import test from "node:test";

import Echo from "laravel-echo";
import Pusher from "pusher-js";

import { authEndpoint } from "../lib/auth_endpoint.js";
import { options } from "../lib/client.js";
import { within } from "../lib/hear.js";
import { key, publish, sdk, servers } from "../lib/site.js";

async function echo(t, broadcaster = "reverb") {
    const address = await authEndpoint(t);
    const made = new Echo({
        ...options(),
        broadcaster,
        key,
        Pusher,
        authEndpoint: `${address}/broadcasting/auth`,
        userAuthentication: { endpoint: `${address}/broadcasting/user-auth`, headers: {} },
    });
    t.after(() => made.disconnect());
    return made;
}

const subscribed = (channel) => within("subscribed", (done) => channel.subscribed(done));

for (const broadcaster of ["reverb", "pusher"]) {
    test(`${broadcaster}: public and private channels`, async (t) => {
        const page = await echo(t, broadcaster);
        for (const [join, name] of [
            [() => page.channel("orders"), "orders"],
            [() => page.private("orders"), "private-orders"],
        ]) {
            const channel = join();
            await subscribed(channel);
            const heard = within("OrderShipped", (done) => channel.listen("OrderShipped", done));
            await sdk().trigger(name, "App\\Events\\OrderShipped", { order: 1 });
            assert.deepEqual(await heard, { order: 1 });
            const custom = within("custom", (done) => channel.listen(".custom", done));
            await publish(name, JSON.stringify({ event: "custom", data: { n: 2 }, socket: null }));
            assert.deepEqual(await custom, { n: 2 });
        }
    });
}

test("presence channels and whispers", async (t) => {
    const [one, other] = [await echo(t), await echo(t)];
    const here = within("here", (done) => one.join("room").here(done));
    assert.deepEqual(await here, [{ name: "Ann" }]);
    const channel = other.join("room");
    await subscribed(channel);
    const heard = within("whisper", (done) => one.join("room").listenForWhisper("typing", done));
    channel.whisper("typing", { who: "Ann" });
    assert.deepEqual(await heard, { who: "Ann" });
});

test("channels that are encrypted end to end", async (t) => {
    const page = await echo(t);
    const channel = page.encryptedPrivate("orders");
    await subscribed(channel);
    const heard = within("Secret", (done) => channel.listen("Secret", done));
    await sdk().trigger("private-encrypted-orders", "App\\Events\\Secret", { n: 1 });
    assert.deepEqual(await heard, { n: 1 });
});

test("promise 7: what a page does, with Echo alone", async (t) => {
    const page = await echo(t);
    const [server] = servers;
    const told = within("ServerProvisionUpdated", (done) =>
        page.private(`servers.${server}.provision`).listen("ServerProvisionUpdated", done));
    assert.equal((await told).server_id, server);
});
