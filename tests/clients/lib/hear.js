// Waiting for what a client hears. Nothing here sleeps: that a thing is not heard is shown by
// a later one that took the same way and is.

/** Longer than anything takes, in ms; who waits so long has failed. */
export const LONG = 30_000;

/** What an emitter of pusher-js next says of this event. */
export function next(emitter, event) {
    return within(event, (done) => emitter.bind(event, done));
}

/** What `begin` hands to its callback; fails after `limit` ms. */
export function within(what, begin, explain = () => "", limit = LONG) {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`never: ${what} ${explain()}`)), limit);
        begin((value) => {
            clearTimeout(timer);
            resolve(value);
        });
    });
}

/** Hears all that is said on a channel, from now on, and keeps it. */
export class Ear {
    /** Each with `event` and `data`. */
    heard = [];
    #waits = new Set();

    constructor(channel) {
        channel?.bind_global((event, data) => this.note(event, data));
        this.channel = channel;
    }

    note(event, data) {
        this.heard.push({ event, data });
        for (const look of this.#waits) look();
    }

    /** The data of an event that was or will be heard. */
    hears(event, where = () => true) {
        const find = () => this.heard.find((one) => one.event === event && where(one.data));
        const begin = (done) => {
            const look = () => {
                const found = find();
                if (found) {
                    this.#waits.delete(look);
                    done(found.data);
                }
            };
            this.#waits.add(look);
            look();
        };
        return within(event, begin, () => `; heard: ${JSON.stringify(this.heard)}`);
    }

    /** The data of all of this event by now. */
    all(event) {
        return this.heard.filter((one) => one.event === event).map((one) => one.data);
    }
}
