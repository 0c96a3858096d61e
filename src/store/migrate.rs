//! The schema: brings it up, and refuses one that this binary can't use: an older one, and a newer
//! one, unless its migrations say that we may (docs/upgrade.md).

use sqlx::{AnyConnection, Row};

use super::dialect::Dialect;
use super::{Result, Store, StoreError};

/// One change of the schema. The same steps in both dialects; never edited once released.
struct Migration {
    name: &'static str,
    /// Binaries that know the schema up to this number work on beside it: it only adds what they
    /// need not fill. None: it breaks them.
    oldest: Option<i64>,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migration {
    ($name:literal $(, works_from $oldest:literal)?) => {
        Migration {
            name: $name,
            oldest: None$(.or(Some($oldest)))?,
            sqlite: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        }
    };
}

/// All of them; they count from 1. One that only adds says so: `, works_from 8`.
const MIGRATIONS: &[Migration] = &[
    migration!("0001_fleet"),
    migration!("0002_operate"),
    migration!("0003_api"),
    migration!("0004_join"),
    migration!("0005_people"),
    migration!("0006_scale"),
    migration!("0007_restore"),
    migration!("0008_side_by_side"),
];
const KNOWN: i64 = MIGRATIONS.len() as i64;

/// Any number; held while migrating, so that two who migrate stand in line.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7203541190)";
/// Filling a new column may take longer than a call may.
pub(super) const PATIENCE: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0";

impl Store {
    /// Applies what is missing, each migration in a transaction, and gives the names.
    ///
    /// # Errors
    /// `NewerSchema`: nothing was changed then.
    pub async fn migrate(&self) -> Result<Vec<String>> {
        let mut applied = Vec::new();
        // No time limit here, but what the connection has.
        while let Some(name) =
            self.migrate_once(MIGRATIONS).await.map_err(|error| error.at(&self.place))?
        {
            applied.push(name.to_owned());
        }
        Ok(applied)
    }

    /// Applies the next one of these; None if there is none.
    async fn migrate_once(&self, known: &[Migration]) -> Result<Option<&'static str>> {
        let mut tx = self.begin().await?;
        if self.dialect == Dialect::Postgres {
            sqlx::raw_sql(PATIENCE).execute(&mut *tx).await?;
            sqlx::raw_sql(LOCK).execute(&mut *tx).await?;
        }
        let found = self.schema(&mut tx).await?;
        let Some(next) = known.get(found as usize) else {
            self.allows(&mut tx, found, known.len() as i64).await?;
            return Ok(None);
        };
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
        if let Some(oldest) = next.oldest {
            self.query("UPDATE migrations SET oldest = $1 WHERE number = $2")
                .bind(oldest)
                .bind(found + 1)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(Some(next.name))
    }

    /// Whether the schema is one that this binary can use.
    ///
    /// # Errors
    /// `NewerSchema`, `OlderSchema`.
    pub async fn check_schema(&self) -> Result<()> {
        let known = KNOWN;
        self.again(|| async {
            let mut connection = self.reads.acquire().await?;
            let found = self.schema(&mut connection).await?;
            if found < known {
                return Err(StoreError::OlderSchema { found, known });
            }
            self.allows(&mut connection, found, known).await
        })
        .await
    }

    /// Whether what was migrated since is of no matter to who knows the schema up to `known`.
    async fn allows(&self, connection: &mut AnyConnection, found: i64, known: i64) -> Result<()> {
        if found <= known {
            return Ok(());
        }
        let newer = "SELECT max(COALESCE(oldest, number)) FROM migrations WHERE number > $1";
        let oldest: i64 = self.query(newer).bind(known).fetch_one(connection).await?.try_get(0)?;
        match oldest <= known {
            true => Ok(()),
            false => Err(StoreError::NewerSchema { found, known }),
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

#[cfg(test)]
mod tests {
    use super::*;

    const fn migration(oldest: Option<i64>, sql: &'static str) -> Migration {
        Migration { name: "next", oldest, sqlite: sql, postgres: sql }
    }

    /// Made-up migrations after the last one: one that adds, and one that breaks.
    #[tokio::test]
    async fn an_older_binary_goes_on_where_the_newer_migrations_say_so() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("db").display());
        let store = Store::open(&url, true).await.expect("a database");
        store.migrate().await.expect("ours");
        let nothing = || std::iter::repeat_with(|| migration(None, "")).take(KNOWN as usize);
        let adds = migration(Some(KNOWN), "ALTER TABLE servers ADD COLUMN rack TEXT");
        let known: Vec<_> = nothing().chain([adds]).collect();
        assert_eq!(store.migrate_once(&known).await.expect("applied"), Some("next"));
        store.check_schema().await.expect("it says that we may");
        assert!(store.migrate().await.expect("nothing to do").is_empty());

        let breaks = migration(None, "ALTER TABLE servers DROP COLUMN rack");
        let known: Vec<_> = known.into_iter().chain([breaks]).collect();
        store.migrate_once(&known).await.expect("applied");
        let newer = |result| matches!(result, Err(StoreError::NewerSchema { .. }));
        assert!(newer(store.check_schema().await));
        assert!(newer(store.migrate().await.map(drop)));
        assert!(store.migrate_once(&known).await.expect("it knows them").is_none());
    }

    /// Whoever says that it works beside an older binary only adds what that need not fill.
    #[test]
    fn what_works_beside_older_binaries_only_adds() {
        for migration in MIGRATIONS.iter().filter(|migration| migration.oldest.is_some()) {
            for sql in [migration.sqlite, migration.postgres] {
                let statements = sql.split(';').map(|text| text.to_uppercase().replace("\n", " "));
                for statement in statements {
                    let breaks = ["DROP ", "RENAME ", "SET NOT NULL", "ALTER COLUMN"]
                        .iter()
                        .any(|word| statement.contains(word));
                    let must_be_filled = statement.contains("ADD COLUMN")
                        && statement.contains("NOT NULL")
                        && !statement.contains("DEFAULT");
                    assert!(!breaks && !must_be_filled, "{}: {statement}", migration.name);
                }
            }
        }
    }
}
