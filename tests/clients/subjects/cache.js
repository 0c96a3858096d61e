// Cache channels: who comes late hears the last event, or that there is none.

import assert from "node:assert/strict";
import test from "node:test";

import { connected, subscribed } from "../lib/client.js";
import { ports, sdk } from "../lib/site.js";

for (const channel of ["cache-price", "private-cache-price", "presence-cache-price"]) {
    test(`${channel}: none yet, then the last one`, async (t) => {
        const early = await subscribed(await connected(t), channel);
        await early.hears("pusher:cache_miss");
        for (const price of [1, 2, 3]) await sdk().trigger(channel, "price", { price });
        await early.hears("price", ({ price }) => price === 3);
        for (const gateway of ports.keys()) {
            const late = await subscribed(await connected(t, { gateway }), channel);
            await late.hears("price");
            assert.deepEqual(late.all("price"), [{ price: 3 }]);
            assert.deepEqual(late.all("pusher:cache_miss"), []);
        }
    });
}
