/**
 * The installation's clock, as far as a browser knows it: a browser's own may be minutes off,
 * and "26 s" would be wrong.
 */
let ahead = 0;

/** The installation answered just now, and its clock said this. */
export function setClock(now: string, heard = Date.now()) {
    const at = Date.parse(now);
    if (!Number.isNaN(at)) ahead = at - heard;
}

/** What the installation's clock says now, in ms since 1970. */
export function now(): number {
    return Date.now() + ahead;
}
