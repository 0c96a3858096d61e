// Without a proxy of ours in front, nobody's word is taken for where it comes from.

import assert from "node:assert/strict";
import test from "node:test";

import { comes } from "../lib/comers.js";

test("what a client says of its address is not believed", async (t) => {
    const codes = [];
    for (let n = 1; n <= 3; n += 1) {
        codes.push((await comes(t, { headers: { "x-forwarded-for": `203.0.113.${n}` } })).code);
    }
    assert.deepEqual(codes, [undefined, undefined, 4100]);
});
