//! All that the database holds of runs, as values: read by plain SQL, written back to bring
//! a state about, and with the times taken out that make two like states differ.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row as _};

/// What is read, each with its key, and parents first.
const TABLES: [(&str, &[&str]); 4] = [
    ("servers", &["id"]),
    ("runs", &["id"]),
    ("run_steps", &["run_id", "number"]),
    ("run_attempts", &["run_id", "number"]),
];
/// A time to come, for those who wait (ms since 1970, in 2096).
pub const LATER: i64 = 4_000_000_000_000;

pub type Row = Map<String, Value>;

/// The tables at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Tables(BTreeMap<&'static str, Vec<Row>>);

impl Tables {
    pub fn rows(&self, table: &str) -> &[Row] {
        &self.0[table]
    }

    pub fn rows_mut(&mut self, table: &str) -> &mut Vec<Row> {
        self.0.get_mut(table).expect("a table")
    }

    pub fn runs(&self) -> &[Row] {
        self.rows("runs")
    }

    pub fn run(&self, id: &str) -> &Row {
        self.runs().iter().find(|run| run.text("id") == id).expect("the run")
    }

    pub fn server(&self, id: i64) -> &Row {
        self.rows("servers").iter().find(|server| server.int("id") == id).expect("the server")
    }

    /// Rows of a table that hang on this run.
    pub fn of_run<'a>(&'a self, table: &str, run: &'a str) -> impl Iterator<Item = &'a Row> {
        self.rows(table).iter().filter(move |row| row.text("run_id") == run)
    }

    /// Times as words: what is over, and what is to come. When runs ended stays.
    pub fn without_times(mut self) -> Self {
        let now = jiff::Timestamp::now().as_millisecond();
        for (table, rows) in &mut self.0 {
            for (column, value) in rows.iter_mut().flat_map(Row::iter_mut) {
                let Some(time) = value.as_i64() else { continue };
                *value = match column.as_str() {
                    "finished_at" if *table == "runs" => continue,
                    "lease_until" | "due_at" => (if time > now { LATER } else { 0 }).into(),
                    name if ["_at", "_since"].iter().any(|end| name.ends_with(end)) => 1.into(),
                    _ => continue,
                };
            }
        }
        self
    }

    /// The same, with only the order in which runs ended.
    pub fn order_ends(&mut self) {
        let ends: BTreeSet<i64> =
            self.runs().iter().filter_map(|run| run["finished_at"].as_i64()).collect();
        for run in self.rows_mut("runs").iter_mut().filter(|run| run.has("finished_at")) {
            let place = ends.range(..=run.int("finished_at")).count();
            run.insert("finished_at".to_owned(), place.into());
        }
    }

    /// Without the order in which runs ended.
    pub fn without_ends(mut self) -> Self {
        for run in self.rows_mut("runs").iter_mut().filter(|run| run.has("finished_at")) {
            run.insert("finished_at".to_owned(), 1.into());
        }
        self
    }
}

/// Short names for a row's values.
pub trait Columns {
    fn int(&self, column: &str) -> i64;
    fn text(&self, column: &str) -> &str;
    fn has(&self, column: &str) -> bool;
}

impl Columns for Row {
    fn int(&self, column: &str) -> i64 {
        self[column].as_i64().unwrap_or_else(|| panic!("{column} is {}", self[column]))
    }

    fn text(&self, column: &str) -> &str {
        self[column].as_str().unwrap_or_default()
    }

    fn has(&self, column: &str) -> bool {
        !self[column].is_null()
    }
}

/// A connection past the store.
pub struct Plain {
    connection: AnyConnection,
    read: String,
    columns: BTreeMap<&'static str, Vec<String>>,
}

impl Plain {
    pub async fn new(url: &str, is_sqlite: bool) -> Self {
        let mut connection = AnyConnection::connect(url).await.expect("a connection");
        let mut columns = BTreeMap::new();
        for (table, _) in TABLES {
            let sql = if is_sqlite {
                format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid")
            } else {
                format!(
                    "SELECT CAST(column_name AS TEXT) FROM information_schema.columns WHERE \
                     table_schema = current_schema() AND table_name = '{table}' ORDER BY ordinal_position"
                )
            };
            let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await;
            let names = rows.expect("columns").iter().map(|row| row.get::<String, _>(0)).collect();
            columns.insert(table, names);
        }
        let read = if is_sqlite { read_sqlite(&columns) } else { read_postgres() };
        Self { connection, read, columns }
    }

    /// All tables, at one moment.
    pub async fn read(&mut self) -> Tables {
        let row = sqlx::query(AssertSqlSafe(self.read.clone())).fetch_one(&mut self.connection);
        let text: String = row.await.expect("the tables").get(0);
        let mut all: BTreeMap<String, Vec<Row>> = serde_json::from_str(&text).expect("JSON");
        let tables = TABLES.map(|(table, _)| (table, all.remove(table).expect("the table")));
        Tables(tables.into())
    }

    /// Makes the database hold this, and nothing else.
    pub async fn write(&mut self, tables: &Tables) {
        let mut sql = String::from("DELETE FROM servers;");
        for (table, _) in TABLES {
            let names = &self.columns[table];
            let rows = tables.rows(table).iter().map(|row| {
                let values: Vec<_> = names.iter().map(|name| literal(&row[name])).collect();
                format!("({})", values.join(","))
            });
            let rows: Vec<_> = rows.collect();
            if !rows.is_empty() {
                sql += &format!(
                    "INSERT INTO {table} ({}) VALUES {};",
                    names.join(","),
                    rows.join(",")
                );
            }
        }
        self.execute(&format!("BEGIN;{sql}COMMIT")).await;
    }

    pub async fn execute(&mut self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::raw_sql(sql).execute(&mut self.connection).await.expect("plain SQL");
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        value => value.to_string(),
    }
}

fn read_sqlite(columns: &BTreeMap<&'static str, Vec<String>>) -> String {
    let tables = TABLES.map(|(table, key)| {
        let pairs: Vec<_> = columns[table].iter().map(|name| format!("'{name}',{name}")).collect();
        let (pairs, key) = (pairs.join(","), key.join(","));
        format!("'{table}',json((SELECT json_group_array(json_object({pairs}) ORDER BY {key}) FROM {table}))")
    });
    format!("SELECT json_object({})", tables.join(","))
}

fn read_postgres() -> String {
    let tables = TABLES.map(|(table, key)| {
        let key = key.join(",");
        format!("'{table}',(SELECT COALESCE(json_agg(row_to_json(t) ORDER BY {key}),'[]') FROM {table} t)")
    });
    format!("SELECT json_build_object({})::text", tables.join(","))
}
