//! An import's own row: what is known of it, its beginning, and its end without a result.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::Loading;
use crate::{
    Error, Result, SHARD, Store, crypt::DataKey, keyring::WrappedKey, revision::Revision, usage::Usage,
};

/// What a snapshot's data key is wrapped for, before the import's id: no party's key is wrapped for the like.
const KEY_CONTEXT: &[u8] = b"cpr snapshot ";

/// Where a full copy is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotState {
    /// Chunks may still come.
    Loading,
    /// In use.
    Current,
    /// A newer one is in use.
    Replaced,
    /// Refused whole.
    Refused,
}

/// An import, as its row tells it.
#[derive(Clone, Debug)]
pub struct Import {
    /// The copy that it loads.
    pub snapshot_id: i32,
    /// Chosen by the client.
    pub import_id: Uuid,
    /// The day that the register is told as of.
    pub as_of: NaiveDate,
    /// Where it is in its life.
    pub state: SnapshotState,
    /// How many records were announced.
    pub expected_row_count: u64,
    /// How many are durable.
    pub row_count: u64,
    /// The chunk that comes next.
    pub next_chunk: u32,
    /// When the last chunks became durable.
    pub progressed_at: DateTime<Utc>,
    /// Why it was refused.
    pub refusal: Option<String>,
}

/// The copy in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentSnapshot {
    /// Which.
    pub snapshot_id: i32,
    /// The day that the register is told as of.
    pub as_of: NaiveDate,
    /// How many records it has.
    pub row_count: u64,
}

/// What a copy has done to the parties that are known, as far as it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EffectCounts {
    /// Parties that have ended.
    pub ended: u64,
    /// Parties that were suspended.
    pub suspended: u64,
    /// Parties whose suspension was lifted.
    pub reinstated: u64,
    /// Parties that have a new number.
    pub renumbered: u64,
    /// Parties that were merged into the party of their new number.
    pub merged: u64,
    /// Parties whose new number is another party's that they cannot be merged with.
    pub unresolved: u64,
    /// While the copy is in use: parties of which something is still to be written, whatever it comes from.
    pub pending: u64,
}

/// What decides whether an import may begin or go on.
#[derive(Clone, Debug)]
pub struct ImportFacts {
    /// The client's import of that id.
    pub import: Option<Import>,
    /// What it has done.
    pub effects: EffectCounts,
    /// The copy in use.
    pub current: Option<CurrentSnapshot>,
    /// The state that this is from.
    pub revision: Revision,
}

/// An import that is to begin.
#[derive(Clone, Copy, Debug)]
pub struct Begin<'a> {
    /// The registered client.
    pub client: &'a str,
    /// Chosen by the client.
    pub import_id: Uuid,
    /// The day that the register is told as of.
    pub as_of: NaiveDate,
    /// How many records are announced.
    pub expected_row_count: u64,
    /// Now.
    pub at: DateTime<Utc>,
    /// Another import that has not progressed since then is given up for this one.
    pub idle_since: DateTime<Utc>,
}

/// Whether an import goes on.
#[derive(Debug)]
pub enum Resumed {
    /// From its next chunk.
    Loading(Loading),
    /// It was refused, given up or completed meanwhile.
    Ended,
}

impl SnapshotState {
    fn parse(name: &str) -> Result<Self> {
        match name {
            "loading" => Ok(Self::Loading),
            "current" => Ok(Self::Current),
            "replaced" => Ok(Self::Replaced),
            "refused" => Ok(Self::Refused),
            _ => Err(Error::Unreadable("state of a CPR snapshot")),
        }
    }
}

