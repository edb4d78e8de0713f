//! The task that writes an import.

use std::time::{Duration, Instant};

use fuldmagt_store::{
    self as store, Conflict,
    cpr::{Comparison, CurrentSnapshot, Import, Loading, SealedChunk, SnapshotState, Switch, Switched},
    usage::About,
};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{Header, Imported, Refusal, Trailer};
use crate::app::{
    App, Call, Error, Result,
    command::{Answer, Order},
};

/// Chunks that are written together, in one transaction: 16,000 records, some 4 MB. More would not make it faster, and
/// be lost when a stream breaks; fewer would wait for the disk more often.
pub(super) const GROUP_CHUNKS: usize = 16;
/// When nothing comes for so long, what has come is written.
const FLUSH_AFTER: Duration = Duration::from_secs(1);
/// Most attempts of the switch. Who it collides with are single commands, each of which gets its turn in between.
const MAX_SWITCHES: u32 = 10;
/// The pause after an attempt that collided.
const SWITCH_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// The outcome, in the usage log, of a stream that broke. What came is kept.
const INTERRUPTED: &str = "interrupted";

/// What the writer is to do, in order.
#[derive(Debug)]
pub(super) enum Step {
    /// The next chunk, when it is sealed.
    Chunk(JoinHandle<Result<SealedChunk>>),
    /// The stream is not what it must be.
    Refuse(Error),
    /// The stream is complete.
    Complete {
        /// With the import's id.
        order: Box<Order>,
        /// What the stream says of itself.
        trailer: Trailer,
        /// Makes the answer.
        encode: fn(&Imported) -> Vec<u8>,
    },
}

/// The one that changes an import.
pub(super) struct Writer {
    app: App,
    call: Call,
    header: Header,
    loading: Loading,
    group: Vec<SealedChunk>,
}

impl Writer {
    pub(super) fn new(app: App, call: Call, header: Header, loading: Loading) -> Self {
        Self { app, call, header, loading, group: Vec::with_capacity(GROUP_CHUNKS) }
    }

    /// To the import's end, or the stream's.
    pub(super) async fn run(mut self, mut steps: mpsc::Receiver<Step>) -> Result<Answer> {
        // What earlier ones left is in nobody's way, but takes room.
        self.tidy_up().await;
        match self.take(&mut steps).await {
            Err(error) if is_of_the_copy(&error) => self.refuse(error).await,
            ended => ended,
        }
    }

    async fn take(&mut self, steps: &mut mpsc::Receiver<Step>) -> Result<Answer> {
        loop {
            let step = match tokio::time::timeout(FLUSH_AFTER, steps.recv()).await {
                Ok(Some(step)) => step,
                Ok(None) => return self.interrupted().await,
                Err(_) => {
                    self.flush().await?;
                    continue;
                }
            };
            match step {
                Step::Chunk(sealed) => {
                    let sealed =
                        sealed.await.map_err(|_| Error::Broken("a chunk's task ended without a result"))?;
                    self.group.push(sealed?);
                    if self.group.len() >= GROUP_CHUNKS {
                        self.flush().await?;
                    }
                }
                Step::Refuse(reason) => return Err(reason),
                Step::Complete { order, trailer, encode } => {
                    self.flush().await?;
                    return self.complete(&order, trailer, encode).await;
                }
            }
        }
    }

    /// Writes what is there.
    async fn flush(&mut self) -> Result<()> {
        if self.group.is_empty() {
            return Ok(());
        }
        let rows: u64 = self.group.iter().map(SealedChunk::row_count).sum();
        if self.loading.row_count + rows > self.header.expected_row_count {
            return Err(Error::invalid(
                "header.expected_row_count",
                "ROW_COUNT_MISMATCH",
                "more records have come than the header announces",
            ));
        }
        let now = self.app.now();
        let appended = self.app.store.append_cpr_chunks(&self.loading, &self.group, now).await;
        self.loading = taken_over_or(appended)?;
        self.group.clear();
        Ok(())
    }

    /// The caller is gone, without a trailer: the next stream goes on from here.
    async fn interrupted(&mut self) -> Result<Answer> {
        let kept = self.flush().await;
        let logged = self.app.store.log_outcome(self.call.usage(), About::default(), INTERRUPTED).await;
        if kept.is_err() || logged.is_err() {
            tracing::warn!("the last of a broken import could not be kept, or its end not be logged");
        }
        Err(Error::Broken("nobody waits for the answer to a broken stream"))
    }

