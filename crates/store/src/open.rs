//! Opening the store: connections, migrations, and whether the keys fit.

use std::{sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions as _,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{Error, Result, SHARD, Store, keyring::KeyProvider};

/// How the store connects.
#[derive(Clone)]
pub struct Settings {
    /// The database, `postgres://...`. May carry a password.
    pub url: String,
    /// Most connections at once.
    pub max_connections: u32,
    /// How long a call waits for a free connection, in milliseconds.
    pub acquire_timeout_ms: u64,
    /// How long one statement may run, in milliseconds.
    pub statement_timeout_ms: u64,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("max_connections", &self.max_connections).finish_non_exhaustive()
    }
}

/// The schema. Newer migrations than this binary knows are a refusal to start.
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

impl Store {
    /// Connects. The schema is not touched: see [`Store::migrate`].
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database cannot be reached, [`Error::Misfit`] when the URL is not one.
    pub async fn open(settings: &Settings, keys: Arc<dyn KeyProvider>) -> Result<Self> {
        let options: PgConnectOptions =
            settings.url.parse().map_err(|_| Error::Misfit("the database URL cannot be read".to_owned()))?;
        let options = options
            .application_name("fuldmagt")
            .options([
                ("statement_timeout", format!("{}ms", settings.statement_timeout_ms)),
                // Every statement here is a look-up by keys, whatever its parameters: one plan serves all. Left to
                // itself Postgres finds a plan for one question cheaper than one for any number, each time anew, and
                // planning takes longer than the look-up.
                ("plan_cache_mode", "force_generic_plan".to_owned()),
            ])
            .disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(settings.max_connections)
            .acquire_timeout(Duration::from_millis(settings.acquire_timeout_ms))
            // A ping before each use would double the round trips of a check; a dead connection shows itself by
            // its first statement, and the caller may try again.
            .test_before_acquire(false)
            .connect_with(options)
            .await?;
        Ok(Self { pool, keys })
    }

    /// Brings the schema up to date. Safe to run by several processes at once.
    ///
    /// # Errors
    /// [`Error::Misfit`] when a migration fails or the database is newer than this binary.
    pub async fn migrate(&self) -> Result<()> {
        MIGRATIONS.run(&self.pool).await.map_err(|error| Error::Misfit(error.to_string()))
    }

    /// Checks that the keyring is the one that the database was filled with, and remembers it for an empty one.
    /// Starting with another index key would register everybody a second time.
    ///
    /// # Errors
    /// [`Error::Misfit`] when a key is missing or another.
    pub async fn check_keys(&self) -> Result<()> {
        let check = self.keys.index_key_check();
        sqlx::query!(
            "insert into keyring_check (shard, index_key_check) values ($1, $2) on conflict (shard) do nothing",
            SHARD,
            check.as_slice(),
        )
        .execute(&self.pool)
        .await?;
        let known = sqlx::query_scalar!("select index_key_check from keyring_check where shard = $1", SHARD)
            .fetch_one(&self.pool)
            .await?;
        if known != check {
            return Err(Error::Misfit(
                "the keyring's index key is not the one this database was filled with".into(),
            ));
        }
        let used = sqlx::query_scalar!(
            r#"select wrapping_key_id as "key_id!" from party_key where shard = $1
               union select wrapping_key_id from cpr_snapshot where shard = $1 and wrapping_key_id is not null
               union select wrapping_key_id from signature_proof where shard = $1"#,
            SHARD,
        )
        .fetch_all(&self.pool)
        .await?;
        match used.iter().find(|key_id| !self.keys.holds(key_id)) {
            Some(missing) => Err(Error::Misfit(format!("the keyring lacks the wrapping key {missing}"))),
            None => Ok(()),
        }
    }
}
