// Who is silent is asked; who does not answer is let go, with a code that brings it back.

import assert from "node:assert/strict";
import test from "node:test";

import { client, socket } from "../lib/client.js";
import { LONG, next } from "../lib/hear.js";

test("a ping is answered", async (t) => {
    const bare = await socket(t);
    await bare.hears("pusher:connection_established");
    bare.say("pusher:ping", {});
    const pong = await bare.hears("pusher:pong");
    assert.equal(pong.event, "pusher:pong");
});

test("pusher-js asks after a silence, and stays on the answer", async (t) => {
    const pusher = client(t, { activityTimeout: 200, pongTimeout: 5000 });
    await next(pusher.connection, "connected");
    const { socket_id } = pusher.connection;
    for (let n = 0; n < 3; n++) {
        const answered = new Promise((done) => {
            const hear = ({ event }) => {
                if (event !== "pusher:pong") return;
                pusher.connection.unbind("message", hear);
                done();
            };
            pusher.connection.bind("message", hear);
        });
        await answered;
    }
    assert.equal(pusher.connection.socket_id, socket_id);
    assert.equal(pusher.connection.state, "connected");
});

// The gateway of this test wants to hear of a client every second, lets ten more pass before it
// asks, and another thirty before it gives up.
test("who says nothing is asked, and who does not answer closed with 4201", async (t) => {
    const [answers, dead] = [await socket(t), await socket(t)];
    for (const bare of [answers, dead]) await bare.hears("pusher:ping");
    answers.say("pusher:pong", {});
    const { code } = await dead.closed(2 * LONG);
    assert.equal(code, 4201);
    assert.equal(dead.heard.filter(({ event }) => event === "pusher:ping").length, 1);
    answers.say("pusher:ping", {});
    await answers.hears("pusher:pong");
});
