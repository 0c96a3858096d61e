// How a client comes in, and what makes it stay away for good.

import assert from "node:assert/strict";
import test from "node:test";

import { client, connected, socket } from "../lib/client.js";
import { next } from "../lib/hear.js";
import { key } from "../lib/site.js";

test("a client is greeted with a socket id and how long it may be silent", async (t) => {
    const bare = await socket(t);
    const greeting = await bare.hears("pusher:connection_established");
    // Encoded twice: the data is a text that holds JSON.
    assert.equal(typeof greeting.data, "string");
    const { socket_id, activity_timeout } = JSON.parse(greeting.data);
    assert.match(socket_id, /^\d+\.\d+$/);
    assert.ok(Number.isInteger(activity_timeout) && activity_timeout >= 5, activity_timeout);
    // pusher-js takes both over.
    const pusher = await connected(t);
    assert.match(pusher.connection.socket_id, /^\d+\.\d+$/);
    assert.equal(pusher.connection.activityTimeout, activity_timeout * 1000);
    assert.notEqual(pusher.connection.socket_id, socket_id);
});

test("a key that is not known: 4001, and the client stops for good", async (t) => {
    const pusher = client(t, { appKey: "unknown" });
    const { error } = await next(pusher.connection, "error");
    assert.equal(error.data.code, 4001);
    assert.ok(error.data.message.length > 0);
    assert.equal(pusher.connection.state, "disconnected");
    const { runner, connection, retryTimer } = pusher.connection;
    assert.ok(!runner && !connection && !retryTimer);
});

test("a version of the protocol that is not spoken, or none: refused for good", async (t) => {
    for (const [query, code] of [["?protocol=99", 4007], ["?protocol=seven", 4006], ["", 4008]]) {
        const bare = await socket(t, `/app/${key}${query}`);
        assert.equal((await bare.closed()).code, code, query);
        assert.deepEqual(bare.heard.map((frame) => frame.event), ["pusher:error"], query);
    }
});

test("what is no message is answered with an error, and the client goes on", async (t) => {
    const bare = await socket(t);
    await bare.hears("pusher:connection_established");
    for (const text of ["{", "[]", '"text"', "{}", '{"event":"pusher:no-such-thing","data":{}}']) {
        bare.heard.length = 0;
        bare.sendRaw(text);
        bare.say("pusher:ping", {});
        await bare.hears("pusher:pong");
    }
    assert.ok(bare.heard.every((frame) => ["pusher:error", "pusher:pong"].includes(frame.event)));
});
