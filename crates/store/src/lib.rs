//! The only SQL of the project: what is stored, how it is encrypted, and the change feed.
//!
//! Every command is one statement, so it is one transaction and one round trip: state, event, usage entry, idempotency
//! key and change commit together or not at all, and a caller who hangs up never leaves a transaction open. The
//! statement takes the feed head last, by the SQL function `advance_feed`.
//!
//! A module is an area, a file is a statement or two with the rows that it reads. Rows become domain types here.

pub mod catalogue;
pub mod command;
pub mod cpr;
pub mod crypt;
pub mod delegation;
pub mod keyring;
pub mod notice;
pub mod package;
pub mod page_token;
pub mod party;
pub mod query;
pub mod revision;
pub mod usage;

mod error;
mod open;
mod rows;
mod vault;

use std::sync::Arc;

use sqlx::PgPool;

pub use error::{Conflict, Diagnosis, Error};
pub use open::Settings;

use crate::{keyring::KeyProvider, revision::Revision};

/// The one shard there is now. Every table has the column in its key.
pub const SHARD: i16 = 0;

/// Result of a store operation.
pub type Result<T> = std::result::Result<T, Error>;

/// The store: a pool of connections to Postgres, and the keys.
#[derive(Clone, Debug)]
pub struct Store {
    pool: PgPool,
    keys: Arc<dyn KeyProvider>,
}

impl Store {
    /// The keys that the store encrypts and finds by.
    #[must_use]
    pub fn keys(&self) -> &dyn KeyProvider {
        self.keys.as_ref()
    }

    /// Connections in the pool: (all, idle).
    #[must_use]
    pub fn pool_size(&self) -> (u32, usize) {
        (self.pool.size(), self.pool.num_idle())
    }

    /// Closes all connections, after the work that runs on them.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// The head of the change feed. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn head(&self) -> Result<Revision> {
        let row = sqlx::query!("select epoch, revision from feed_head where shard = $1", SHARD)
            .fetch_one(&self.pool)
            .await?;
        Ok(Revision { epoch: row.epoch, shard: SHARD, number: row.revision })
    }
}
