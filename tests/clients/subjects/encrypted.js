// Channels that are encrypted end to end: the gateway passes on what it can't read.

import assert from "node:assert/strict";
import test from "node:test";

import { connected, socket, subscribed } from "../lib/client.js";
import { sdk } from "../lib/site.js";

const CHANNEL = "private-encrypted-orders";

test("pusher-js reads what the server SDK encrypted", async (t) => {
    const ear = await subscribed(await connected(t), CHANNEL);
    await sdk().trigger(CHANNEL, "said", { secret: "ü€😀" });
    assert.deepEqual(await ear.hears("said"), { secret: "ü€😀" });
});

test("on the wire there is only the cipher", async (t) => {
    const bare = await socket(t);
    const greeting = await bare.hears("pusher:connection_established");
    const { socket_id } = JSON.parse(greeting.data);
    const { auth } = sdk().authorizeChannel(socket_id, CHANNEL);
    bare.say("pusher:subscribe", { channel: CHANNEL, auth });
    await bare.hears("pusher_internal:subscription_succeeded");
    await sdk().trigger(CHANNEL, "said", { secret: "canary" });
    const frame = await bare.hears("said");
    assert.deepEqual(Object.keys(JSON.parse(frame.data)).sort(), ["ciphertext", "nonce"]);
    assert.ok(!JSON.stringify(bare.heard).includes("canary"));
});
