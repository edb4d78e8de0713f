//! `ImportCprSnapshot`: a full copy of the CPR register comes in a stream and takes the place of the one before.
//!
//! Two tasks work on an import. The caller's reads the stream, and hands each chunk to a thread that parses and seals
//! it. The `writer` takes them in order, writes them, and is the only one that changes the import; it goes on to its
//! end when the caller hangs up. So much is on its way between the two as their queue holds, whatever the size of the
//! copy.

mod writer;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, NaiveDate, Utc};
use fuldmagt_domain::{cpr_record::CprRecord, cpr_status::Effects, period::danish_date};
use fuldmagt_store::{
    self as store, Conflict,
    cpr::{Begin, Comparison, CurrentSnapshot, Import, Loading, Resumed, SealedChunk, SnapshotState},
    usage::About,
};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinHandle,
};
use uuid::Uuid;

use super::{
    App, Call, Error, Result,
    command::{Answer, Order},
};
use writer::{Step, Writer};

/// Chunks that are sealed, or being sealed, and wait to be written. As many as are written together, so that the next
/// ones are ready by then: some 4 MB.
const QUEUE_CHUNKS: usize = writer::GROUP_CHUNKS;
/// Most threads that seal at a time, on a machine with more cores: one import must leave some for the answers.
const MAX_SEALING: usize = 4;

/// What is believed of a copy, and when an import is given up: see the configuration's section `cpr`.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The fewest records.
    pub min_rows: u64,
    /// How many of a hundred records of the copy in use a new one has at least.
    pub min_percent_of_current: u64,
    /// How long an import may be idle before another one may take its place.
    pub idle: Duration,
    /// What each status has happen to a party.
    pub effects: Effects,
}

/// What begins a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Chosen by the client.
    pub import_id: Uuid,
    /// The day that the register is told as of.
    pub as_of: NaiveDate,
    /// How many records the copy has.
    pub expected_row_count: u64,
}

/// A chunk that was parsed.
#[derive(Debug)]
pub struct ReadChunk {
    /// Its records.
    pub records: Vec<CprRecord>,
    /// SHA-256 of its text.
    pub digest: [u8; 32],
}

/// What ends a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trailer {
    /// How many records all chunks had.
    pub row_count: u64,
    /// The digest of all chunks.
    pub digest: [u8; 32],
}

/// What came into use, and how it differs from the copy before.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The import, complete.
    pub import: Import,
    /// In counts.
    pub comparison: Comparison,
}

/// Why a copy is not taken, other than for a wrong field of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The copy in use is of the same day, or a later one.
    #[error("the copy is not newer than the one in use")]
    NotNewer,
    /// It has implausibly few records.
    #[error("the copy has implausibly few records")]
    TooSmall,
    /// Another import is loading.
    #[error("another import is loading")]
    Running,
    /// The import was refused before.
    #[error("the import was refused before")]
    RefusedBefore,
    /// A number is there twice.
    #[error("a number is there twice")]
    NumberTwice,
    /// The import goes on in another stream, or was given up.
    #[error("the import is not this stream's any more")]
    TakenOver,
}

impl Refusal {
    /// The stable name that callers and the usage log are told.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotNewer => "SNAPSHOT_NOT_NEWER",
            Self::TooSmall => "SNAPSHOT_TOO_SMALL",
            Self::Running => "IMPORT_RUNNING",
            Self::RefusedBefore => "IMPORT_REFUSED",
            Self::NumberTwice => "CPR_NUMBER_TWICE",
            Self::TakenOver => "IMPORT_TAKEN_OVER",
        }
    }
}

/// What a header leads to.
#[derive(Debug)]
pub enum Begun {
    /// Chunks are awaited.
    Running(Running),
    /// The import was completed before: see [`App::repeated_cpr_import`].
    Complete,
}

/// An import that takes chunks. Dropped before its end, what has come is kept.
#[derive(Debug)]
pub struct Running {
    next_chunk: u32,
    /// Before the first chunk of this stream, any that is kept already may come again.
    has_begun: bool,
    loading: Loading,
    sealing: Arc<Semaphore>,
    steps: mpsc::Sender<Step>,
    writer: JoinHandle<Result<Answer>>,
}

impl App {
    /// Begins an import, or goes on with one.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a day in the future, [`Error::IdempotencyMismatch`] for another header than the import's,
    /// [`Refusal::NotNewer`], [`Refusal::TooSmall`], [`Refusal::Running`], [`Refusal::RefusedBefore`],
    /// [`Refusal::TakenOver`], and those of the store.
    pub async fn begin_cpr_import(&self, call: &Call, header: Header) -> Result<Begun> {
        let (app, call) = (self.clone(), call.clone());
        // To its end, whoever hangs up.
        let begun = tokio::spawn(async move {
            match app.begin_once(&call, header).await {
                Err(Error::Store(error)) => Err(Error::Store(error)),
                Err(refusal) => {
                    app.store.log_outcome(call.usage(), About::default(), refusal.reason()).await?;
                    Err(refusal)
                }
                begun => begun,
            }
        });
        begun.await.map_err(|_| Error::Broken("the task that begins an import ended without an answer"))?
    }

