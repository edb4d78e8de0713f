//! What a test sees and does in the database behind the service's back.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Postgres, Transaction};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::World;
use crate::TestDatabase;

/// How often it is looked whether something has happened.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// What takes longer does not happen.
const LOOK_LIMIT: Duration = Duration::from_secs(30);

/// Rows and digest of each table.
pub type Snapshot = BTreeMap<String, (i64, String)>;

/// An entry of the usage log.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct UsageEntry {
    /// Entries of one call share it.
    pub entry_id: Uuid,
    /// Who called.
    pub client_id: String,
    /// What.
    pub rpc: String,
    /// Why.
    pub purpose: Option<String>,
    /// The logged-in user.
    pub actor_id: Option<Uuid>,
    /// Whom it was about.
    pub delegator_id: Option<Uuid>,
    /// Whom it was about.
    pub representative_id: Option<Uuid>,
    /// Which delegation.
    pub delegation_id: Option<Uuid>,
    /// Which privilege.
    pub privilege: Option<String>,
    /// What came of it.
    pub outcome: String,
    /// Which trace it belongs to.
    pub trace_id: Option<String>,
}

impl World {
    /// What is in the database, but for the usage log: two that are equal mean that nothing has changed.
    pub async fn snapshot(&self) -> Snapshot {
        static SQL: OnceCell<String> = OnceCell::const_new();
        let sql = SQL.get_or_init(|| snapshot_sql(&self.database)).await;
        let rows: Vec<(String, i64, String)> = sqlx::query_as(AssertSqlSafe(sql.as_str()))
            .fetch_all(&self.database.pool)
            .await
            .expect("all tables can be read");
        rows.into_iter().map(|(table, rows, digest)| (table, (rows, digest))).collect()
    }

    /// The usage log, oldest entry first.
    pub async fn usage(&self) -> Vec<UsageEntry> {
        let sql = "select entry_id, client_id, rpc, purpose, actor_id, delegator_id, representative_id,
                          delegation_id, privilege, outcome, trace_id
                   from usage_log order by occurred_at, entry_id, item";
        sqlx::query_as(sql).fetch_all(&self.database.pool).await.expect("the usage log can be read")
    }

    /// How many rows the table has.
    pub async fn count(&self, table: &str) -> i64 {
        let sql = AssertSqlSafe(format!("select count(*) from {table}"));
        sqlx::query_scalar(sql).fetch_one(&self.database.pool).await.expect("the table can be counted")
    }

    /// Runs statements in the world's database.
    pub async fn sql(&self, statements: &str) {
        let sql = AssertSqlSafe(statements.to_owned());
        self.database.pool.execute(sql).await.expect("the statements run");
    }

    /// Runs statements beside it, in the cluster's own database.
    pub async fn admin_sql(&self, statements: &str) {
        use sqlx::Connection as _;
        let url = self.database.url.replacen(&format!("/{}?", self.database.name), "/postgres?", 1);
        let mut admin = PgConnection::connect(&url).await.expect("the cluster takes sessions");
        admin.execute(AssertSqlSafe(statements.to_owned())).await.expect("the statements run");
        admin.close().await.expect("the session ends");
    }

    /// Holds the head of the change feed, which every command takes last, until it is rolled back.
    pub async fn hold_writes(&self) -> Transaction<'static, Postgres> {
        let mut held = self.database.pool.begin().await.expect("a transaction");
        held.execute("select from feed_head for update").await.expect("the head is free");
        held
    }

    /// Holds the usage log, which every call writes, until it is rolled back.
    pub async fn hold_everything(&self) -> Transaction<'static, Postgres> {
        let mut held = self.database.pool.begin().await.expect("a transaction");
        held.execute("lock table usage_log in share mode").await.expect("the usage log is free");
        held
    }

    /// Waits until that many statements of the service wait for a lock.
    pub async fn until_waiting(&self, statements: i64) {
        let sql = "select count(*) from pg_stat_activity
                   where datname = current_database() and application_name = 'fuldmagt'
                     and wait_event_type = 'Lock'";
        self.until_sql(sql, statements).await;
    }

    /// Waits until no statement of the service runs, and asserts that none of its sessions is in a transaction then.
    pub async fn until_idle(&self) {
        let service = "select count(*) from pg_stat_activity
                       where datname = current_database() and application_name = 'fuldmagt'";
        self.until_sql(&format!("{service} and state = 'active'"), 0).await;
        let open: i64 =
            sqlx::query_scalar(AssertSqlSafe(format!("{service} and state like 'idle in transaction%'")))
                .fetch_one(&self.database.pool)
                .await
                .expect("the sessions can be seen");
        assert_eq!(open, 0, "a transaction is left open");
    }

    /// Waits until the count is that.
    pub async fn until_sql(&self, count: &str, wanted: i64) {
        until(count, async || {
            let found: i64 = sqlx::query_scalar(AssertSqlSafe(count.to_owned()))
                .fetch_one(&self.database.pool)
                .await
                .expect("it can be counted");
            found == wanted
        })
        .await;
    }
}

/// Waits until it is so; panics, saying what was waited for, when it never is.
pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(LOOK_LIMIT, waiting).await.unwrap_or_else(|_| panic!("in vain: {what}"));
}

/// One statement over all tables. The usage log and its partitions are the exception.
async fn snapshot_sql(database: &TestDatabase) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select quote_ident(relname) from pg_class
         where relnamespace = 'public'::regnamespace and relkind = 'r' and not relispartition order by 1",
    )
    .fetch_all(&database.pool)
    .await
    .expect("the tables can be listed");
    assert!(tables.len() > 10, "{tables:?}");
    let digests = tables.iter().map(|table| {
        format!(
            "select '{table}', count(*), md5(coalesce(string_agg(t::text, ',' order by t::text), '')) from {table} t"
        )
    });
    digests.collect::<Vec<_>>().join(" union all ")
}
