// Pages of servers, kept open by pusher-js, each on its own connection. Says "ready" when all
// have subscribed. Asked for times, one a server, it answers when the last page was told first
// after its server's time, once all were.

import { createInterface } from "node:readline";

import { client } from "./lib/client.js";
import { within } from "./lib/hear.js";
import { servers } from "./lib/site.js";

const CHANGED = "App\\Events\\ServerProvisionUpdated";
const count = Number(process.env.PAGES);
// They end with this process.
const test = { after() {} };

/** When each page was told, in ns. */
const told = Array.from({ length: count }, () => []);
let look = () => {};

const serverOf = (page) => page % servers.length;

for (let page = 0; page < count; page++) {
    const channel = `private-servers.${servers[serverOf(page)]}.provision`;
    client(test).subscribe(channel).bind(CHANGED, () => {
        told[page].push(process.hrtime.bigint());
        look();
    });
}

/** When the last page knew what happened before `since`, by server. */
function allKnow(since) {
    const first = () => told.map((times, page) => times.find((at) => at >= since[serverOf(page)]));
    const missing = () => first().filter((at) => at === undefined).length;
    const begin = (done) => {
        look = () => {
            if (missing() > 0) return;
            look = () => {};
            done(first().reduce((one, other) => (one > other ? one : other)));
        };
        look();
    };
    return within("all know", begin, () => `; ${missing()} of ${count} do not`);
}

await allKnow(servers.map(() => 0n));
console.log('"ready"');
for await (const line of createInterface({ input: process.stdin })) {
    const at = await allKnow(JSON.parse(line).since.map(BigInt));
    console.log(JSON.stringify({ at: String(at), told: told.flat().length }));
}
process.exit();
