// Client events: from one client to the others of its channel.

import assert from "node:assert/strict";
import test from "node:test";

import { connected, subscribed } from "../lib/client.js";
import { next } from "../lib/hear.js";
import { ports, sdk } from "../lib/site.js";

for (const gateway of ports.map((_, number) => number)) {
    test(`reach the others, and not who sent them: to gateway ${gateway}`, async (t) => {
        const sender = await connected(t);
        const mine = await subscribed(sender, "private-chat");
        const theirs = await subscribed(await connected(t, { gateway }), "private-chat");
        mine.channel.trigger("client-typing", { who: "ann" });
        assert.deepEqual(await theirs.hears("client-typing"), { who: "ann" });
        theirs.channel.trigger("client-answer", {});
        await mine.hears("client-answer");
        assert.deepEqual(mine.all("client-typing"), []);
    });
}

test("in a presence channel they say who sent them", async (t) => {
    const sender = await connected(t, { user: { id: "ann" } });
    const mine = await subscribed(sender, "presence-chat");
    const theirs = await subscribed(await connected(t, { user: { id: "bob" } }), "presence-chat");
    const said = new Promise((done) => {
        theirs.channel.bind("client-typing", (_, { user_id }) => done(user_id));
    });
    mine.channel.trigger("client-typing", {});
    assert.equal(await said, "ann");
});

test("are refused where nobody signed, and where the sender is not", async (t) => {
    const sender = await connected(t);
    const watcher = await connected(t);
    const heard = [];
    for (const channel of ["lobby", "private-elsewhere"]) {
        heard.push(await subscribed(watcher, channel));
    }
    await subscribed(sender, "lobby");
    for (const ear of heard) {
        const refused = next(sender.connection, "error");
        sender.send_event("client-typing", {}, ear.channel.name);
        const { data } = await refused;
        assert.equal(typeof data.message, "string", ear.channel.name);
        await sdk().trigger(ear.channel.name, "last", {});
        await ear.hears("last");
        assert.deepEqual(ear.all("client-typing"), []);
    }
    assert.equal(sender.connection.state, "connected");
});

test("ten a second: more are dropped with 4301, and the client stays", async (t) => {
    const sender = await connected(t);
    const mine = await subscribed(sender, "private-flood");
    const theirs = await subscribed(await connected(t), "private-flood");
    const limited = next(sender.connection, "error");
    for (let n = 0; n < 100; n++) mine.channel.trigger("client-flood", { n });
    const { data } = await limited;
    assert.equal(data.code, 4301);
    // Once more may be sent, what was to come has come.
    const again = setInterval(() => mine.channel.trigger("client-last", {}), 50);
    t.after(() => clearInterval(again));
    await theirs.hears("client-last");
    const heard = theirs.all("client-flood").map(({ n }) => n);
    assert.ok(heard.length >= 10 && heard.length < 50, `${heard.length} were heard`);
    assert.deepEqual(heard.slice(0, 10), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.equal(sender.connection.state, "connected");
});
