// A React page with Laravel's useEcho, in Chromium, with nothing changed for us.

import assert from "node:assert/strict";
import test from "node:test";

import { build } from "esbuild";
import { chromium } from "playwright-core";

import { authEndpoint } from "../lib/auth_endpoint.js";
import { QUIET } from "../lib/chromium.js";
import { options } from "../lib/client.js";
import { LONG } from "../lib/hear.js";
import { key, publish } from "../lib/site.js";

async function script() {
    const { outputFiles } = await build({
        entryPoints: [new URL("../page/page.jsx", import.meta.url).pathname],
        bundle: true,
        write: false,
        jsx: "automatic",
        format: "esm",
        define: { "process.env.NODE_ENV": '"production"' },
    });
    return outputFiles[0].text;
}

const html = (settings) => `<!doctype html><meta charset="utf-8"><title>Server 7</title><body>
<script>window.settings = ${JSON.stringify(settings)}</script>
<script type="module" src="/page.js"></script>`;

test("promise 7: useEcho hears that its server changed, at once and each time", async (t) => {
    const { wsHost, wsPort, forceTLS, enabledTransports } = options();
    const address = await authEndpoint(t, {
        "/": ["text/html", html({ key, wsHost, wsPort, forceTLS, enabledTransports })],
        "/page.js": ["text/javascript", await script()],
        "/favicon.ico": ["image/x-icon", ""],
    });
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: QUIET });
    t.after(() => browser.close());
    const page = await browser.newPage();
    page.setDefaultTimeout(LONG);
    const wrong = [];
    page.on("pageerror", (error) => wrong.push(String(error)));
    page.on("console", (line) => line.type() === "error" && wrong.push(line.text()));
    await page.goto(address);

    const told = async () => JSON.parse(await page.textContent("#told"));
    const toldOf = (revision) =>
        page.waitForFunction(
            (n) => JSON.parse(document.querySelector("#told")?.textContent ?? "[]").some((e) => e.revision === n),
            revision,
        );
    // At once, because it has subscribed.
    await page.waitForFunction(() => document.querySelector("#told")?.textContent.includes("server_id"));
    const [first] = await told();
    assert.equal(first.server_id, 7);
    assert.equal(await page.textContent("#status"), "connected");

    // What a worker announces, and what a Laravel application broadcasts.
    for (const revision of [101, 102]) {
        const data = { server_id: 7, timestamp: "2026-11-23T01:02:03+00:00", revision };
        const event = "App\\Events\\ServerProvisionUpdated";
        await publish("private-servers.7.provision", JSON.stringify({ event, data, socket: null }));
        await toldOf(revision);
    }
    assert.deepEqual(wrong, []);
});
