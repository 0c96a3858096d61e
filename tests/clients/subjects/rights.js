// Who may listen to a server is asked again and again: who lost the right, or never had it and
// got a signature all the same, is told so within seconds, and hears nothing any more.

import assert from "node:assert/strict";
import test from "node:test";

import { connected, subscribed } from "../lib/client.js";
import { publish, run, servers } from "../lib/site.js";

const CHANGED = "App\\Events\\ServerProvisionUpdated";

for (const channel of [`private-servers.${servers[0]}.provision`, `private-runs.${run}.output`]) {
    test(`without the right to ${channel} a subscription ends, and others go on`, async (t) => {
        const owner = await subscribed(await connected(t, { user: { id: "1" } }), channel);
        const stranger = await connected(t, { user: { id: "2" } });
        const ear = await subscribed(stranger, channel);
        const elsewhere = await subscribed(stranger, "private-elsewhere");
        const error = await ear.hears("pusher:subscription_error");
        assert.deepEqual([error.type, error.status], ["AuthError", 403]);

        const before = ear.all(CHANGED).length;
        const message = (n) => JSON.stringify({ event: CHANGED, data: { n }, socket: null });
        await publish(channel, message(1));
        await owner.hears(CHANGED, ({ n }) => n === 1);
        await publish("private-elsewhere", message(2));
        await elsewhere.hears(CHANGED, ({ n }) => n === 2);
        assert.equal(ear.all(CHANGED).length, before);
    });
}

test("of a server that does not exist, too", async (t) => {
    const ear = await subscribed(await connected(t), "private-servers.999999.provision");
    await ear.hears("pusher:subscription_error");
});
