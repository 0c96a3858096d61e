// Presence channels: who is here, told once for each user, however many pages they have open,
// and whichever gateway those came to.

import assert from "node:assert/strict";
import test from "node:test";

import { connected, subscribed } from "../lib/client.js";
import { ports } from "../lib/site.js";

const ADDED = "pusher:member_added";
const REMOVED = "pusher:member_removed";
const [ann, bob] = [{ id: "ann", info: { name: "Ann" } }, { id: "bob", info: { name: "Bob" } }];

for (const across of ports.length > 1 ? [false, true] : [false]) {
    // Ann's first page and the watcher come to one gateway, the others to the other one.
    const other = across ? 1 : 0;
    const where = across ? ", across gateways" : "";

    test(`members come with their first page and go with their last${where}`, async (t) => {
        const room = `presence-room-${other}`;
        const watcher = await subscribed(await connected(t, { user: bob }), room);
        const first = await connected(t, { user: ann });
        await subscribed(first, room);
        assert.deepEqual(await watcher.hears(ADDED), { id: "ann", info: { name: "Ann" } });
        const second = await connected(t, { user: ann, gateway: other });
        const ear = await subscribed(second, room);
        const { members } = ear.channel;
        assert.deepEqual(members.members, { ann: ann.info, bob: bob.info });
        assert.deepEqual([members.count, members.myID, members.me.info], [2, "ann", ann.info]);

        first.disconnect();
        const third = await connected(t, { user: { id: "cid" }, gateway: other });
        const cid = await subscribed(third, room);
        await watcher.hears(ADDED, ({ id }) => id === "cid");
        assert.equal(cid.channel.members.count, 3);
        assert.deepEqual(watcher.all(REMOVED), []);

        second.unsubscribe(room);
        assert.equal((await watcher.hears(REMOVED)).id, "ann");
        await cid.hears(REMOVED);
        third.disconnect();
        await watcher.hears(REMOVED, ({ id }) => id === "cid");
        assert.deepEqual(watcher.all(ADDED).map(({ id }) => id), ["ann", "cid"]);
        assert.deepEqual(watcher.all(REMOVED).map(({ id }) => id), ["ann", "cid"]);
        assert.deepEqual(Object.keys(watcher.channel.members.members), ["bob"]);
    });
}

test("who has a number for an id is known by its text", async (t) => {
    const ear = await subscribed(await connected(t, { user: { id: 7 } }), "presence-numbers");
    assert.deepEqual(Object.keys(ear.channel.members.members), ["7"]);
});
