//! Writing a population to an empty, migrated database, by COPY.

mod feed;
mod rows;

use std::sync::Arc;
use std::time::{Duration, Instant};

use fuldmagt_store::keyring::KeyProvider;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgCopyIn, PgPoolCopyExt as _};
use sqlx::{AssertSqlSafe, Executor as _, PgPool, Postgres};

use super::Population;
use super::catalogue::{PrivilegeNumber, systems};
use super::schema::Taken;

/// Rows are sent in pieces of about this size.
const CHUNK_BYTES: usize = 256 * 1024;
/// Loaded, indexed and checked beside each other.
const DELEGATIONS: &[&str] = &["delegation", "delegation_privilege", "designation"];
const OTHERS: &[&str] = &["party", "party_key", "identifier", "event", "change"];
/// The privileges of the catalogue are published since long before anything was given.
const PUBLISHED_AT: &str = "2010-01-01T00:00:00Z";
/// And one is hidden since then.
const HIDDEN_AT: &str = "2015-01-01T00:00:00Z";

/// What was loaded, and how long it took.
#[derive(Debug, Clone, Copy)]
pub struct Loaded {
    /// Rows of all tables.
    pub rows: u64,
    /// Sealing identifiers and copying rows.
    pub copy: Duration,
    /// Making indexes and checking constraints.
    pub index: Duration,
    /// Vacuum, analyze, and a checkpoint.
    pub vacuum: Duration,
}

/// Loads the population. The schema is afterwards what it was before; the usage log and the idempotency keys stay empty.
///
/// # Errors
/// When the database is not empty or not reachable. It is of no use then.
pub async fn load(
    population: &Arc<Population>,
    pool: &PgPool,
    keys: &Arc<dyn KeyProvider>,
) -> anyhow::Result<Loaded> {
    let started = Instant::now();
    let delegations = Taken::from(DELEGATIONS, OTHERS, pool).await?;
    let others = Taken::from(OTHERS, DELEGATIONS, pool).await?;
    let privileges = load_catalogue(pool).await?;
    let rows = copy_all(population, pool, keys, privileges).await?;
    let copy = started.elapsed();
    tokio::try_join!(delegations.restore_keys(pool), others.restore_keys(pool))?;
    others.restore_rest(pool).await?;
    delegations.restore_rest(pool).await?;
    check_endings(pool).await?;
    let index = started.elapsed() - copy;
    pool.execute("vacuum analyze").await?;
    pool.execute("checkpoint").await?;
    Ok(Loaded { rows, copy, index, vacuum: started.elapsed() - copy - index })
}

async fn copy_all(
    population: &Arc<Population>,
    pool: &PgPool,
    keys: &Arc<dyn KeyProvider>,
    privileges: Vec<i32>,
) -> anyhow::Result<u64> {
    let (parties, delegations, feed) = tokio::join!(
        tokio::spawn(rows::parties(Arc::clone(population), pool.clone(), Arc::clone(keys))),
        tokio::spawn(rows::delegations(Arc::clone(population), pool.clone(), privileges)),
        tokio::spawn(feed::load(Arc::clone(population), pool.clone())),
    );
    Ok(parties?? + delegations?? + feed??)
}

/// Writes systems and privileges, and tells the database's numbers of the privileges.
async fn load_catalogue(pool: &PgPool) -> sqlx::Result<Vec<i32>> {
    for (system, cvr) in systems() {
        sqlx::query(
            "insert into system (shard, system_id, authority_cvr, title_da, title_en) values (0, $1, $2, $1, $1)",
        )
        .bind(system)
        .bind(cvr)
        .execute(pool)
        .await?;
    }
    let mut numbers = Vec::new();
    for privilege in PrivilegeNumber::all() {
        let was_published = privilege.is_published() || privilege.is_hidden();
        let number = sqlx::query_scalar(
            "insert into privilege (shard, uri, system_id, authority_cvr, title_da, title_en, description_da,
                                    description_en, delegator_kinds, representative_kinds, published_at, hidden_at)
             values (0, $1, $2, $3, $1, $1, '', '', '{person,organisation}', '{person,organisation,employee}',
                     $4::text::timestamptz, $5::text::timestamptz)
             returning privilege_id",
        )
        .bind(privilege.uri().as_str())
        .bind(privilege.system())
        .bind(privilege.authority().expose())
        .bind(was_published.then_some(PUBLISHED_AT))
        .bind(privilege.is_hidden().then_some(HIDDEN_AT))
        .fetch_one(pool)
        .await?;
        numbers.push(number);
    }
    Ok(numbers)
}

/// What a trigger would have looked at: no privilege outlives its delegation.
async fn check_endings(pool: &PgPool) -> anyhow::Result<()> {
    let wrong: i64 = sqlx::query_scalar(
        "select count(*) from delegation d join delegation_privilege g using (shard, delegation_id)
         where d.ended_at is distinct from g.ended_at",
    )
    .fetch_one(pool)
    .await?;
    anyhow::ensure!(wrong == 0, "{wrong} privileges outlive their delegations");
    Ok(())
}

/// Rows on their way into a table, in COPY's text format. Nothing that is written here needs escaping.
struct Copy {
    stream: PgCopyIn<PoolConnection<Postgres>>,
    text: String,
}

impl Copy {
    async fn into(table: &str, columns: &str, pool: &PgPool) -> sqlx::Result<Self> {
        let stream = pool.copy_in_raw(&format!("copy {table} ({columns}) from stdin")).await?;
        Ok(Self { stream, text: String::with_capacity(2 * CHUNK_BYTES) })
    }

    /// Sends what was written when it is enough.
    async fn flush(&mut self) -> sqlx::Result<()> {
        if self.text.len() >= CHUNK_BYTES {
            self.stream.send(self.text.as_bytes()).await?;
            self.text.clear();
        }
        Ok(())
    }

    async fn finish(mut self) -> sqlx::Result<u64> {
        self.stream.send(self.text.as_bytes()).await?;
        self.stream.finish().await
    }
}

/// Moves the head to where the changes end, as into a new life of the feed.
async fn set_head(revision: i64, pool: &PgPool) -> sqlx::Result<()> {
    let sql =
        format!("update feed_head set epoch = gen_random_uuid(), revision = {revision} where shard = 0");
    pool.execute(AssertSqlSafe(sql)).await?;
    Ok(())
}
