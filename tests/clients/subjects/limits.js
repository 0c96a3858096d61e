// How many connections an address, an application, and all together may have, behind a proxy of
// ours. Who has too many is told to wait (4100), and may come when another has gone.

import assert from "node:assert/strict";
import test from "node:test";

import { comes, goes } from "../lib/comers.js";
import { key } from "../lib/site.js";

const of = (address, appKey = key) => ({ appKey, headers: { "x-forwarded-for": address } });

test("an address has two, and another one's are not counted", async (t) => {
    const first = await comes(t, of("203.0.113.1"));
    const second = await comes(t, of("203.0.113.1"));
    assert.equal((await comes(t, of("203.0.113.1"))).code, 4100);
    const other = await comes(t, of("203.0.113.2"));
    assert.deepEqual([first.code, second.code, other.code], [undefined, undefined, undefined]);
    await goes(first);
    const third = await comes(t, of("203.0.113.1"), 4100);
    assert.equal(third.code, undefined);
    for (const one of [second, other, third]) await goes(one);
});

test("of a list of addresses, the last that no proxy of ours has", async (t) => {
    // What stands before it, anybody can write.
    const lists = ["192.0.2.1, 203.0.113.9", "192.0.2.2, 203.0.113.9, 198.51.100.1"];
    const here = [];
    for (const list of lists) here.push(await comes(t, of(list)));
    assert.equal((await comes(t, of("192.0.2.3, 203.0.113.9"))).code, 4100);
    for (const one of here) await goes(one);
});

test("a neighbour's application has two", async (t) => {
    const here = [];
    for (const address of ["203.0.113.1", "203.0.113.2"]) {
        here.push(await comes(t, of(address, "key-of-the-shop"), 4100));
    }
    assert.deepEqual(here.map((one) => one.code), [undefined, undefined]);
    assert.equal((await comes(t, of("203.0.113.3", "key-of-the-shop"))).code, 4100);
    const ours = await comes(t, of("203.0.113.3"));
    assert.equal(ours.code, undefined);
    for (const one of [...here, ours]) await goes(one);
});

test("all together have six", async (t) => {
    const here = [];
    for (let n = 1; n <= 6; n += 1) here.push(await comes(t, of(`203.0.113.${n}`), 4100));
    assert.deepEqual(here.map((one) => one.code), Array(6).fill(undefined));
    assert.equal((await comes(t, of("203.0.113.7"))).code, 4100);
});