    async fn begin_once(&self, call: &Call, header: Header) -> Result<Begun> {
        let client = call.caller.client.id.as_str();
        let facts = self.store.cpr_import(client, header.import_id).await?;
        let loading = match &facts.import {
            Some(import) => {
                if (import.as_of, import.expected_row_count) != (header.as_of, header.expected_row_count) {
                    return Err(Error::IdempotencyMismatch);
                }
                match import.state {
                    SnapshotState::Current | SnapshotState::Replaced => return Ok(Begun::Complete),
                    SnapshotState::Refused => return Err(Refusal::RefusedBefore.into()),
                    SnapshotState::Loading => match self.store.resume_cpr_import(import, call.at).await? {
                        Resumed::Loading(loading) => loading,
                        Resumed::Ended => return Err(Refusal::TakenOver.into()),
                    },
                }
            }
            None => {
                self.judge(header, facts.current, call.at)?;
                let begin = Begin {
                    client,
                    import_id: header.import_id,
                    as_of: header.as_of,
                    expected_row_count: header.expected_row_count,
                    at: call.at,
                    idle_since: call.at - self.cpr.idle,
                };
                match self.store.begin_cpr_import(begin).await {
                    Err(store::Error::Conflict(Conflict::CprImport)) => return Err(Refusal::Running.into()),
                    begun => begun?,
                }
            }
        };
        Ok(Begun::Running(Running::start(self.clone(), call.clone(), header, loading)))
    }

    /// Whether a copy of that day and size may take the place of the one in use.
    fn judge(&self, header: Header, current: Option<CurrentSnapshot>, at: DateTime<Utc>) -> Result<()> {
        // It would keep out every copy until that day.
        if header.as_of > danish_date(at) {
            return Err(Error::invalid("header.as_of", "AS_OF_IN_FUTURE", "must not be after today"));
        }
        if current.is_some_and(|current| header.as_of <= current.as_of) {
            return Err(Refusal::NotNewer.into());
        }
        let of_current = current.map_or(0, |current| current.row_count * self.cpr.min_percent_of_current);
        if header.expected_row_count < self.cpr.min_rows || header.expected_row_count * 100 < of_current {
            return Err(Refusal::TooSmall.into());
        }
        Ok(())
    }

    /// The first answer to an import that is sent again after it was completed; logged.
    ///
    /// # Errors
    /// [`Error::IdempotencyMismatch`] when it was completed by another trailer, or so long ago that its answer is not
    /// kept any more; those of the store.
    pub async fn repeated_cpr_import(&self, order: &Order) -> Result<Answer> {
        self.replay_or(order, About::default(), Error::IdempotencyMismatch).await
    }
}

impl Running {
    fn start(app: App, call: Call, header: Header, loading: Loading) -> Self {
        let (steps, received) = mpsc::channel(QUEUE_CHUNKS);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let next_chunk = loading.next_chunk;
        let writer = Writer::new(app, call, header, loading.clone());
        let run = tracing::Instrument::instrument(writer.run(received), tracing::Span::current());
        Self {
            next_chunk,
            has_begun: false,
            loading,
            sealing: Arc::new(Semaphore::new(cores.min(MAX_SEALING))),
            steps,
            writer: tokio::spawn(run),
        }
    }

    /// Takes the next chunk; `read` parses it, on another thread. Waits while too much is on its way.
    ///
    /// # Errors
    /// What ended the import.
    pub async fn chunk(
        mut self,
        sequence: u32,
        read: impl FnOnce() -> Result<ReadChunk> + Send + 'static,
    ) -> Result<Self> {
        // Kept by an earlier stream. That it is the same is seen by the digest at the end.
        if !self.has_begun && sequence < self.next_chunk {
            return Ok(self);
        }
        self.has_begun = true;
        if sequence != self.next_chunk {
            let description =
                "must be one more than that of the chunk before, or where the import was broken off";
            return Err(self
                .refuse(Error::invalid("chunk.sequence", "CHUNK_OUT_OF_ORDER", description))
                .await);
        }
        self.next_chunk = self.next_chunk.saturating_add(1);
        let sealer = self.loading.sealer();
        let sealing = Arc::clone(&self.sealing).acquire_owned().await;
        let place = sealing.map_err(|_| Error::Broken("the semaphore is never closed"))?;
        let sealed: JoinHandle<Result<SealedChunk>> = tokio::task::spawn_blocking(move || {
            let _place = place;
            let ReadChunk { records, digest } = read()?;
            Ok(sealer.seal(&records, digest)?)
        });
        match self.steps.send(Step::Chunk(sealed)).await {
            Ok(()) => Ok(self),
            Err(_) => Err(self.end().await.err().unwrap_or(Error::Broken("an import that is not running"))),
        }
    }

    /// Completes the import: it is in use, when there is an answer.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a trailer that does not fit, [`Refusal::NumberTwice`], [`Refusal::TakenOver`], whatever
    /// was wrong with the last chunks, and those of the store.
    pub async fn complete(
        self,
        order: Order,
        trailer: Trailer,
        encode: fn(&Imported) -> Vec<u8>,
    ) -> Result<Answer> {
        // When nobody takes it, the import has ended, and its end says why.
        let _ = self.steps.send(Step::Complete { order: Box::new(order), trailer, encode }).await;
        self.end().await
    }

    /// Refuses the copy whole, for a reason that is seen in the stream and not in a chunk. Tells what to tell.
    pub async fn refuse(self, reason: Error) -> Error {
        let _ = self.steps.send(Step::Refuse(reason)).await;
        self.end().await.err().unwrap_or(Error::Broken("a refused import has an answer"))
    }

    async fn end(self) -> Result<Answer> {
        drop(self.steps);
        self.writer.await.map_err(|_| Error::Broken("an import's task ended without an answer"))?
    }
}
