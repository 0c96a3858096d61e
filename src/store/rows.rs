//! Rows of the tables as the model's types.

use std::collections::HashMap;
use std::hash::Hash;
use std::str::FromStr;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::any::{Any, AnyRow};
use sqlx::{Decode, Error, Row, Type};

use crate::model::{
    AttemptRecord, Changed, Chunk, FailureKind, HostState, Note, ProvisionStep, Run, RunStep,
    Server, Status,
};

type Result<T> = std::result::Result<T, Error>;

pub(super) fn server(row: &AnyRow) -> Result<Server> {
    Ok(Server {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        host: row.try_get("host")?,
        ssh_port: row.try_get::<i64, _>("ssh_port")?.try_into().map_err(decode)?,
        ssh_user: row.try_get("ssh_user")?,
        host_key: Some(row.try_get::<String, _>("host_key")?).filter(|key| !key.is_empty()),
        host_key_offered: row.try_get("host_key_offered")?,
        has_key: row.try_get::<Option<Vec<u8>>, _>("private_key")?.is_some(),
        public_key: row.try_get("public_key")?,
        provider: row.try_get("provider")?,
        public_ip: row.try_get("public_ip")?,
        private_ip: row.try_get("private_ip")?,
        connection: word(row, "connection")?,
        os_name: row.try_get("os_name")?,
        os_version: row.try_get("os_version")?,
        os_codename: row.try_get("os_codename")?,
        joins_by: match row.try_get::<Option<String>, _>("joins_by")? {
            None => None,
            Some(_) => Some(word(row, "joins_by")?),
        },
        provision_status: status(row, "provision_status")?,
        revision: row.try_get("revision")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

/// Rows by what they belong to, which this column names; each in their order.
pub(super) fn grouped<'r, K, T>(
    rows: &'r [AnyRow],
    owner: &'static str,
    read: impl Fn(&AnyRow) -> Result<T>,
) -> Result<HashMap<K, Vec<T>>>
where
    K: Eq + Hash + Decode<'r, Any> + Type<Any>,
{
    let mut groups: HashMap<K, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(row.try_get(owner)?).or_default().push(read(row)?);
    }
    Ok(groups)
}

pub(super) fn changed(row: &AnyRow) -> Result<Changed> {
    Ok(Changed {
        server_id: row.try_get("server_id")?,
        revision: row.try_get("revision")?,
        at: time(row, "updated_at")?,
    })
}

pub(super) fn run(row: &AnyRow) -> Result<Run> {
    Ok(Run {
        id: row.try_get("id")?,
        server_id: row.try_get("server_id")?,
        jobs: json(row, "jobs")?,
        parameters: json(row, "parameters")?,
        untested_system: flag(row, "untested_system")?,
        status: status(row, "status")?,
        epoch: row.try_get("epoch")?,
        worker: row.try_get("worker")?,
        waiting: row.try_get("waiting")?,
        cancel_requested_at: maybe_time(row, "cancel_requested_at")?,
        unreachable_since: maybe_time(row, "unreachable_since")?,
        unreachable: row.try_get("unreachable")?,
        host_state: match row.try_get::<Option<String>, _>("host_state")?.as_deref() {
            None => None,
            Some("abandoned") => Some(HostState::Abandoned),
            Some(_) => Some(HostState::Unknown),
        },
        error_kind: kind(row.try_get("error_kind")?)?,
        error: row.try_get("error")?,
        changed: row.try_get("changed")?,
        output_bytes: row.try_get("output_bytes")?,
        output_cut: flag(row, "output_cut")?,
        created_at: time(row, "created_at")?,
        started_at: maybe_time(row, "started_at")?,
        finished_at: maybe_time(row, "finished_at")?,
    })
}

pub(super) fn step(row: &AnyRow) -> Result<RunStep> {
    Ok(RunStep {
        number: row.try_get("number")?,
        job: row.try_get("job")?,
        name: row.try_get("name")?,
        title: row.try_get("title")?,
        handler: flag(row, "handler")?,
        status: status(row, "status")?,
        changed: row.try_get::<Option<i64>, _>("changed")?.map(|changed| changed == 1),
        starts: row.try_get("starts")?,
        exit_code: row.try_get("exit_code")?,
        error: row.try_get("error")?,
        started_at: maybe_time(row, "started_at")?,
        finished_at: maybe_time(row, "finished_at")?,
    })
}

pub(super) fn provision_step(row: &AnyRow) -> Result<ProvisionStep> {
    Ok(ProvisionStep {
        number: row.try_get("number")?,
        status: status(row, "status")?,
        started_at: maybe_time(row, "started_at")?,
        finished_at: maybe_time(row, "finished_at")?,
        error_kind: kind(row.try_get("error_kind")?)?,
        error: row.try_get("error")?,
        unreachable_since: maybe_time(row, "unreachable_since")?,
        unreachable: row.try_get("unreachable")?,
    })
}

pub(super) fn note(row: &AnyRow) -> Result<Note> {
    Ok(Note { id: row.try_get("id")?, time: time(row, "at")?, text: row.try_get("text")? })
}

pub(super) fn attempt(row: &AnyRow) -> Result<AttemptRecord> {
    Ok(AttemptRecord {
        number: row.try_get::<i64, _>("number")? as u32,
        first: row.try_get::<i64, _>("first_step")? as usize,
        again: row.try_get::<Option<i64>, _>("again_step")?.map(|step| step as usize),
        boot: row.try_get("boot")?,
        journal: row.try_get("journal")?,
        output: row.try_get::<i64, _>("output")? as u64,
        lost: row.try_get::<i64, _>("lost")? as u64,
    })
}

pub(super) fn chunk(row: &AnyRow) -> Result<Chunk> {
    Ok(Chunk {
        attempt: row.try_get::<i64, _>("attempt")? as u32,
        offset: row.try_get::<i64, _>("start")? as u64,
        step: row.try_get("step")?,
        bytes: row.try_get("bytes")?,
    })
}

/// A failure's kind, of its word in SQL.
pub(super) fn kind(word: Option<String>) -> Result<Option<FailureKind>> {
    word.map(|word| serde_json::from_value(word.into())).transpose().map_err(decode)
}

/// A column that holds JSON.
pub(super) fn json<T: DeserializeOwned>(row: &AnyRow, column: &str) -> Result<T> {
    serde_json::from_str(&row.try_get::<String, _>(column)?).map_err(decode)
}

pub(super) fn status(row: &AnyRow, column: &str) -> Result<Status> {
    word(row, column)
}

/// A column that holds one of a few words.
fn word<T: FromStr<Err = String>>(row: &AnyRow, column: &str) -> Result<T> {
    row.try_get::<String, _>(column)?.parse().map_err(|error: String| Error::Decode(error.into()))
}

pub(super) fn flag(row: &AnyRow, column: &str) -> Result<bool> {
    Ok(row.try_get::<i64, _>(column)? == 1)
}

pub(super) fn time(row: &AnyRow, column: &str) -> Result<Timestamp> {
    Timestamp::from_millisecond(row.try_get(column)?).map_err(decode)
}

pub(super) fn maybe_time(row: &AnyRow, column: &str) -> Result<Option<Timestamp>> {
    let ms: Option<i64> = row.try_get(column)?;
    ms.map(Timestamp::from_millisecond).transpose().map_err(decode)
}

fn decode(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Decode(Box::new(error))
}
