// What Laravel's `redis` broadcaster publishes in Redis is fanned out as Laravel meant it.

import assert from "node:assert/strict";
import test from "node:test";

import { connected, subscribed } from "../lib/client.js";
import { ports, publish } from "../lib/site.js";

const message = (event, data, socket = null) => JSON.stringify({ event, data, socket });

test("an event reaches all, at every gateway", async (t) => {
    for (const gateway of ports.keys()) {
        const ear = await subscribed(await connected(t, { gateway }), "private-orders.1");
        const event = `App\\Events\\OrderShipped${gateway}`;
        await publish("private-orders.1", message(event, { order: 1, note: "ü€" }));
        assert.deepEqual(await ear.hears(event), { order: 1, note: "ü€" });
    }
});

test("toOthers(): the socket that caused it is left out, and is not passed on", async (t) => {
    const sender = await connected(t);
    const mine = await subscribed(sender, "private-orders.2");
    const theirs = await subscribed(await connected(t), "private-orders.2");
    const { socket_id } = sender.connection;
    // As Laravel does, which puts it into the data, too.
    await publish("private-orders.2", message("Moved", { to: 2 }, socket_id));
    await publish("private-orders.2", message("Last", {}));
    for (const ear of [mine, theirs]) await ear.hears("Last");
    assert.deepEqual(mine.all("Moved"), []);
    assert.deepEqual(theirs.all("Moved"), [{ to: 2 }]);
});

test("public and presence channels, too; what is no event is passed by", async (t) => {
    for (const channel of ["orders", "presence-orders"]) {
        const ear = await subscribed(await connected(t), channel);
        for (const nonsense of ["", "{", "[]", "{}", '{"event":1,"data":{}}']) {
            await publish(channel, nonsense);
        }
        await publish(channel, message("Last", { n: 1 }));
        assert.deepEqual(await ear.hears("Last"), { n: 1 });
        assert.equal(ear.heard.filter(({ event }) => !event.startsWith("pusher:")).length, 1);
    }
});
