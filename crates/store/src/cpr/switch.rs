//! The end of an import: its index, how it differs from the copy in use, and the switch.

use chrono::{DateTime, Utc};
use fuldmagt_domain::cpr_status::{CprStatus, Effects};
use sqlx::{Postgres, Transaction};

use super::{
    CurrentSnapshot, Loading, effects,
    import::{count, number},
    records,
};
use crate::{Conflict, Error, Result, SHARD, Store, command::Command, revision::Revision, usage::Usage};

/// How a copy differs from the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// How many records there are of each status, by code; of none where there are none.
    pub by_status: Vec<(CprStatus, u64)>,
    /// Numbers that are new.
    pub added: u64,
    /// Numbers that are there no more.
    pub removed: u64,
    /// Numbers whose status is another.
    pub changed: u64,
}

/// The channel of what the register does.
const REGISTER: &str = "register";

/// A copy that has come into use.
#[derive(Clone, Copy, Debug)]
pub struct Switched {
    /// The state after it.
    pub revision: Revision,
    /// Whether there may be more parties to turn: see [`Store::turn_by_register`].
    pub has_more: bool,
}

/// A copy to be taken into use.
#[derive(Clone, Copy, Debug)]
pub struct Switch<'a> {
    /// The complete import.
    pub loading: &'a Loading,
    /// The copy that it was compared with.
    pub previous: Option<CurrentSnapshot>,
    /// The encoded answer, kept for repeated requests.
    pub response: &'a [u8],
    /// Now.
    pub at: DateTime<Utc>,
}

impl Store {
    /// Gives the import's records their primary key. Doing it twice is doing it once. Not to be cut off half-way.
    ///
    /// First, every page is marked as one that all may see: what reads the key only, as the comparison does, then need
    /// not look at the rows. Postgres does the same by itself, some minutes later.
    ///
    /// # Errors
    /// [`Error::Conflict`] with [`Conflict::CprNumberTwice`], [`Error::Unavailable`].
    pub async fn index_cpr_records(&self, loading: &Loading) -> Result<()> {
        self.vacuum(&records::table(loading.snapshot_id)).await?;
        let mut transaction = self.long().await?;
        sqlx::query!("select index_cpr_records($1)", loading.snapshot_id)
            .fetch_one(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Counts the import's records, and how they differ from those of the copy in use. Not to be cut off half-way.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn compare_cpr_records(
        &self,
        loading: &Loading,
        previous: Option<CurrentSnapshot>,
    ) -> Result<Comparison> {
        let mut transaction = self.long().await?;
        // No copy has this number, so without one before all records are new.
        let previous_id = previous.map_or(0, |previous| previous.snapshot_id);
        let rows = sqlx::query_file!("src/cpr/compare.sql", loading.snapshot_id, previous_id)
            .fetch_all(&mut *transaction)
            .await?;
        transaction.commit().await?;
        let mut comparison = Comparison::default();
        let mut kept = 0;
        for row in rows {
            let rows = count(row.row_count)?;
            let status = CprStatus::from_code(row.status).ok_or(Error::Unreadable("status"))?;
            match comparison.by_status.last_mut() {
                Some((last, sum)) if *last == status => *sum += rows,
                Some(_) | None => comparison.by_status.push((status, rows)),
            }
            match row.previous_status {
                None => comparison.added += rows,
                Some(before) => {
                    kept += rows;
                    comparison.changed += if before == row.status { 0 } else { rows };
                }
            }
        }
        comparison.removed = previous.map_or(0, |previous| previous.row_count).saturating_sub(kept);
        Ok(comparison)
    }

    /// Puts a complete import in the place of the copy in use, whose key is destroyed, with event, change, usage entry
    /// and idempotency key; queues everybody for whom it may have something to say, and turns the first page of them, so
    /// that their standing is the register's from the same instant on. One transaction; the feed head comes late in it.
    /// Not to be cut off half-way. [`Store::drop_cpr_records`] tidies up.
    ///
    /// # Errors
    /// [`Error::Conflict`] with [`Conflict::CprImportLost`] when another stream goes on with the import, it was given
    /// up, or the copy in use is not the one it was compared with; [`Error::Contention`], [`Error::Unavailable`].
    pub async fn switch_cpr_snapshot(
        &self,
        switch: Switch<'_>,
        effects: &Effects,
        command: &Command<'_>,
    ) -> Result<Switched> {
        let snapshot_id = switch.loading.snapshot_id;
        let mut transaction = self.long().await?;
        // Whoever turns by the copy before has ended by then, and others wait: what they would look up is queued below.
        sqlx::query!(
            "select s.snapshot_id from cpr_snapshot s
             where s.shard = $1 and s.state in ('loading', 'current') order by s.snapshot_id for update",
            SHARD,
        )
        .fetch_all(&mut *transaction)
        .await?;
        effects::queue(&mut transaction, snapshot_id, effects).await?;
        // By the register, whoever sent it; and at the switch, however long the stream took.
        let usage = Usage { at: switch.at, ..command.usage };
        let by_register = Command { channel: REGISTER, usage, ..*command };
        let page = effects::turn_page(&mut transaction, snapshot_id, effects, &by_register).await?;
        let revision = switched(&mut transaction, switch, command).await?;
        transaction.commit().await?;
        Ok(Switched { revision, has_more: page.has_more })
    }

    /// Drops the records of copies that are out of use, and tells how many copies those were. Gives up after two
    /// seconds where somebody still reads; they cannot be opened in any case, as their key is gone. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], also when it has given up.
    pub async fn drop_cpr_records(&self) -> Result<u32> {
        let dropped = sqlx::query_scalar!(r#"select drop_cpr_records($1) as "dropped!""#, SHARD)
            .fetch_one(&self.pool)
            .await?;
        u32::try_from(dropped).map_err(|_| Error::Unreadable("count of copies"))
    }
}

async fn switched(
    transaction: &mut Transaction<'static, Postgres>,
    Switch { loading, previous, response, at }: Switch<'_>,
    command: &Command<'_>,
) -> Result<Revision> {
    let row = sqlx::query_file!(
        "src/cpr/switch.sql",
        SHARD,
        loading.snapshot_id,
        loading.attempt,
        number(loading.row_count)?,
        previous.map(|previous| previous.snapshot_id),
        at,
        command.usage.client,
        command.channel,
        command.request_id,
        command.usage.rpc,
        command.payload_digest.as_slice(),
        response,
        command.usage.entry_id,
        command.usage.at,
        command.usage.trace_id,
    )
    .fetch_optional(&mut **transaction)
    .await?
    .ok_or(Error::Conflict(Conflict::CprImportLost))?;
    Ok(Revision { epoch: row.epoch, shard: SHARD, number: row.revision })
}
