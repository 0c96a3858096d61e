// Who reads slower than others publish: of notifications, and of a run's output, it gets the
// last, of all else it gets what fits, and is then sent away to come back. Nobody else waits for it.

import assert from "node:assert/strict";
import test from "node:test";

import { client, connected, socket, subscribed } from "../lib/client.js";
import { next } from "../lib/hear.js";
import { publish, run, sdk, servers } from "../lib/site.js";

// More than all the buffers between the gateway and a client.
const MANY = 2000;
const PAD = "x".repeat(10_000);

test("of messages, more than is kept: closed with 4200, so that it comes back", async (t) => {
    const fast = await subscribed(await connected(t), "flood");
    const slow = await socket(t);
    await slow.hears("pusher:connection_established");
    slow.say("pusher:subscribe", { channel: "flood" });
    await slow.hears("pusher_internal:subscription_succeeded");
    slow.pause();
    const message = (n) => JSON.stringify({ event: "flood", data: { n, PAD }, socket: null });
    await publish("flood", ...Array.from({ length: MANY }, (_, n) => message(n)));
    await fast.hears("flood", ({ n }) => n === MANY - 1);
    assert.equal(fast.all("flood").length, MANY);
    slow.resume();
    assert.equal((await slow.closed()).code, 4200);
    const heard = slow.heard.filter(({ event }) => event === "flood").length;
    assert.ok(heard < MANY, `${heard} were kept`);

    // The gateway is as well as before.
    const pusher = client(t);
    await next(pusher.connection, "connected");
    const after = await subscribed(pusher, "flood");
    await sdk().trigger("flood", "last", {});
    await after.hears("last");
});

async function getsTheLast(t, channel, event) {
    const slow = await socket(t);
    const greeting = await slow.hears("pusher:connection_established");
    const { auth } = sdk().authorizeChannel(JSON.parse(greeting.data).socket_id, channel);
    slow.say("pusher:subscribe", { channel, auth });
    await slow.hears("pusher_internal:subscription_succeeded");
    slow.pause();
    const fast = await subscribed(await connected(t), channel);
    const message = (n) => JSON.stringify({ event, data: { n, PAD }, socket: null });
    await publish(channel, ...Array.from({ length: MANY }, (_, n) => message(n)));
    await fast.hears(event, ({ n }) => n === MANY - 1);
    slow.resume();
    await slow.hears(event, ({ data }) => JSON.parse(data).n === MANY - 1);
    const heard = slow.heard.filter(({ event: said }) => said === event).length;
    assert.ok(heard < MANY, `${heard} were kept`);
    slow.say("pusher:ping", {});
    await slow.hears("pusher:pong");
}

test("promise 7: of notifications it gets the last one, and stays", (t) =>
    getsTheLast(t, `private-servers.${servers[0]}.provision`, "App\\Events\\ServerProvisionUpdated"));

test("promise 7: of a run's output, too: it sees the gap, and fetches", (t) =>
    getsTheLast(t, `private-runs.${run}.output`, "App\\Events\\RunOutput"));
