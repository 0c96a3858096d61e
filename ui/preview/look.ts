/**
 * Takes a picture of each sample (light, dark, phone) into `shots/`, and asks axe about it in
 * both themes. Ends with 1 if axe has a serious finding, the page scrolls sideways, or the
 * browser says that something is wrong.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { chromium, type Browser, type Page } from "playwright-core";

import { NOW } from "./samples/shared";
import { addresses, start } from "./site";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SHOTS = new URL("../shots/", import.meta.url).pathname;

const VIEWS = [
    { name: "light", colorScheme: "light", viewport: { width: 1280, height: 860 } },
    { name: "dark", colorScheme: "dark", viewport: { width: 1280, height: 860 } },
    { name: "phone", colorScheme: "light", viewport: { width: 390, height: 844 } },
    { name: "phone-dark", colorScheme: "dark", viewport: { width: 390, height: 844 } },
] as const;

interface Finding {
    id: string;
    impact: string | null;
    nodes: { target: string[]; failureSummary?: string }[];
}

declare const axe: { run: (options: unknown) => Promise<{ violations: Finding[] }> };

export default async function look(names: string[]) {
    mkdirSync(SHOTS, { recursive: true });
    const site = await start();
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium" });
    let wrong = 0;
    try {
        for (const view of VIEWS) {
            for (const { name, url } of addresses()) {
                if (names.length > 0 && !names.some((wanted) => name.startsWith(wanted))) continue;
                const findings = await lookAt(browser, view, name, site.address + url);
                findings.forEach((finding) => console.log(`${name} (${view.name}): ${finding}`));
                wrong += findings.length;
            }
        }
    } finally {
        await browser.close();
        site.close();
    }
    console.log(wrong === 0 ? "nothing is wrong" : `${wrong} findings`);
    process.exitCode = wrong === 0 ? 0 : 1;
}

/** A picture of a page, and what is wrong with it. */
async function lookAt(
    browser: Browser,
    { name: view, ...options }: (typeof VIEWS)[number],
    name: string,
    address: string,
): Promise<string[]> {
    const findings: string[] = [];
    const context = await browser.newContext({
        ...options,
        reducedMotion: "reduce",
        locale: "en-GB",
        timezoneId: "UTC",
    });
    await context.clock.setFixedTime(NOW);
    const page = await context.newPage();
    page.on("pageerror", (error) => findings.push(`error: ${error.message}`));
    page.on("console", (message) => {
        const isStatus = message.text().includes("the server responded with a status of");
        if (message.type() === "error" && !isStatus) findings.push(`console: ${message.text()}`);
    });
    await page.goto(address);
    await page.locator("main").waitFor();
    await settled(page);
    await page.screenshot({ path: `${SHOTS}${name}.${view}.png`, fullPage: true });
    if (await page.evaluate("document.documentElement.scrollWidth > innerWidth")) {
        findings.push("scrolls sideways");
    }
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() =>
        axe.run({
            resultTypes: ["violations"],
            runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        }),
    );
    for (const { id, impact, nodes } of violations) {
        const [first] = nodes;
        findings.push(
            `axe ${impact ?? ""} ${id}: ${first?.target.join(" ") ?? ""} ${first?.failureSummary?.replace(/\s+/g, " ") ?? ""}`,
        );
    }
    await context.close();
    return findings;
}

/** Waits for fonts, the line and the output. */
async function settled(page: Page) {
    await page.evaluate("document.fonts.ready");
    await page.waitForFunction("!/Connecting|Fetching the output/.test(document.body.innerText)");
    await page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
    );
}
