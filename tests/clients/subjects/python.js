// The HTTP API as Pusher's Python SDK uses it: publish.py publishes, and asks; here it is heard.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import test from "node:test";
import { promisify } from "node:util";

import { connected, subscribed } from "../lib/client.js";
import { Ear, next } from "../lib/hear.js";

const folder = new URL("..", import.meta.url).pathname;

test("publishes, asks, signs, and is refused with a wrong secret", async (t) => {
    const sender = await connected(t);
    const mine = await subscribed(sender, "private-python");
    const pusher = await connected(t, { user: { id: "1" } });
    const theirs = await subscribed(pusher, "private-python");
    const secret = await subscribed(pusher, "private-encrypted-python");
    await subscribed(pusher, "presence-python");
    const personal = new Ear(pusher.user);
    pusher.signin();
    await next(pusher, "pusher:signin_success");
    await next(pusher.user.serverToUserChannel, "pusher:subscription_succeeded");

    const env = { ...process.env, SENDER: sender.connection.socket_id };
    await promisify(execFile)(`${folder}venv/bin/python`, [`${folder}publish.py`], { env });

    for (const ear of [mine, theirs]) {
        await ear.hears("last");
        assert.deepEqual(ear.all("said"), [{ n: 1, text: "ü€" }]);
        assert.deepEqual(ear.all("batched").map(({ n }) => n), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert.deepEqual(ear.all("forged"), []);
    }
    assert.deepEqual([mine.all("to-others").length, theirs.all("to-others").length], [0, 1]);
    assert.deepEqual(await secret.hears("secret"), { n: 2 });
    assert.deepEqual(await personal.hears("personal"), { n: 3 });
});
