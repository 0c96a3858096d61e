//! How many rows are read for what is asked: an index that is walked from end to end is no better
//! than a table. Postgres says it of each statement (`auto_explain`), those of its own triggers
//! and foreign keys, too.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use groundcrew::store::Store;
use serde_json::Value;
use sqlx::{AnyConnection, Connection, Row};
use tokio::time::sleep;

use crate::allowed::{MANY, SHORT};
use crate::harness::block_on;
use crate::plans::year;
use crate::reads::READS;
use crate::work::work;

/// More than a page has, and much less than there is.
const MOST: f64 = 1000.0;
/// Each statement's plan, with what it has read, goes to the log.
const EXPLAIN: &str = "&options[session_preload_libraries]=auto_explain\
    &options[auto_explain.log_min_duration]=0&options[auto_explain.log_format]=json\
    &options[auto_explain.log_analyze]=on&options[auto_explain.log_timing]=off\
    &options[auto_explain.log_nested_statements]=on";
const END: &str = "SELECT 'that was all'";

#[test]
fn postgres_reads_few_rows() {
    let (url, sample) = year();
    block_on(async {
        let explained = format!("{url}{EXPLAIN}");
        let store = Store::open(&explained, false).await.expect("Postgres");
        for read in READS {
            let answer = (read.ask)(store.clone(), sample.clone()).await;
            answer.unwrap_or_else(|error| panic!("{}, {}: {error}", read.who, read.what));
        }
        work(&store, sample).await;
        store.close().await;
        let mut wrong = Vec::new();
        let visits = visits(&explained).await;
        assert!(visits.len() > 80, "{} statements were seen", visits.len());
        for (statement, (rows, plan)) in visits {
            let most = MANY.iter().find(|(begins, ..)| statement.starts_with(begins));
            if rows > most.map_or(MOST, |(_, most, _)| *most) {
                wrong.push(format!("{rows} rows are read by\n{statement}\n{plan}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    });
}

/// The most rows that each statement has read, and how.
async fn visits(url: &str) -> BTreeMap<String, (f64, String)> {
    let mut connection = AnyConnection::connect(url).await.expect("Postgres");
    sqlx::raw_sql(END).execute(&mut connection).await.expect("a last statement");
    let mut visits = BTreeMap::new();
    for plan in logged(&mut connection).await {
        let statement = plan["Query Text"].as_str().expect("its text").trim().to_owned();
        let rows = rows(&plan["Plan"]);
        let most = visits.entry(statement).or_insert((0.0, String::new()));
        if rows > most.0 {
            *most = (rows, scans(&plan["Plan"]).join(", "));
        }
    }
    visits
}

/// All plans in the server's log; they are there once the last one is.
async fn logged(connection: &mut AnyConnection) -> Vec<Value> {
    let sql = "SELECT pg_read_file(current_setting('data_directory') || '/../log') AS log";
    let start = Instant::now();
    loop {
        assert!(start.elapsed() < Duration::from_secs(30), "the log has no end");
        let row = sqlx::raw_sql(sql).fetch_one(&mut *connection).await.expect("the log");
        let log: String = row.get("log");
        if !log.contains(END) {
            sleep(Duration::from_millis(50)).await;
            continue;
        }
        let plans = log.split("  plan:\n").skip(1).map(|rest| {
            let lines = rest.lines().take_while(|line| line.starts_with('\t'));
            serde_json::from_str(&lines.collect::<String>()).expect("a plan")
        });
        return plans.collect();
    }
}

/// How many rows of tables that grow were read.
fn rows(node: &Value) -> f64 {
    let below = node["Plans"].as_array().into_iter().flatten();
    own_rows(node).map_or(0.0, |(_, rows)| rows) + below.map(rows).sum::<f64>()
}

/// Where most of them were.
fn scans(node: &Value) -> Vec<String> {
    let own = own_rows(node).map(|(table, rows)| {
        let (kind, index) = (&node["Node Type"], &node["Index Name"]);
        format!("{rows} of {table} by {kind} {index}")
    });
    let below = node["Plans"].as_array().into_iter().flatten();
    own.into_iter().chain(below.flat_map(scans)).collect()
}

fn own_rows(node: &Value) -> Option<(&str, f64)> {
    let number = |key: &str| node[key].as_f64().unwrap_or_default();
    let table = node["Relation Name"].as_str().filter(|table| !SHORT.contains(table))?;
    node["Node Type"].as_str().filter(|kind| kind.ends_with("Scan"))?;
    let removed = number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
    Some((table, (number("Actual Rows") + removed) * number("Actual Loops")))
}
