/**
 * What the pages are given, what they ask for, and what they hear: the contract between `ui/`
 * and `groundcrew web`. Names and words are those of the API (`/api/v1/docs`); a field marked
 * [+] is not in the API yet.
 *
 * Times are RFC 3339 in UTC, by the installation's clock; those of a run's steps are by the
 * host's.
 */
export * from "./words";
export * from "./shared";
export * from "./servers";
export * from "./runs";
export * from "./catalog";
export * from "./pages";
export * from "./forms";
export * from "./channels";
