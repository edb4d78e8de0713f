//! A plain COPY of the very rows that an import wrote.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::postgres::PgPoolCopyExt as _;
use sqlx::{Executor as _, PgPool};
use tokio_stream::StreamExt as _;

use crate::cpu::Usage;

/// Rows are sent in pieces of this size.
const PIECE_BYTES: usize = 256 * 1024;

/// Rows of the copy in use, in COPY's binary format.
pub(crate) struct Rows {
    path: PathBuf,
    count: u64,
}

/// How long it took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    /// The COPY.
    pub(crate) copy: Duration,
    /// The primary key, made afterwards as an import makes it.
    pub(crate) key: Duration,
}

impl Rows {
    /// Takes the rows of the copy in use out of the database.
    pub(crate) async fn take(folder: &Path, pool: &PgPool) -> anyhow::Result<Self> {
        let sql = "select 'cpr_record_' || snapshot_id, row_count from cpr_snapshot where state = 'current'";
        let (table, count): (String, i64) = sqlx::query_as(sql).fetch_one(pool).await?;
        let path = folder.join("rows");
        let mut file = File::create(&path)?;
        let statement = format!("copy {table} to stdout (format binary)");
        let mut rows = pool.copy_out_raw(&statement).await?;
        while let Some(piece) = rows.next().await {
            file.write_all(&piece?)?;
        }
        file.sync_all()?;
        Ok(Self { path, count: count as u64 })
    }

    /// Copies them into a new table of the same columns and constraints.
    pub(crate) async fn copy(&self, pool: &PgPool, cpu: impl Fn() -> Usage) -> anyhow::Result<(Took, Usage)> {
        pool.execute("drop table if exists plain").await?;
        let like =
            "create table plain (like cpr_record including constraints) with (autovacuum_enabled = false)";
        pool.execute(like).await?;
        pool.execute("checkpoint").await?;
        let (begun, before) = (Instant::now(), cpu());
        let mut copy = pool.copy_in_raw("copy plain from stdin (format binary)").await?;
        let mut file = File::open(&self.path)?;
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let length = file.read(&mut piece)?;
            if length == 0 {
                break;
            }
            copy.send(&piece[..length]).await?;
        }
        let written = copy.finish().await?;
        let (copied, used) = (begun.elapsed(), cpu().since(before));
        anyhow::ensure!(written == self.count, "{written} of {} rows were copied", self.count);
        let begun = Instant::now();
        let mut session = pool.begin().await?;
        session.execute("set local maintenance_work_mem = '256MB'").await?;
        session.execute("alter table plain add primary key (blind_index) include (status)").await?;
        session.commit().await?;
        let key = begun.elapsed();
        pool.execute("drop table plain").await?;
        Ok((Took { copy: copied, key }, used))
    }
}
