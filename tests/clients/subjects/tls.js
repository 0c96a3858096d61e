// The gateway with a certificate of its own: pusher-js over wss, and a publisher over https.

import assert from "node:assert/strict";
import test from "node:test";

import { client, subscribed } from "../lib/client.js";
import { next } from "../lib/hear.js";
import { ports, sdk, servers } from "../lib/site.js";

const secure = { wsHost: "localhost", wssPort: ports[0], forceTLS: true, enabledTransports: ["ws", "wss"] };

test("clients hear what publishers say", async (t) => {
    const pusher = client(t, secure);
    await next(pusher.connection, "connected");
    const ear = await subscribed(pusher, "private-orders");
    const { status } = await sdk(0, { useTLS: true, host: "localhost" }).trigger("private-orders", "said", { n: 1 });
    assert.equal(status, 200);
    assert.deepEqual(await ear.hears("said"), { n: 1 });
});

test("a page is told to fetch when it subscribes", async (t) => {
    const pusher = client(t, secure);
    const ear = await subscribed(pusher, `private-servers.${servers[0]}.provision`);
    await ear.hears("App\\Events\\ServerProvisionUpdated");
});

test("a message larger than what the sockets between take at once arrives whole", async (t) => {
    const pusher = client(t, secure);
    const ear = await subscribed(pusher, "large");
    const text = "x".repeat(10_000);
    for (let n = 0; n < 50; n += 1) await sdk(0, { useTLS: true, host: "localhost" }).trigger("large", "said", { n, text });
    const last = await ear.hears("said", ({ n }) => n === 49);
    assert.equal(last.text, text);
    assert.equal(ear.all("said").length, 50);
});

test("who does not speak TLS is not served", async () => {
    const port = ports[0];
    await assert.rejects(fetch(`http://localhost:${port}/app/key`));
});
