// @vitest-environment node
/** What the built pages do in a real browser, against the preview: `npm run behave`. */
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { outputChannel, provisionChannel, type RunOutput } from "../src/contract";
import { samples, type Sample } from "./samples";
import { RUN, RUN_BIG } from "./samples/runs";
import { start, type Site } from "./site";

const PAGE = "/servers/7/provisioning";
const CHANGED = "App\\Events\\ServerProvisionUpdated";

let browser: Browser;
let site: Site;
let page: Page;

vi.setConfig({ testTimeout: 40_000 });

beforeAll(async () => {
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium" });
});
afterAll(() => browser.close());
beforeEach(async () => {
    site = await start();
    page = await browser.newPage({
        reducedMotion: "reduce",
        viewport: { width: 1280, height: 800 },
    });
});
afterEach(async () => {
    await page.close();
    site.close();
});

const notify = () => site.publish(`private-${provisionChannel(7)}`, CHANGED, { server_id: 7 });
const fetches = () => site.requests.filter((request) => request === `GET ${PAGE} server`).length;
const sample = (name: string): Sample => {
    const found = samples[name];
    if (!found) throw new Error(`there is no sample ${name}`);
    return found;
};

async function open(address: string) {
    await page.goto(site.address + address);
    await page.getByText("Live", { exact: true }).waitFor();
}

/** Tells the page what step 7 wrote. */
function write(text: string, offset: number) {
    const length = Buffer.byteLength(text);
    const said: RunOutput = { run_id: RUN, step: 7, offset, step_offset: offset, length, text };
    site.publish(`private-${outputChannel(RUN)}`, "App\\Events\\RunOutput", said);
}

/** How many bytes of output step 7 has in the preview. */
async function outputLength() {
    const answer = await fetch(`${site.address}/api/v1/runs/${RUN}/output?step=7&limit=1`);
    return Number(answer.headers.get("Whole-Length"));
}

describe("promise 7: the page shows what is true", () => {
    it("fetches once for many notifications, never two at a time, and once more at the end", async () => {
        await open(PAGE);
        site.answers.late = 150;
        const begun = Date.now();
        for (let i = 0; i < 30; i++) {
            notify();
            await page.waitForTimeout(10);
        }
        site.show(sample("provisioning-failed"));
        notify();
        await page.getByText("Install Nginx failed").first().waitFor();
        expect(site.most()).toBe(1);
        expect(fetches()).toBeGreaterThan(1);
        expect(fetches()).toBeLessThan(3 + (Date.now() - begun) / site.answers.late);
        const before = site.requests.length;
        await page.waitForTimeout(1500);
        expect(site.requests.length, "nothing is polled").toBe(before);
    });

    it("says that the line is down, and is live again when it is back", async () => {
        await open(PAGE);
        site.cut();
        await page.getByText("Line is down, trying again").waitFor();
        await page.waitForTimeout(1000);
        site.restore();
        await page.getByText("Live", { exact: true }).waitFor({ timeout: 8000 });
        notify();
        await expect.poll(fetches).toBe(1);
    });

    it("asks again when it was not allowed to listen", async () => {
        site.answers.mayListen = false;
        await page.goto(site.address + PAGE);
        await page.getByText("Line is down, trying again").waitFor();
        site.answers.mayListen = true;
        await page.getByText("Live", { exact: true }).waitFor();
        notify();
        await expect.poll(fetches).toBe(1);
    });

    it("tries a fetch again that failed, and stays the page that it is", async () => {
        await open(PAGE);
        site.answers.status = 503;
        notify();
        await page.getByText("Can’t fetch, trying again").waitFor();
        expect(await page.locator("h1").textContent()).toBe("Provisioning edge-fra-1");
        site.show(sample("provisioning-failed"));
        site.answers.status = 200;
        await page.getByText("Install Nginx failed").first().waitFor();
        await page.getByText("Live", { exact: true }).waitFor();
    });

    it("goes on to the server's page by itself", async () => {
        await open(PAGE);
        site.show(sample("provisioning-completed"));
        notify();
        await page.getByText("Going on to the server").waitFor();
        await page.waitForURL("**/servers/7");
        await page.getByRole("heading", { name: "Run a job" }).waitFor();
    });
});

describe("the page asks for little", () => {
    it("subscribes once to each channel, and fetches a step's output once, through all steps", async () => {
        await open(PAGE);
        await page.getByText("Setting up nginx (1.22").waitFor();
        const asked = () => site.requests.filter((request) => request.includes("/output?")).length;
        const signed = () => site.requests.filter((request) => request.startsWith("POST /broad"));
        await expect.poll(() => signed().length).toBe(2);
        await expect.poll(asked).toBe(2);
        const { props } = sample("provisioning") as Extract<
            Sample,
            { component: "ServerProvisioning" }
        >;
        const next = structuredClone(props);
        const steps = next.server.steps.flatMap((step) => step.steps);
        for (const { number } of steps.filter(({ status }) => status === "pending")) {
            for (const step of steps) {
                if (step.number < number) step.status = "completed";
                if (step.number === number) step.status = "installing";
            }
            site.show({ component: "ServerProvisioning", url: PAGE, props: structuredClone(next) });
            notify();
            await page.getByText(`step ${number} of 10`).waitFor();
        }
        expect(signed()).toHaveLength(2);
        // Of each of the three steps; the one before was perhaps asked for once more at its end.
        await expect.poll(asked).toBeGreaterThanOrEqual(5);
        expect(asked()).toBeLessThan(9);
    });
});

