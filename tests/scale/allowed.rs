//! Statements that may read all of a table, each with its reason.

/// The beginning of a statement, and why it may.
pub const ALLOWED: &[(&str, &str)] = &[
    ("SELECT * FROM servers ORDER BY name", "`groundcrew server list` shows all of them"),
    (
        "SELECT runs.*, servers.name AS server FROM runs JOIN servers ON servers.id = runs.server_id ORDER BY",
        "the last ones, backwards through the key: it ends where the list does",
    ),
    ("SELECT * FROM audit_log ORDER BY id DESC LIMIT", "the same"),
    ("SELECT {row}, {column} FROM {table}", "`groundcrew key rotate` seals everything anew"),
    ("UPDATE {table} SET {column}", "the same; by the row's key"),
    ("DELETE FROM idempotency_keys", "the same: all of them are forgotten"),
];

/// Files whose statements may, and why.
pub const FILES: &[(&str, &str)] =
    &[("restored.rs", "once, when a backup was restored: all of it is given other epochs")];

/// The beginning of a statement that may read more rows than others, how many, and why.
pub const MANY: &[(&str, f64, &str)] = &[
    ("SELECT id FROM runs WHERE runs.status = 'pending'", 2000.0, "what waits, and is at work"),
    ("SELECT runs.id, name, due_at", 2000.0, "the same, for `groundcrew doctor`"),
    ("SELECT count(*) AS count, COALESCE((", 2500.0, "the same, for the metrics"),
    ("SELECT attempt, start, CAST(length", 3000.0, "the lengths of one run's pieces of output"),
    ("SELECT run_id, step, CAST(SUM(length", 3000.0, "the same"),
];

/// Tables with a row for each of the people, their browsers, and the workers: short ones.
pub const SHORT: &[&str] =
    &["users", "sessions", "sign_in_links", "tokens", "workers", "installation", "migrations"];

/// Why the statement of this file may read whole tables.
pub fn reason(file: &str, text: &str) -> Option<&'static str> {
    let files = FILES.iter().filter(|(name, _)| *name == file);
    let texts = ALLOWED.iter().filter(|(begins, _)| text.starts_with(begins));
    files.chain(texts).map(|(_, why)| *why).next()
}
