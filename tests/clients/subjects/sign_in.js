// Sign-in: what is sent to a user reaches all of their clients, and they can be thrown out.

import assert from "node:assert/strict";
import test from "node:test";

import { client, connected, socket } from "../lib/client.js";
import { Ear, next } from "../lib/hear.js";
import { ports, sdk } from "../lib/site.js";

const last = ports.length - 1;

async function signedIn(t, id, gateway = 0) {
    const pusher = await connected(t, { user: { id }, gateway });
    const ear = new Ear(pusher.user);
    pusher.signin();
    await next(pusher, "pusher:signin_success");
    const own = pusher.user.serverToUserChannel;
    if (!own.subscribed) await next(own, "pusher:subscription_succeeded");
    return { pusher, ear };
}

test("what is sent to a user reaches all of their clients, and nobody else's", async (t) => {
    const mine = [await signedIn(t, "ann"), await signedIn(t, "ann", last)];
    const other = await signedIn(t, "bob");
    await sdk().sendToUser("ann", "greeting", { text: "hello" });
    for (const { ear } of mine) assert.deepEqual(await ear.hears("greeting"), { text: "hello" });
    await sdk().sendToUser("bob", "last", {});
    await other.ear.hears("last");
    assert.deepEqual(other.ear.all("greeting"), []);
});

test("a bad signature signs nobody in: 4009, for good", async (t) => {
    const pusher = client(t, {
        userAuthentication: {
            customHandler: (_, done) => done(null, sdk().authenticateUser("1.1", { id: "ann" })),
        },
    });
    await next(pusher.connection, "connected");
    const refused = next(pusher.connection, "error");
    pusher.signin();
    assert.equal((await refused).data.code, 4009);
});

test("nobody else may listen to what is sent to a user", async (t) => {
    const bare = await socket(t);
    await bare.hears("pusher:connection_established");
    bare.say("pusher:subscribe", { channel: "#server-to-user-ann" });
    bare.say("pusher:ping", {});
    await bare.hears("pusher:pong");
    const events = bare.heard.map((frame) => frame.event);
    assert.ok(!events.includes("pusher_internal:subscription_succeeded"), `${events}`);
});

test("all connections of a user are ended, on all gateways, and they stay away", async (t) => {
    const mine = [await signedIn(t, "eve"), await signedIn(t, "eve", last)];
    const other = await signedIn(t, "bob");
    const ended = mine.map(({ pusher }) => next(pusher.connection, "disconnected"));
    const response = await sdk().terminateUserConnections("eve");
    assert.equal(response.status, 200);
    await Promise.all(ended);
    await sdk().sendToUser("bob", "last", {});
    await other.ear.hears("last");
    assert.equal(other.pusher.connection.state, "connected");
});
