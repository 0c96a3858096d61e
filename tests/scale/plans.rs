//! Each statement's plan, on both databases. Postgres is asked for the plan that does for all
//! values: that is the one that it keeps.

use std::sync::OnceLock;
use std::sync::mpsc::channel;

use groundcrew::store::Store;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row};

use crate::SIZE;
use crate::allowed::{ALLOWED, FILES, SHORT, reason};
use crate::fill::{Sample, fill};
use crate::harness::{block_on, cluster, schema};
use crate::statements::{self, Statement};

/// A year in Postgres, for all tests of this process: its address, and what is in it.
pub fn year() -> &'static (String, Sample) {
    static YEAR: OnceLock<(String, Sample)> = OnceLock::new();
    YEAR.get_or_init(|| {
        let (tell, told) = channel();
        block_on(async move {
            let url = schema(cluster()).await;
            let store = Store::open(&url, false).await.expect("Postgres");
            store.migrate().await.expect("the schema");
            let sample = fill(&url, false, SIZE).await;
            tell.send((url, sample)).expect("somebody waits");
        });
        told.recv().expect("it is filled")
    })
}

#[test]
fn sqlite_reads_no_whole_table() {
    block_on(async {
        let folder = tempfile::TempDir::new().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("year.db").display());
        let store = Store::open(&url, true).await.expect("SQLite");
        store.migrate().await.expect("the schema");
        fill(&url, true, SIZE).await;
        let mut connection = AnyConnection::connect(&url).await.expect("SQLite");
        let short = short_indexes(&mut connection).await;
        let mut wrong = Vec::new();
        for statement in plannable() {
            let sql = format!("EXPLAIN QUERY PLAN {}", sql(&store, &statement.text));
            let plan = lines(&mut connection, &sql, "detail").await;
            // What a query in brackets has found is no table.
            let found = |name: &str| {
                plan.iter()
                    .any(|line| line.split_once("ROUTINE ").is_some_and(|(_, of)| of == name))
            };
            let whole = |line: &&String| {
                let mut words = line.split(' ');
                // An index of what is open only is short, too.
                words.next() == Some("SCAN")
                    && !found(line.rsplit(' ').next().expect("a word"))
                    && !line.contains("VIRTUAL TABLE")
                    && !line.contains("CONSTANT ROW")
                    && !short.iter().any(|index| line.ends_with(&format!("INDEX {index}")))
                    && !is_short(words.next().expect("a name"), &statement.text)
            };
            wrong.extend(plan.iter().filter(whole).map(|line| complaint(&statement, line)));
        }
        assert!(wrong.is_empty(), "whole tables are read:\n\n{}", wrong.join("\n\n"));
    });
}

#[test]
fn postgres_reads_no_whole_table() {
    let (url, _) = year();
    block_on(async {
        let store = Store::open(url, false).await.expect("Postgres");
        let mut connection = AnyConnection::connect(url).await.expect("Postgres");
        let settings = "SET random_page_cost = 1.1; SET plan_cache_mode = force_generic_plan";
        sqlx::raw_sql(settings).execute(&mut connection).await.expect("as the store has it");
        let mut wrong = Vec::new();
        for (number, statement) in plannable().into_iter().enumerate() {
            // A page's end is no value that a plan for all could know.
            let text = limited(&sql(&store, &statement.text));
            let values = (1..).take_while(|n| text.contains(&format!("${n}"))).map(|_| "NULL");
            let values = values.collect::<Vec<_>>().join(", ");
            let values = if values.is_empty() { values } else { format!("({values})") };
            let prepare = format!("PREPARE s{number} AS {text}");
            let prepared = sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut connection).await;
            prepared.unwrap_or_else(|error| panic!("{error}: {text}"));
            let sql = format!("EXPLAIN EXECUTE s{number}{values}");
            let plan = lines(&mut connection, &sql, "QUERY PLAN").await;
            let whole = |line: &&String| {
                let table = line.split_once("Seq Scan on ").map(|(_, table)| table);
                let table = table.and_then(|table| table.split(' ').next());
                table.is_some_and(|table| !SHORT.contains(&table))
            };
            wrong.extend(plan.iter().filter(whole).map(|line| complaint(&statement, line)));
        }
        assert!(wrong.is_empty(), "whole tables are read:\n\n{}", wrong.join("\n\n"));
    });
}

/// No reason stands for a statement that is gone.
#[test]
fn what_is_allowed_is_there() {
    let all = statements::all();
    for (begins, why) in ALLOWED {
        assert!(all.iter().any(|one| one.text.starts_with(begins)), "{begins} ({why}) is nowhere");
    }
    assert!(all.len() > 100, "{} statements were found", all.len());
    for (file, why) in FILES {
        assert!(all.iter().any(|one| one.file == *file), "{file} ({why}) is gone");
    }
}

/// Statements that are to be looked at.
fn plannable() -> Vec<Statement> {
    let mut all = statements::all();
    // The words of each database are in the statements that use them.
    all.retain(|one| reason(&one.file, &one.text).is_none() && one.file != "dialect.rs");
    all.retain(|one| !one.text.contains("pg_advisory"));
    all
}

/// As the database gets it.
fn sql(store: &Store, text: &str) -> String {
    store.statement(text.to_owned().leak())
}

/// With 50 instead of a limit that is bound, and the values after it counted on without it.
fn limited(text: &str) -> String {
    let Some((before, after)) = text.rsplit_once("LIMIT $") else { return text.to_owned() };
    let digits = after.len() - after.trim_start_matches(|one: char| one.is_ascii_digit()).len();
    let number: u32 = after[..digits].parse().expect("a number");
    let text = format!("{before}LIMIT 50{}", &after[digits..]);
    (number + 1..10).fold(text, |text, n| text.replace(&format!("${n}"), &format!("${}", n - 1)))
}

fn complaint(statement: &Statement, line: &str) -> String {
    format!("{}: {}\n{}", statement.file, line.trim(), statement.text)
}

async fn lines(connection: &mut AnyConnection, sql: &str, column: &str) -> Vec<String> {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(connection).await;
    let rows = rows.unwrap_or_else(|error| panic!("{error}: {sql}"));
    rows.iter().map(|row| row.try_get(column).expect("a line")).collect()
}

/// Whether this is one of the short tables, or what the statement calls it.
fn is_short(name: &str, text: &str) -> bool {
    let renamed = |table: &&&str| text.contains(&format!("{table} AS {name} "));
    SHORT.contains(&name) || SHORT.iter().any(|table| renamed(&table))
}

/// Indexes of some rows only, which are few: those that something is to be done about.
async fn short_indexes(connection: &mut AnyConnection) -> Vec<String> {
    let sql = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'";
    let rows = sqlx::raw_sql(sql).fetch_all(&mut *connection).await.expect("the schema");
    let mut short = Vec::new();
    for row in rows {
        let (name, table): (String, String) = (row.get("name"), row.get("tbl_name"));
        let sql: String = row.get("sql");
        let (_, holds) =
            sql.split_once(" WHERE ").or_else(|| sql.split_once("\n    WHERE ")).expect("its rows");
        let count = format!("SELECT count(*) AS n FROM {table} WHERE {holds}");
        let count = sqlx::raw_sql(AssertSqlSafe(count)).fetch_one(&mut *connection).await;
        if count.expect("a number").get::<i64, _>("n") < 1000 {
            short.push(name);
        }
    }
    short
}