describe("an update disturbs nobody", () => {
    it("keeps scroll position, open panels, and a selection in the output", async () => {
        await open(PAGE);
        await page.getByRole("button", { name: /Install firewall/ }).click();
        await page.getByText("Writing the rules").waitFor();
        await page.evaluate("scrollTo(0, 120)");
        const line = page.getByText("Need to get 625 kB of archives.");
        await line.click({ clickCount: 3 });
        const selected = () => page.evaluate("getSelection().toString().trim()");
        expect(await selected()).toBe("Need to get 625 kB of archives.");
        let offset = await outputLength();
        for (let i = 0; i < 60; i++) {
            const text = `\nline ${i}`;
            write(text, offset);
            offset += Buffer.byteLength(text);
        }
        notify();
        await expect.poll(fetches).toBe(1);
        await page.waitForTimeout(300);
        expect(await selected()).toBe("Need to get 625 kB of archives.");
        expect(await page.getByText("Writing the rules").isVisible()).toBe(true);
        expect(await page.evaluate("scrollY")).toBe(120);
        const follow = page.getByRole("button", { name: "Follow" });
        expect(await follow.getAttribute("aria-pressed")).toBe("false");
        await follow.click();
        await page.getByText("line 59").waitFor();
    });

    it("stops following when a person scrolls up, and begins again at the end", async () => {
        await open(PAGE);
        let offset = await outputLength();
        const more = (count: number) => {
            for (let i = 0; i < count; i++) {
                const text = `\nmore ${offset}`;
                write(text, offset);
                offset += Buffer.byteLength(text);
            }
        };
        more(50);
        await page.getByText(`more ${offset - Buffer.byteLength(`\nmore ${offset}`)}`).waitFor();
        const log = page.getByRole("log");
        const atEnd = () =>
            log.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 60);
        await expect.poll(atEnd).toBe(true);
        await log.hover();
        await page.mouse.wheel(0, -600);
        const follow = page.getByRole("button", { name: "Follow" });
        await expect.poll(() => follow.getAttribute("aria-pressed")).toBe("false");
        more(20);
        await page.waitForTimeout(200);
        expect(await atEnd()).toBe(false);
        await page.mouse.wheel(0, 5000);
        await expect.poll(() => follow.getAttribute("aria-pressed")).toBe("true");
    });
});

describe("the output of a run", () => {
    it("of 200 MB has few rows in the document, is searched, and begins where it is said", async () => {
        await page.goto(`${site.address}/runs/${RUN_BIG}?sample=big`);
        await page.getByText("The first 198 MB of 200 MB are not shown.").waitFor();
        const rows = () => page.locator("[data-index]").count();
        expect(await rows()).toBeLessThan(150);
        await page.getByRole("button", { name: "Search" }).click();
        await page.keyboard.type("module  123");
        await page.getByText(/1 of \d+ lines/).waitFor();
        await page.keyboard.press("Enter");
        await page.getByText(/2 of \d+ lines/).waitFor();
        const mark = page.locator("mark").first();
        await expect.poll(() => mark.textContent()).toBe("module  123");
        expect(await rows()).toBeLessThan(150);
        await page.keyboard.press("Escape");
        await expect.poll(() => page.locator("mark").count()).toBe(0);
    });
});

describe("a form", () => {
    it("keeps what was entered and says what is wrong; its answer is shown once", async () => {
        await page.goto(`${site.address}/servers/new`);
        await page.getByLabel("Name", { exact: true }).fill("taken");
        await page.getByLabel("Address").fill("203.0.113.24");
        await page.getByLabel(/^PHP/).check();
        await page.getByLabel("Port of the status page").fill("8080");
        const add = page.getByRole("button", { name: "Add the server" });
        await add.click();
        await page.getByText("One of your servers has this name.").waitFor();
        expect(await page.getByLabel("Port of the status page").inputValue()).toBe("8080");
        await page.getByLabel("Name", { exact: true }).fill("edge-fra-1");
        await add.click();
        await page.waitForURL(`**${PAGE}`);
        site.show(sample("provisioning-line-gone"));
        await page.getByText("Live", { exact: true }).waitFor();
        notify();
        await expect.poll(fetches).toBe(1);
        await page.getByText("/join/vZ4m0Qb7rT2kXy9LwUe3HsN6aJc8Pd1f").waitFor();
        await page.getByRole("button", { name: "wget" }).click();
        await page.getByText("wget -qO-").waitFor();
        // No trace of it in the browser's history.
        expect(await page.evaluate("JSON.stringify(history.state)")).not.toContain("vZ4m0Qb7");
        await page.goto(`${site.address}${PAGE}?sample=line-gone`);
        await page.getByRole("button", { name: "Make a new line" }).waitFor();
    });
});

describe("by keyboard alone", () => {
    it("reaches the content, the menu and the theme, and opens and closes what asks", async () => {
        await open(PAGE);
        await page.keyboard.press("Tab");
        await page.keyboard.press("Enter");
        expect(await page.evaluate("document.activeElement.id")).toBe("main");
        const menu = page.getByRole("button", { name: /Menu of/ });
        await menu.focus();
        await page.keyboard.press("Enter");
        const dark = page.getByRole("menuitemradio", { name: "Dark" });
        await dark.focus();
        await page.keyboard.press("Enter");
        expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("dark");
        await page.keyboard.press("Escape");
        await page.reload();
        expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("dark");
        const cancel = page.getByRole("button", { name: "Cancel", exact: true });
        await cancel.focus();
        await page.keyboard.press("Enter");
        await page.getByRole("dialog").waitFor();
        expect(await page.evaluate("document.activeElement.textContent")).toBe("Back");
        await page.keyboard.press("Escape");
        await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
        expect(await page.evaluate("document.activeElement.textContent")).toBe("Cancel");
    });
});
