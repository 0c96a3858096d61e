// A hand on Chromium, for tests that drive it from elsewhere: a line of JSON in, one out. Each names
// a tab and what Playwright is to do there, as `{"tab": "a", "do": "await page.goto(…)"}`; the answer
// is `{"is": …}`, or `{"failed": "…"}`. What a tab asks for over the network and hears is kept, as
// `asked` and `heard`.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

import { chromium } from "playwright-core";

import { QUIET } from "./lib/chromium.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const VIEWPORT = { width: 1280, height: 860 };
const AsyncFunction = (async () => {}).constructor;

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: QUIET });
const tabs = new Map();

/** Opens a tab: a phone's, say, or in another theme; signed in as another one is, if that is named. */
async function open(name, { like, ...options } = {}) {
    const storageState = like && (await tabs.get(like).page.context().storageState());
    const context = await browser.newContext({
        viewport: VIEWPORT,
        reducedMotion: "reduce",
        locale: "en-GB",
        timezoneId: "UTC",
        ...options,
        storageState,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const tab = { page, asked: [], heard: [], wrong: [] };
    page.on("request", (request) => {
        const only = request.headers()["x-inertia-partial-data"];
        const { pathname } = new URL(request.url());
        tab.asked.push([request.method(), pathname, only].filter(Boolean).join(" "));
    });
    page.on("websocket", (socket) =>
        socket.on("framereceived", ({ payload }) => {
            const { event } = JSON.parse(String(payload));
            tab.heard.push({ event, at: Date.now() });
        }),
    );
    page.on("pageerror", (error) => tab.wrong.push(String(error)));
    page.on("console", (line) => {
        // What a page is refused shows itself; what a policy refuses must not be.
        const isStatus = /the server responded with a status of|WebSocket connection to/.test(line.text());
        if (line.type() === "error" && !isStatus) tab.wrong.push(line.text());
    });
    tabs.set(name, tab);
    return tab;
}

/** What axe has against a page: findings that keep people out. */
async function axe(page) {
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() =>
        window.axe.run({
            resultTypes: ["violations"],
            runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        }),
    );
    const bad = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
    return bad.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
}

console.log('"ready"');
for await (const line of createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line);
    try {
        const tab = tabs.get(asked.tab) ?? (await open(asked.tab, asked.options));
        const does = new AsyncFunction("page", "tab", "axe", "tabs", asked.do);
        console.log(JSON.stringify({ is: (await does(tab.page, tab, axe, tabs)) ?? null }));
    } catch (error) {
        const { page } = tabs.get(asked.tab) ?? {};
        const shown = await page?.innerText("body").catch(() => "");
        console.log(JSON.stringify({ failed: `${error}`, at: page?.url(), shown }));
    }
}
await browser.close();
