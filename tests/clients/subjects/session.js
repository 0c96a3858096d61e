// A person in Chromium: the link of the first start, the form to sign in, and Laravel Echo with
// their session, as pages have it. Started by tests/web.

import assert from "node:assert/strict";
import test from "node:test";

import { build } from "esbuild";
import { chromium } from "playwright-core";

import { QUIET } from "../lib/chromium.js";
import { LONG } from "../lib/hear.js";

const { SITE, LINK, PASSWORD, APP_KEY, SERVER } = process.env;

/** Echo, as `window.echo`, which notes what it hears in `window.told` and `window.failed`. */
const PAGE = `
import Echo from "laravel-echo";
import Pusher from "pusher-js";
const [, token] = document.cookie.match(/XSRF-TOKEN=([^;]+)/);
const { hostname, port } = location;
window.told = [];
window.failed = [];
window.echo = new Echo({
    broadcaster: "reverb", key: ${JSON.stringify(APP_KEY)}, Pusher, csrfToken: token,
    wsHost: hostname, wsPort: Number(port), forceTLS: false, enabledTransports: ["ws"],
});
window.listen = (channel) => window.echo.private(channel)
    .listen("ServerProvisionUpdated", (event) => window.told.push(event))
    .error((error) => window.failed.push(error));
`;

async function script() {
    const stdin = { contents: PAGE, resolveDir: new URL("..", import.meta.url).pathname };
    const { outputFiles } = await build({ stdin, bundle: true, write: false, format: "iife" });
    return outputFiles[0].text;
}

async function signOut(page) {
    await page.getByRole("button", { name: "Menu of ann" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.waitForURL(`${SITE}/sign-in`);
}

test("promise 7: a person signs in, and Echo is let in with their session", async (t) => {
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: QUIET });
    t.after(() => browser.close());
    // Our policy allows no script on these pages, but the test brings one.
    const context = await browser.newContext({ bypassCSP: true });
    context.setDefaultTimeout(LONG);
    const page = await context.newPage();

    await page.goto(SITE + LINK);
    const password = () => page.getByLabel("Password", { exact: true });
    await page.getByLabel("Name").fill("ann");
    await password().fill("short");
    await page.getByRole("button", { name: "Start" }).click();
    await page.locator("[id$=-error]", { hasText: /at least 12 characters/ }).waitFor();
    await password().fill(PASSWORD);
    await page.getByRole("button", { name: "Start" }).click();
    await page.waitForURL(`${SITE}/servers`);
    await signOut(page);
    await page.getByLabel("Name").fill("ann");
    await password().fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`${SITE}/servers`);
    const cookies = await context.cookies();
    assert.equal(cookies.find(({ name }) => name === "groundcrew_session").httpOnly, true);

    await page.evaluate(await script());
    await page.evaluate((id) => window.listen(`servers.${id}.provision`), SERVER);
    await page.waitForFunction(() => window.told.length > 0);
    assert.equal(await page.evaluate(() => window.told[0].server_id), Number(SERVER));
    await page.evaluate(() => window.listen("servers.999.provision"));
    await page.waitForFunction(() => window.failed.length === 1);
    assert.equal(await page.evaluate(() => window.failed[0].status), 403);

    // Signed out in another tab: this one is told within seconds.
    const other = await context.newPage();
    await other.goto(SITE);
    await signOut(other);
    await page.waitForFunction(() => window.failed.length === 2, null, { timeout: 6_500 });
    assert.equal(await page.evaluate(() => window.failed[1].status), 403);
});
