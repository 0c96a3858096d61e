// The HTTP API as Pusher's Node SDK uses it.

import assert from "node:assert/strict";
import test from "node:test";

import { connected, subscribed } from "../lib/client.js";
import { ports, sdk } from "../lib/site.js";

const last = ports.length - 1;

async function asked(path, params) {
    const response = await sdk(last).get({ path, params });
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type"), /^application\/json/);
    return response.json();
}

test("an event for many channels, at whatever gateway it is published", async (t) => {
    const channels = Array.from({ length: 100 }, (_, n) => `private-many-${n}`);
    const first = await subscribed(await connected(t), channels[0]);
    const hundredth = await subscribed(await connected(t, { gateway: last }), channels[99]);
    for (const gateway of ports.keys()) {
        const response = await sdk(gateway).trigger(channels, `said-${gateway}`, { gateway });
        assert.equal(response.status, 200);
        assert.deepEqual(await response.json(), {});
        for (const ear of [first, hundredth]) {
            assert.deepEqual(await ear.hears(`said-${gateway}`), { gateway });
        }
    }
});

test("a batch, in its order", async (t) => {
    const pusher = await connected(t);
    const [one, two] = [await subscribed(pusher, "one"), await subscribed(pusher, "two")];
    const event = (channel, n) => ({ channel, name: "said", data: { n } });
    const batch = Array.from({ length: 10 }, (_, n) => event(n % 2 ? "one" : "two", n));
    const response = await sdk(last).triggerBatch(batch);
    assert.equal(response.status, 200);
    await one.hears("said", ({ n }) => n === 9);
    await two.hears("said", ({ n }) => n === 8);
    assert.deepEqual(one.all("said").map(({ n }) => n), [1, 3, 5, 7, 9]);
    assert.deepEqual(two.all("said").map(({ n }) => n), [0, 2, 4, 6, 8]);
});

test("who caused an event is left out, alone and in a batch", async (t) => {
    const sender = await connected(t);
    const mine = await subscribed(sender, "private-edits");
    const theirs = await subscribed(await connected(t, { gateway: last }), "private-edits");
    const { socket_id } = sender.connection;
    for (const gateway of ports.keys()) {
        await sdk(gateway).trigger("private-edits", "edit", { gateway }, { socket_id });
        const batched = { channel: "private-edits", name: "batched", data: { gateway }, socket_id };
        await sdk(gateway).triggerBatch([batched]);
        await sdk(gateway).trigger("private-edits", "last", { gateway });
        for (const ear of [mine, theirs]) {
            await ear.hears("last", (data) => data.gateway === gateway);
        }
    }
    assert.deepEqual([mine.all("edit").length, mine.all("batched").length], [0, 0]);
    assert.equal(theirs.all("edit").length, ports.length);
    assert.equal(theirs.all("batched").length, ports.length);
});

test("which channels are occupied, and how", async (t) => {
    const rooms = { "presence-a": ["ann", "ann", "bob"], "presence-b": ["bob"] };
    for (const [room, users] of Object.entries(rooms)) {
        for (const [n, id] of users.entries()) {
            const how = { user: { id }, gateway: n % ports.length };
            await subscribed(await connected(t, how), room);
        }
    }
    await subscribed(await connected(t), "private-a");

    const { channels } = await asked("/channels");
    for (const name of ["presence-a", "presence-b", "private-a"]) assert.ok(name in channels, name);
    assert.ok(!("private-nobody" in channels));
    assert.deepEqual(
        await asked("/channels", { filter_by_prefix: "presence-", info: "user_count" }),
        { channels: { "presence-a": { user_count: 2 }, "presence-b": { user_count: 1 } } },
    );
    const one = await asked("/channels/presence-a", { info: "user_count,subscription_count" });
    assert.deepEqual(one, { occupied: true, user_count: 2, subscription_count: 3 });
    assert.deepEqual(
        await asked("/channels/private-a", { info: "subscription_count" }),
        { occupied: true, subscription_count: 1 },
    );
    const nobody = await asked("/channels/private-nobody");
    assert.equal(nobody.occupied, false);
    const { users } = await asked("/channels/presence-a/users");
    assert.deepEqual(users.map(({ id }) => id).sort(), ["ann", "bob"]);
});
