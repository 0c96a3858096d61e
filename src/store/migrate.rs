//! The schema: brings it up, and refuses one that is newer or older than this binary.

use sqlx::{AnyConnection, Row};

use super::dialect::Dialect;
use super::{Result, Store, StoreError};

/// One change of the schema. The same steps in both dialects; never edited once released.
struct Migration {
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migration {
    ($name:literal) => {
        Migration {
            name: $name,
            sqlite: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        }
    };
}

/// All of them; they count from 1.
const MIGRATIONS: &[Migration] = &[
    migration!("0001_fleet"),
    migration!("0002_operate"),
    migration!("0003_api"),
    migration!("0004_join"),
    migration!("0005_people"),
    migration!("0006_scale"),
];
const KNOWN: i64 = MIGRATIONS.len() as i64;

/// Any number; held while migrating, so that two who migrate stand in line.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7203541190)";
/// Filling a new column may take longer than a call may.
const PATIENCE: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0";

impl Store {
    /// Applies what is missing, each migration in a transaction, and gives the names.
    ///
    /// # Errors
    /// `NewerSchema`: nothing was changed then.
    pub async fn migrate(&self) -> Result<Vec<String>> {
        let mut applied = Vec::new();
        // No time limit here, but what the connection has.
        while let Some(name) = self.migrate_once().await.map_err(|error| error.at(&self.place))? {
            applied.push(name.to_owned());
        }
        Ok(applied)
    }

    /// Applies the next one; None if there is none.
    async fn migrate_once(&self) -> Result<Option<&'static str>> {
        let mut tx = self.begin().await?;
        if self.dialect == Dialect::Postgres {
            sqlx::raw_sql(PATIENCE).execute(&mut *tx).await?;
            sqlx::raw_sql(LOCK).execute(&mut *tx).await?;
        }
        let found = self.schema(&mut tx).await?;
        if found > KNOWN {
            return Err(StoreError::NewerSchema { found, known: KNOWN });
        }
        let Some(next) = MIGRATIONS.get(found as usize) else { return Ok(None) };
        if found == 0 {
            let table = "CREATE TABLE IF NOT EXISTS migrations \
                (number BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)";
            self.query(table).execute(&mut *tx).await?;
        }
        let sql = match self.dialect {
            Dialect::Sqlite => next.sqlite,
            Dialect::Postgres => next.postgres,
        };
        sqlx::raw_sql(sql).execute(&mut *tx).await?;
        self.query("INSERT INTO migrations (number, name, applied_at) VALUES ($1, $2, {now})")
            .bind(found + 1)
            .bind(next.name)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Some(next.name))
    }

    /// Whether the schema is the one that this binary was made for.
    ///
    /// # Errors
    /// `NewerSchema`, `OlderSchema`.
    pub async fn check_schema(&self) -> Result<()> {
        let known = KNOWN;
        let found = self
            .again(|| async {
                let mut connection = self.reads.acquire().await?;
                self.schema(&mut connection).await
            })
            .await?;
        match found {
            found if found > known => Err(StoreError::NewerSchema { found, known }),
            found if found < known => Err(StoreError::OlderSchema { found, known }),
            _ => Ok(()),
        }
    }

    /// Number of the last migration that was applied; 0: none.
    async fn schema(&self, connection: &mut AnyConnection) -> Result<i64> {
        let tables = self.query(self.dialect.count_tables()).bind("migrations");
        if tables.fetch_one(&mut *connection).await?.try_get::<i64, _>(0)? == 0 {
            return Ok(0);
        }
        let last = self.query("SELECT COALESCE(max(number), 0) FROM migrations");
        Ok(last.fetch_one(connection).await?.try_get(0)?)
    }
}
