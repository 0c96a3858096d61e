// Listens to the output of the run RUN with pusher-js. Says "ready" when it has subscribed. Asked
// for an end, it answers all that was said by then, each with its time in ms, once something was
// said that goes so far.

import { createInterface } from "node:readline";

import { connected, subscribed } from "./lib/client.js";
import { within } from "./lib/hear.js";

const OUTPUT = "App\\Events\\RunOutput";
// It ends with this process.
const test = { after() {} };

const said = [];
let look = () => {};
const pusher = await connected(test);
const channel = `private-runs.${process.env.RUN}.output`;
// Before it is subscribed: what comes at once is heard.
pusher.subscribe(channel).bind(OUTPUT, (output) => {
    said.push({ ...output, at: performance.now() });
    look();
});

function reaches(end) {
    const begin = (done) => {
        look = () => {
            if (said.some(({ offset, length }) => offset + length >= end)) done(said);
        };
        look();
    };
    return within(`output up to ${end}`, begin, () => `; said: ${JSON.stringify(said)}`);
}

await subscribed(pusher, channel);
console.log('"ready"');
for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await reaches(JSON.parse(line).end)));
}
process.exit();
