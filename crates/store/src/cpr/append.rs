//! Writing chunks: records by COPY, and how far the import has come, in one transaction.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::{LONG_STATEMENT_TIMEOUT_MS, SealedChunk, Sealer, import::number, records};
use crate::{Conflict, Error, Result, SHARD, Store};

/// An import in the hands of one stream.
#[derive(Clone, Debug)]
pub struct Loading {
    pub(super) snapshot_id: i32,
    pub(super) attempt: i32,
    /// The chunk that comes next.
    pub next_chunk: u32,
    /// How many records are durable.
    pub row_count: u64,
    /// Of the durable chunks: SHA-256 of the digest before and the chunk's own, one chunk after the other, from 32 zero
    /// bytes.
    pub digest: [u8; 32],
    pub(super) sealer: Sealer,
}

impl Loading {
    pub(super) fn begun(snapshot_id: i32, sealer: Sealer) -> Self {
        Self { snapshot_id, attempt: 1, next_chunk: 0, row_count: 0, digest: [0; 32], sealer }
    }

    /// The copy that it loads.
    #[must_use]
    pub const fn snapshot_id(&self) -> i32 {
        self.snapshot_id
    }

    /// Seals records of this import, on any thread.
    #[must_use]
    pub fn sealer(&self) -> Sealer {
        self.sealer.clone()
    }

    /// The same import after these chunks.
    fn after(&self, chunks: &[SealedChunk]) -> Result<Self> {
        let mut after = self.clone();
        for chunk in chunks {
            let digest = Sha256::new().chain_update(after.digest).chain_update(chunk.digest);
            after.digest = digest.finalize().into();
            after.row_count += chunk.row_count;
            after.next_chunk = after.next_chunk.checked_add(1).ok_or(Error::Unreadable("count of chunks"))?;
        }
        Ok(after)
    }
}

impl Store {
    /// Makes sure that the import is still this stream's, and lets it count as not idle from now on. One round trip.
    ///
    /// # Errors
    /// [`Error::Conflict`] with [`Conflict::CprImportLost`] when another stream goes on with the import, or it was given
    /// up; [`Error::Unavailable`].
    pub async fn hold_cpr_import(&self, loading: &Loading, at: DateTime<Utc>) -> Result<()> {
        let held = sqlx::query!(
            "update cpr_snapshot set progressed_at = $4
             where shard = $1 and snapshot_id = $2 and attempt = $3 and state = 'loading'",
            SHARD,
            loading.snapshot_id,
            loading.attempt,
            at,
        )
        .execute(&self.pool)
        .await?;
        if held.rows_affected() == 0 { Err(Error::Conflict(Conflict::CprImportLost)) } else { Ok(()) }
    }

    /// Appends chunks to the import, the next ones in order; durable when this returns the import after them. Not to be
    /// cut off half-way: run it in a task of its own.
    ///
    /// # Errors
    /// [`Error::Conflict`] with [`Conflict::CprImportLost`] when another stream goes on with the import, or it was
    /// given up; [`Error::Unavailable`].
    pub async fn append_cpr_chunks(
        &self,
        loading: &Loading,
        chunks: &[SealedChunk],
        at: DateTime<Utc>,
    ) -> Result<Loading> {
        let after = loading.after(chunks)?;
        let mut transaction = self.pool.begin().await?;
        // First, because it waits for another stream that is writing, and finds out that there is one.
        let progressed = sqlx::query_file_scalar!(
            "src/cpr/append.sql",
            SHARD,
            loading.snapshot_id,
            loading.attempt,
            i32::try_from(loading.next_chunk).map_err(|_| Error::Unreadable("count of chunks"))?,
            i32::try_from(after.next_chunk).map_err(|_| Error::Unreadable("count of chunks"))?,
            number(after.row_count)?,
            after.digest.as_slice(),
            at,
            LONG_STATEMENT_TIMEOUT_MS.to_string(),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        if progressed.is_none() {
            return Err(Error::Conflict(Conflict::CprImportLost));
        }
        let statement = format!("copy {} from stdin (format binary)", records::table(loading.snapshot_id));
        let mut copy = transaction.copy_in_raw(&statement).await?;
        copy.send(records::COPY_HEADER).await?;
        for chunk in chunks {
            copy.send(chunk.rows.as_slice()).await?;
        }
        copy.send(records::COPY_TRAILER).await?;
        let written = copy.finish().await?;
        if loading.row_count + written != after.row_count {
            return Err(Error::Unreadable("records were lost on their way"));
        }
        transaction.commit().await?;
        Ok(after)
    }
}