    async fn complete(
        &mut self,
        order: &Order,
        trailer: Trailer,
        encode: fn(&Imported) -> Vec<u8>,
    ) -> Result<Answer> {
        let Self { app, header, loading, .. } = &*self;
        judge(*header, trailer, loading)?;
        taken_over_or(app.store.hold_cpr_import(loading, app.now()).await)?;
        let begun = Instant::now();
        match app.store.index_cpr_records(loading).await {
            Err(store::Error::Conflict(Conflict::CprNumberTwice)) => {
                return Err(Refusal::NumberTwice.into());
            }
            indexed => indexed?,
        }
        let indexed = begun.elapsed();
        let previous = app.store.cpr_import(&order.call.caller.client.id, header.import_id).await?.current;
        let comparison = app.store.compare_cpr_records(loading, previous).await?;
        let mut attempt = 1;
        let (switched, response) = loop {
            let switched = self.switch(order, previous, &comparison, encode).await;
            // A command about one of the parties waits for the copy, while this waits for the party: one of the two gives
            // way, and comes after the other.
            if attempt == MAX_SWITCHES || !matches!(switched, Err(store::Error::Contention(_))) {
                break taken_over_or(switched)?;
            }
            tokio::time::sleep(SWITCH_AGAIN_AFTER).await;
            attempt += 1;
        };
        tracing::info!(
            rows = loading.row_count,
            index_ms = indexed.as_millis() as u64,
            compare_ms = (begun.elapsed() - indexed).as_millis() as u64,
            "a copy of the CPR register has come into use"
        );
        if switched.has_more && app.turn_by_register().await.is_err() {
            tracing::warn!(
                "what the CPR register says of parties could not all be written; it is tried again"
            );
        }
        self.tidy_up().await;
        Ok(Answer { response, revision: switched.revision })
    }

    /// Puts the copy in the place of the one in use, with the answer that tells of it.
    async fn switch(
        &self,
        order: &Order,
        previous: Option<CurrentSnapshot>,
        comparison: &Comparison,
        encode: fn(&Imported) -> Vec<u8>,
    ) -> store::Result<(Switched, Vec<u8>)> {
        let Self { app, header, loading, .. } = self;
        let at = app.now();
        let import = Import {
            snapshot_id: loading.snapshot_id(),
            import_id: header.import_id,
            as_of: header.as_of,
            state: SnapshotState::Current,
            expected_row_count: header.expected_row_count,
            row_count: loading.row_count,
            next_chunk: loading.next_chunk,
            progressed_at: at,
            refusal: None,
        };
        let response = encode(&Imported { import, comparison: comparison.clone() });
        let switch = Switch { loading, previous, response: &response, at };
        let switched = app.store.switch_cpr_snapshot(switch, &app.cpr.effects, &order.command()).await?;
        Ok((switched, response))
    }

    /// Refuses the copy whole.
    async fn refuse(&mut self, error: Error) -> Result<Answer> {
        let (usage, now) = (self.call.usage(), self.app.now());
        let refused = self.app.store.refuse_cpr_import(&self.loading, error.reason(), usage, now).await?;
        self.tidy_up().await;
        Err(if refused { error } else { Refusal::TakenOver.into() })
    }

    /// Drops the records of copies that are out of use. Their key is gone, so it matters to the disk only, and the next
    /// import tries again.
    async fn tidy_up(&self) {
        match self.app.store.drop_cpr_records().await {
            Ok(0) => {}
            Ok(copies) => {
                tracing::info!(copies, "records of the CPR register that are out of use were dropped")
            }
            Err(_) => {
                tracing::warn!("records of the CPR register that are out of use could not be dropped yet")
            }
        }
    }
}

/// What the stream says of itself, beside what came.
fn judge(header: Header, trailer: Trailer, loading: &Loading) -> Result<()> {
    if trailer.row_count != loading.row_count {
        let description = "must be how many records all chunks had";
        return Err(Error::invalid("trailer.row_count", "ROW_COUNT_MISMATCH", description));
    }
    if loading.row_count != header.expected_row_count {
        let description = "fewer records have come than the header announces";
        return Err(Error::invalid("header.expected_row_count", "ROW_COUNT_MISMATCH", description));
    }
    if trailer.digest != loading.digest {
        return Err(Error::invalid("trailer.sha256", "DIGEST_MISMATCH", "must be the digest of all chunks"));
    }
    Ok(())
}

/// Whether the copy is what is wrong, so that it can never be taken.
const fn is_of_the_copy(error: &Error) -> bool {
    matches!(error, Error::Invalid(_) | Error::CprImport(Refusal::NumberTwice))
}

fn taken_over_or<T>(done: store::Result<T>) -> Result<T> {
    match done {
        Err(store::Error::Conflict(Conflict::CprImportLost)) => Err(Refusal::TakenOver.into()),
        done => Ok(done?),
    }
}