impl Store {
    /// What is known of a client's import, and of the copy in use. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn cpr_import(&self, client: &str, import_id: Uuid) -> Result<ImportFacts> {
        let row = sqlx::query_file_as!(Row, "src/cpr/import.sql", SHARD, client, import_id)
            .fetch_one(&self.pool)
            .await?;
        let revision = Revision { epoch: row.epoch, shard: SHARD, number: row.revision };
        Ok(ImportFacts {
            current: row.current()?,
            effects: row.effects()?,
            import: row.import(import_id)?,
            revision,
        })
    }

    /// Begins an import: makes its row, its key, and the table of its records. One round trip.
    ///
    /// # Errors
    /// [`Error::Conflict`] with [`crate::Conflict::CprImport`] when another import is loading, or this one was begun
    /// meanwhile; [`Error::Unavailable`].
    pub async fn begin_cpr_import(&self, begin: Begin<'_>) -> Result<Loading> {
        let key = DataKey::generate().map_err(|_| Error::Unreadable("no randomness for a data key"))?;
        let wrapped = self
            .keys
            .wrap(&key, &key_context(begin.import_id))
            .map_err(|_| Error::Unreadable("a data key cannot be wrapped"))?;
        let snapshot_id = sqlx::query_file_scalar!(
            "src/cpr/begin.sql",
            SHARD,
            begin.client,
            begin.import_id,
            begin.as_of,
            number(begin.expected_row_count)?,
            wrapped.key_id,
            wrapped.bytes,
            begin.at,
            begin.idle_since,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Loading::begun(snapshot_id, self.sealer(key, snapshot_id)))
    }

    /// Goes on with an import that is loading. A stream that may still send parts of it can write nothing any more. One
    /// round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn resume_cpr_import(&self, import: &Import, at: DateTime<Utc>) -> Result<Resumed> {
        const DAMAGED: Error = Error::Unreadable("CPR import");
        let resumed = sqlx::query!(
            r#"update cpr_snapshot set attempt = attempt + 1, progressed_at = $3
               where shard = $1 and snapshot_id = $2 and state = 'loading'
               returning attempt, next_chunk, row_count, digest, wrapping_key_id as "wrapping_key_id!",
                         wrapped_key as "wrapped_key!""#,
            SHARD,
            import.snapshot_id,
            at,
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = resumed else { return Ok(Resumed::Ended) };
        let wrapped = WrappedKey { key_id: row.wrapping_key_id, bytes: row.wrapped_key };
        let key = self
            .keys
            .unwrap_key(&wrapped, &key_context(import.import_id))
            .map_err(|_| Error::Unreadable("a data key cannot be unwrapped"))?;
        Ok(Resumed::Loading(Loading {
            snapshot_id: import.snapshot_id,
            attempt: row.attempt,
            next_chunk: u32::try_from(row.next_chunk).map_err(|_| DAMAGED)?,
            row_count: count(row.row_count)?,
            digest: row.digest.try_into().map_err(|_| DAMAGED)?,
            sealer: self.sealer(key, import.snapshot_id),
        }))
    }

    /// Refuses an import whole, with its usage entry: destroys its key. False when it is not this stream's any more.
    /// One round trip; [`Store::drop_cpr_records`] tidies up.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn refuse_cpr_import(
        &self,
        loading: &Loading,
        reason: &str,
        usage: Usage<'_>,
        at: DateTime<Utc>,
    ) -> Result<bool> {
        let refused = sqlx::query_file_scalar!(
            "src/cpr/refuse.sql",
            SHARD,
            loading.snapshot_id,
            loading.attempt,
            reason,
            at,
            usage.entry_id,
            usage.at,
            usage.client,
            usage.rpc,
            usage.trace_id,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(refused > 0)
    }

    /// The data key of the copy in use.
    pub(super) fn cpr_key(&self, import_id: Uuid, key_id: &str, wrapped: &[u8]) -> Result<DataKey> {
        let wrapped = WrappedKey { key_id: key_id.to_owned(), bytes: wrapped.to_vec() };
        self.keys
            .unwrap_key(&wrapped, &key_context(import_id))
            .map_err(|_| Error::Unreadable("a data key cannot be unwrapped"))
    }
}

fn key_context(import_id: Uuid) -> Vec<u8> {
    [KEY_CONTEXT, import_id.as_bytes()].concat()
}

/// A count as stored.
pub(super) fn number(count: u64) -> Result<i64> {
    i64::try_from(count).map_err(|_| Error::Unreadable("count of records"))
}

/// A count that was stored.
pub(super) fn count(number: i64) -> Result<u64> {
    u64::try_from(number).map_err(|_| Error::Unreadable("count of records"))
}

/// The head, beside it the import and the copy in use, if there are any.
struct Row {
    epoch: Uuid,
    revision: i64,
    snapshot_id: Option<i32>,
    as_of: Option<NaiveDate>,
    state: Option<String>,
    expected_row_count: Option<i64>,
    row_count: Option<i64>,
    next_chunk: Option<i32>,
    progressed_at: Option<DateTime<Utc>>,
    refusal: Option<String>,
    current_id: Option<i32>,
    current_as_of: Option<NaiveDate>,
    current_row_count: Option<i64>,
    ended: Option<i64>,
    suspended: Option<i64>,
    reinstated: Option<i64>,
    renumbered: Option<i64>,
    merged: Option<i64>,
    unresolved: Option<i64>,
    pending: Option<i64>,
}

impl Row {
    fn current(&self) -> Result<Option<CurrentSnapshot>> {
        let (Some(snapshot_id), Some(as_of), Some(rows)) =
            (self.current_id, self.current_as_of, self.current_row_count)
        else {
            return Ok(None);
        };
        Ok(Some(CurrentSnapshot { snapshot_id, as_of, row_count: count(rows)? }))
    }

    fn effects(&self) -> Result<EffectCounts> {
        let told = |number: Option<i64>| count(number.unwrap_or_default());
        Ok(EffectCounts {
            ended: told(self.ended)?,
            suspended: told(self.suspended)?,
            reinstated: told(self.reinstated)?,
            renumbered: told(self.renumbered)?,
            merged: told(self.merged)?,
            unresolved: told(self.unresolved)?,
            pending: told(self.pending)?,
        })
    }

    fn import(self, import_id: Uuid) -> Result<Option<Import>> {
        const DAMAGED: Error = Error::Unreadable("CPR import");
        let Some(snapshot_id) = self.snapshot_id else { return Ok(None) };
        Ok(Some(Import {
            snapshot_id,
            import_id,
            as_of: self.as_of.ok_or(DAMAGED)?,
            state: SnapshotState::parse(&self.state.ok_or(DAMAGED)?)?,
            expected_row_count: count(self.expected_row_count.ok_or(DAMAGED)?)?,
            row_count: count(self.row_count.ok_or(DAMAGED)?)?,
            next_chunk: self.next_chunk.and_then(|next| u32::try_from(next).ok()).ok_or(DAMAGED)?,
            progressed_at: self.progressed_at.ok_or(DAMAGED)?,
            refusal: self.refusal,
        }))
    }
}
