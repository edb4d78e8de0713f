//! Holds up every command of a service, by the row lock that each takes last.

use sqlx::{Connection as _, Executor as _, PgConnection};

use super::wait::until_async;

/// Commands wait while this lives, or until it lets go.
pub(crate) struct Blocker {
    holds: PgConnection,
    looks: PgConnection,
}

impl Blocker {
    /// Takes the head of the change feed.
    pub(crate) async fn take(database_url: &str) -> Self {
        let [mut holds, looks] = [
            PgConnection::connect(database_url).await.expect("a session"),
            PgConnection::connect(database_url).await.expect("a session"),
        ];
        holds.execute("begin").await.expect("a transaction");
        holds.execute("select from feed_head for update").await.expect("the lock");
        Self { holds, looks }
    }

    /// Waits until a command waits for us.
    pub(crate) async fn wait_until_somebody_waits(&mut self) {
        until_async("a command waits for the lock", async || {
            let waiting = "select exists (select from pg_stat_activity
                                           where datname = current_database() and wait_event_type = 'Lock')";
            sqlx::query_scalar::<_, bool>(waiting).fetch_one(&mut self.looks).await.expect("an answer")
        })
        .await;
    }

    /// Lets the commands go on.
    pub(crate) async fn release(mut self) {
        self.holds.execute("rollback").await.expect("the lock is let go");
    }
}
