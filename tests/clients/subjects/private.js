// Private channels: only with a signature for this socket and this channel.

import assert from "node:assert/strict";
import test from "node:test";

import { client, connected, subscribed } from "../lib/client.js";
import { Ear, next } from "../lib/hear.js";
import { sdk, servers } from "../lib/site.js";

const CHANGED = "App\\Events\\ServerProvisionUpdated";

test("with a good signature", async (t) => {
    const ear = await subscribed(await connected(t), "private-orders");
    await sdk().trigger("private-orders", "said", { n: 1 });
    assert.deepEqual(await ear.hears("said"), { n: 1 });
});

test("with a bad one: an error that names the channel, and the client goes on", async (t) => {
    await subscribed(await connected(t), "private-bad");
    const wrong = {
        "of another socket": (channel) => sdk().authorizeChannel("1.1", channel),
        "of another channel": (_, socket) => sdk().authorizeChannel(socket, "private-other"),
        "with another secret": (channel, socket) =>
            sdk(0, { secret: "another" }).authorizeChannel(socket, channel),
        "for other data": (channel, socket) => ({
            ...sdk().authorizeChannel(socket, channel, { user_id: "1" }),
            channel_data: '{"user_id":"2"}',
        }),
        "that is none": () => ({ auth: "nonsense" }),
        "that is empty": () => ({ auth: "" }),
    };
    for (const [what, signed] of Object.entries(wrong)) {
        const pusher = client(t, {
            channelAuthorization: {
                customHandler: ({ socketId, channelName }, done) =>
                    done(null, channelName === "private-good"
                        ? sdk().authorizeChannel(socketId, channelName)
                        : signed(channelName, socketId)),
            },
        });
        await next(pusher.connection, "connected");
        const ear = new Ear(pusher.subscribe("private-bad"));
        const error = await ear.hears("pusher:subscription_error");
        assert.equal(error.type, "AuthError", what);
        assert.ok([401, 403].includes(error.status), what);
        assert.equal(typeof error.error, "string", what);
        const good = await subscribed(pusher, "private-good");
        await sdk().trigger(["private-bad", "private-good"], what, {});
        await good.hears(what);
        assert.deepEqual(ear.all(what), [], what);
        pusher.disconnect();
    }
});

test("promise 7: a page is told to fetch as soon as it has subscribed", async (t) => {
    const [server] = servers;
    const ear = await subscribed(await connected(t), `private-servers.${server}.provision`);
    const { server_id, timestamp } = await ear.hears(CHANGED);
    assert.equal(server_id, server);
    assert.ok(Math.abs(Date.now() - Date.parse(timestamp)) < 60_000, timestamp);
    assert.equal(ear.heard[0].event, "pusher:subscription_succeeded");
});
