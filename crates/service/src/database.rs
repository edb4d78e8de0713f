//! The database of a service: one that is configured, or a private one.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fuldmagt_store::Store;
use fuldmagt_store::keyring::{self, KeyProvider, KeyringFile};

use crate::compose::Error;
use crate::config::{Access, Config};
use crate::embedded::{self, Embedded};

/// How long closing the database connections may take; their RPCs are over by then.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// The database, with the private server under it if there is one.
pub struct Database {
    /// The open store.
    pub store: Store,
    embedded: Option<Embedded>,
}

impl Database {
    /// Starts the private Postgres when no URL is configured, connects, migrates, and checks that the keys fit.
    ///
    /// # Errors
    /// When any of these fails; a private Postgres is stopped again.
    pub async fn open(config: &Config) -> Result<Self, Error> {
        let embedded = match &config.database.url {
            Some(_) => None,
            None => Some(start_embedded(config).await?),
        };
        match connect(config, embedded.as_ref()).await {
            Ok(store) => Ok(Self { store, embedded }),
            Err(error) => {
                if let Some(embedded) = embedded {
                    embedded.stop().await;
                }
                Err(error)
            }
        }
    }

    /// Closes the connections, and stops the private Postgres.
    pub async fn close(self) {
        if tokio::time::timeout(CLOSE_LIMIT, self.store.close()).await.is_err() {
            tracing::warn!("database connections are cut off");
        }
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }

    /// Resolves when the private Postgres ends; without one, never.
    pub(crate) async fn died(&self) -> String {
        match &self.embedded {
            Some(embedded) => embedded.death().wait().await,
            None => std::future::pending().await,
        }
    }
}

async fn start_embedded(config: &Config) -> Result<Embedded, Error> {
    let settings = embedded::Settings {
        max_connections: config.database.max_connections,
        ..embedded::Settings::new(&config.data_dir)
    };
    Ok(tokio::task::spawn_blocking(move || Embedded::start(&settings)).await??)
}

async fn connect(config: &Config, embedded: Option<&Embedded>) -> Result<Store, Error> {
    let url = match (&config.database.url, embedded) {
        (Some(url), _) => url.expose(),
        (None, Some(embedded)) => embedded.url(),
        (None, None) => "",
    };
    let settings = fuldmagt_store::Settings {
        url: url.to_owned(),
        max_connections: config.database.max_connections,
        acquire_timeout_ms: config.database.acquire_timeout.as_millis() as u64,
        statement_timeout_ms: config.database.statement_timeout.as_millis() as u64,
    };
    let store = Store::open(&settings, keys(config).await?).await?;
    store.migrate().await?;
    store.check_keys().await?;
    Ok(store)
}

/// The keys. They are made when they are missing only where the data is beside them, or in development: elsewhere a
/// missing file is a mistake, and new keys in a place that is thrown away would lose the data.
async fn keys(config: &Config) -> Result<Arc<dyn KeyProvider>, Error> {
    let path = config.keyring_file.clone();
    let make = config.database.url.is_none() || matches!(config.access, Access::DevPlaintext);
    let read = move || if make { read_or_make(&path) } else { KeyringFile::load(&path) };
    Ok(Arc::new(tokio::task::spawn_blocking(read).await??))
}

/// With a database elsewhere, nobody has made the data folder yet.
fn read_or_make(path: &Path) -> Result<KeyringFile, keyring::Error> {
    if let Some(folder) = path.parent() {
        // Where it cannot be made, the keyring cannot be written either, and that says why.
        let _ = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    }
    KeyringFile::load_or_generate(path)
}
