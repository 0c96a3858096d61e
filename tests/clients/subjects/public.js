// Public channels: whoever subscribes hears what is published.

import assert from "node:assert/strict";
import test from "node:test";

import { connected, socket, subscribed } from "../lib/client.js";
import { sdk } from "../lib/site.js";

test("all who listen hear an event, and nobody else", async (t) => {
    const ears = [];
    for (let n = 0; n < 3; n++) ears.push(await subscribed(await connected(t), "news"));
    const elsewhere = await subscribed(await connected(t), "weather");
    await sdk().trigger("news", "said", { n: 1 });
    for (const ear of ears) assert.deepEqual(await ear.hears("said"), { n: 1 });
    await sdk().trigger("weather", "last", {});
    await elsewhere.hears("last");
    assert.deepEqual(elsewhere.all("said"), []);
});

test("what a publisher gives arrives as it was given", async (t) => {
    const ear = await subscribed(await connected(t), "values");
    const values = [{ a: [1, null, "ü€😀"] }, [1], "plain text", "42", "", { nested: '{"x":1}' }];
    for (const [n, value] of values.entries()) {
        await sdk().trigger("values", `value-${n}`, value);
        const heard = await ear.hears(`value-${n}`);
        // pusher-js reads a text that holds JSON as that.
        assert.deepEqual(heard, value === "42" ? 42 : value);
    }
});

test("data is a text in every frame, whatever it holds", async (t) => {
    const bare = await socket(t);
    await bare.hears("pusher:connection_established");
    bare.say("pusher:subscribe", { channel: "texts" });
    const answer = await bare.hears("pusher_internal:subscription_succeeded");
    assert.deepEqual(answer, {
        event: "pusher_internal:subscription_succeeded",
        channel: "texts",
        data: "{}",
    });
    await sdk().trigger("texts", "said", { n: 1 });
    assert.deepEqual(await bare.hears("said"), { event: "said", channel: "texts", data: '{"n":1}' });
});

test("a subscription may come with its data as a text", async (t) => {
    const bare = await socket(t);
    await bare.hears("pusher:connection_established");
    bare.say("pusher:subscribe", JSON.stringify({ channel: "texts" }));
    await bare.hears("pusher_internal:subscription_succeeded");
});

test("who unsubscribes hears nothing any more", async (t) => {
    const pusher = await connected(t);
    const [stays, goes] = [await subscribed(pusher, "stays"), await subscribed(pusher, "goes")];
    pusher.unsubscribe("goes");
    // What is sent on the same line later is answered later.
    await subscribed(pusher, "fence");
    await sdk().trigger(["goes", "stays"], "said", {});
    await stays.hears("said");
    assert.deepEqual(goes.all("said"), []);
});

test("a name that no channel has is refused, and the client goes on", async (t) => {
    const pusher = await connected(t);
    for (const name of ["with space", "ünicode", "a".repeat(165), "#server-to-user-1"]) {
        const bare = await socket(t);
        await bare.hears("pusher:connection_established");
        bare.say("pusher:subscribe", { channel: name });
        bare.say("pusher:ping", {});
        await bare.hears("pusher:pong");
        const events = bare.heard.map((frame) => frame.event);
        assert.ok(!events.includes("pusher_internal:subscription_succeeded"), name);
        assert.ok(
            events.includes("pusher:subscription_error") || events.includes("pusher:error"),
            `${name}: ${events}`,
        );
    }
    await subscribed(pusher, "a".repeat(164));
});
