//! The CPR register: a daily full copy, loaded beside the one in use, and what it says of the parties that are known.
//!
//! A copy comes in chunks, some of which are written together: rows and progress commit in one transaction, so that a
//! broken import goes on where the database says. COPY and the index at the end need statements of their own, so
//! loading is the one place where a transaction has several; each runs in a task of its own, and none waits for a
//! caller. What puts a complete copy in the place of the one before is one transaction
//! ([`Store::switch_cpr_snapshot`]), in which the standing of those changes of whom the register says so.
//!
//! The records are sealed under a key of their copy. It is destroyed in the step in which the copy goes out of use, and
//! the rows are dropped when nobody reads them any more.

mod append;
mod effects;
mod entry;
mod import;
mod records;
mod switch;

pub use append::Loading;
pub use effects::{MAX_TURNS, Successor, TurnsPage};
pub use entry::RegisterEntry;
pub use import::{Begin, CurrentSnapshot, EffectCounts, Import, ImportFacts, Resumed, SnapshotState};
pub use records::{SealedChunk, Sealer};
pub use switch::{Comparison, Switch, Switched};

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, Postgres, Transaction};

use crate::{Result, Store};

/// How long one statement over a whole copy may run: to index or compare some million records takes seconds, on a busy
/// machine a minute.
const LONG_STATEMENT_TIMEOUT_MS: u32 = 30 * 60 * 1_000;

impl Store {
    /// Vacuums a table, which cannot be done in a transaction, where the time limit of a session could be another. So
    /// in a session of its own.
    async fn vacuum(&self, table: &str) -> Result<()> {
        let limit = format!("{LONG_STATEMENT_TIMEOUT_MS}ms");
        let options = (*self.pool.connect_options()).clone().options([("statement_timeout", limit)]);
        let mut session = options.connect().await?;
        session.execute(AssertSqlSafe(format!("vacuum (truncate off) {table}"))).await?;
        session.close().await?;
        Ok(())
    }

    /// A transaction for a statement over a whole copy, which may run long. Not to be cut off half-way: run it in a task
    /// of its own.
    async fn long(&self) -> Result<Transaction<'static, Postgres>> {
        let mut transaction = self.pool.begin().await?;
        let limit = LONG_STATEMENT_TIMEOUT_MS.to_string();
        sqlx::query!("select set_config('statement_timeout', $1, true) as timeout", limit)
            .fetch_one(&mut *transaction)
            .await?;
        Ok(transaction)
    }
}
