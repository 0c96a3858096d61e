// What the HTTP API refuses: requests that are not signed as Pusher wants it, and too large ones.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";

import { connected, subscribed } from "../lib/client.js";
import { appId, key, ports, sdk } from "../lib/site.js";

const EVENT = { name: "said", channels: ["private-refusals"], data: "{}" };
const now = () => Math.floor(Date.now() / 1000);

/** The status of a request, signed right but for what is changed on the way. */
async function status(path, { method = "POST", body, params = {}, unsigned = {} } = {}) {
    const full = `/apps/${appId}${path}`;
    const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const signed = { auth_key: key, auth_timestamp: now(), auth_version: "1.0", ...params };
    if (text !== undefined) signed.body_md5 ??= createHash("md5").update(text).digest("hex");
    const query = Object.keys(signed).sort().map((name) => `${name}=${signed[name]}`).join("&");
    const signature = sdk().config.token.sign([method, full, query].join("\n"));
    const more = Object.entries({ auth_signature: signature, ...unsigned });
    const url = new URL(`http://127.0.0.1:${ports[0]}${unsigned.path ?? full}?${query}`);
    for (const [name, value] of more) if (name !== "path") url.searchParams.set(name, value);
    const headers = text === undefined ? {} : { "content-type": "application/json" };
    const response = await fetch(url, { method, body: text, headers });
    const said = await response.text();
    if (response.status >= 400) assert.ok(said.length > 0, "a refusal says why");
    return response.status;
}

test("the signature: 401 unless it is right and fresh", async () => {
    assert.equal(await status("/events", { body: EVENT }), 200);
    assert.equal(await status("/channels", { method: "GET" }), 200);
    const cases = {
        "a wrong signature": { unsigned: { auth_signature: "0".repeat(64) } },
        "one that is no signature": { unsigned: { auth_signature: "ü" } },
        "of more than 600 s ago": { params: { auth_timestamp: now() - 610 } },
        "from the future": { params: { auth_timestamp: now() + 610 } },
        "no time": { params: { auth_timestamp: "soon" } },
        "another key": { params: { auth_key: "another" } },
        "another body's digest": { params: { body_md5: "0".repeat(32) } },
        "a parameter that was not signed": { unsigned: { info: "user_count" } },
    };
    for (const [what, change] of Object.entries(cases)) {
        assert.equal(await status("/events", { body: EVENT, ...change }), 401, what);
    }
    assert.equal(await status("/channels", { method: "GET", unsigned: { auth_signature: "0" } }), 401);
    assert.equal(await status("/events", { body: EVENT, params: { auth_timestamp: now() - 590 } }), 200);
});

test("another application is not known: 404", async () => {
    const path = "/apps/unknown/events";
    assert.ok([401, 404].includes(await status("/events", { body: EVENT, unsigned: { path } })));
});

test("too much: 413 over 10 KB of data, 400 over the other limits", async (t) => {
    const data = (bytes) => "x".repeat(bytes);
    const ear = await subscribed(await connected(t), EVENT.channels[0]);
    assert.equal(await status("/events", { body: { ...EVENT, data: data(10240) } }), 200);
    assert.equal((await ear.hears("said")).length, 10240);
    assert.equal(await status("/events", { body: { ...EVENT, data: data(10241) } }), 413);
    const large = [{ channel: "a", name: "b", data: data(10241) }];
    assert.equal(await status("/batch_events", { body: { batch: large } }), 413);

    const channels = (count) => Array.from({ length: count }, (_, n) => `channel-${n}`);
    assert.equal(await status("/events", { body: { ...EVENT, channels: channels(100) } }), 200);
    assert.equal(await status("/events", { body: { ...EVENT, channels: channels(101) } }), 400);
    const batch = (count) => ({ batch: channels(count).map((channel) => ({ channel, name: "n", data: "{}" })) });
    assert.equal(await status("/batch_events", { body: batch(10) }), 200);
    assert.equal(await status("/batch_events", { body: batch(11) }), 400);
    assert.equal(await status("/events", { body: { ...EVENT, name: data(200) } }), 200);
    assert.equal(await status("/events", { body: { ...EVENT, name: data(201) } }), 400);
    assert.equal(await status("/events", { body: { ...EVENT, channels: ["a".repeat(165)] } }), 400);
});

test("what is no event: 400", async () => {
    const { name, channels, data } = EVENT;
    const bodies = [
        "{", "[]", "null", "{}",
        { channels, data },
        { name, data },
        { name, channels },
        { name, channels: [], data },
        { name, channels: ["with space"], data },
        { ...EVENT, socket_id: "nonsense" },
    ];
    for (const body of bodies) {
        const text = typeof body === "string" ? body : JSON.stringify(body);
        assert.equal(await status("/events", { body: text }), 400, text);
    }
    assert.equal(await status("/channels/with%20space", { method: "GET" }), 400);
    assert.equal(
        await status("/channels", { method: "GET", params: { info: "user_count" } }), 400,
        "only presence channels have users",
    );
    assert.equal(await status("/channels/private-a/users", { method: "GET" }), 400);
});
