// Pages of the origins that the operator lists may connect, and programs, which have none.

import assert from "node:assert/strict";
import test from "node:test";

import { comes } from "../lib/comers.js";

test("pages of another origin are refused for good", async (t) => {
    const of = async (headers) => (await comes(t, { headers })).code;
    assert.equal(await of({ origin: "https://panel.example.com" }), undefined);
    assert.equal(await of({}), undefined);
    for (const origin of ["https://evil.example.com", "http://panel.example.com", "null"]) {
        assert.equal(await of({ origin }), 4009, origin);
    }
});
