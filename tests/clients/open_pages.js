// Pages of servers as people keep them open: pusher-js says that a server changed, and the page
// fetches it whole, one fetch at a time, and one more after those that came meanwhile. Says "ready"
// when all have fetched. Asked for revisions, one a server, it answers when all pages show them, with
// the fetches that failed: nothing is tried twice here.

import { createInterface } from "node:readline";

import { client } from "./lib/client.js";
import { within } from "./lib/hear.js";
import { servers } from "./lib/site.js";

const CHANGED = "App\\Events\\ServerProvisionUpdated";
const count = Number(process.env.PAGES);
// They end with this process.
const test = { after() {} };
const headers = { authorization: `Bearer ${process.env.TOKEN}`, accept: "application/json" };

const failed = [];
let fetched = 0;
let slowest = 0;
let look = () => {};

class Page {
    revision = 0;
    #busy = false;
    #again = false;

    constructor(server) {
        this.server = server;
        client(test).subscribe(`private-servers.${server}.provision`).bind(CHANGED, () => this.fetch());
    }

    async fetch() {
        if (this.#busy) {
            this.#again = true;
            return;
        }
        this.#busy = true;
        do {
            this.#again = false;
            const began = performance.now();
            try {
                const answer = await fetch(`${process.env.SITE}/api/v1/servers/${this.server}`, { headers });
                if (!answer.ok) throw new Error(`status ${answer.status}`);
                this.revision = (await answer.json()).revision;
            } catch (error) {
                failed.push(`${error.message}: ${error.cause?.message}`);
            }
            fetched++;
            slowest = Math.max(slowest, performance.now() - began);
        } while (this.#again);
        this.#busy = false;
        look();
    }
}

const pages = Array.from({ length: count }, (_, page) => new Page(servers[page % servers.length]));

/** When no page shows less than these revisions. */
function allShow(revisions) {
    const behind = () => pages.filter((page, n) => page.revision < revisions[n % servers.length]);
    const begin = (done) => {
        look = () => {
            if (behind().length > 0) return;
            look = () => {};
            done();
        };
        look();
    };
    return within("all show", begin, () => `; ${behind().length} of ${count} do not; ${failed}`);
}

await allShow(servers.map(() => 1));
console.log('"ready"');
for await (const line of createInterface({ input: process.stdin })) {
    await allShow(JSON.parse(line).revisions);
    console.log(JSON.stringify({ fetched, failed, slowest: Math.round(slowest) }));
}
process.exit();
