// A page that subscribes to CHANNEL with pusher-js. Says "ready" when it has; asked for an event,
// it answers all of these by then, once there are so many.

import { createInterface } from "node:readline";

import { connected, subscribed } from "./lib/client.js";
import { within } from "./lib/hear.js";

// It ends with this process.
const test = { after() {} };

const ear = await subscribed(await connected(test), process.env.CHANNEL);
console.log('"ready"');
for await (const line of createInterface({ input: process.stdin })) {
    const { event, count } = JSON.parse(line);
    const enough = (done) => {
        const look = () => (ear.all(event).length >= count ? done() : setTimeout(look, 20));
        look();
    };
    await within(`${count} of ${event}`, enough);
    console.log(JSON.stringify(ear.all(event)));
}
process.exit();
