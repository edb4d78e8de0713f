//! How every command runs: repeated requests get their first answer, collisions are tried again, refusals are logged.

use std::{future::Future, time::Duration};

use fuldmagt_store::{self as store, Conflict, command::Command, revision::Revision, usage::About};
use uuid::Uuid;

use super::{App, Call, Error, Result};

/// Most attempts of one command before it is given up as [`Error::Busy`]. Collisions are between commands about the
/// same parties; five in a row mean that somebody sends them faster than a person can.
const MAX_ATTEMPTS: u32 = 5;
/// The pause after the first collision, in milliseconds; it doubles each time.
const FIRST_PAUSE_MS: u64 = 5;
/// The outcome, in the usage log, of a request that got its first answer again.
const REPEATED: &str = "repeated";

/// Everything beside its content that a command needs.
#[derive(Clone, Debug)]
pub struct Order {
    /// The call.
    pub call: Call,
    /// The caller's idempotency key.
    pub request_id: Uuid,
    /// How it reached the service.
    pub channel: Channel,
    payload_digest: [u8; 32],
}

/// How a command reached the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A logged-in user at a front end.
    SelfService,
    /// A system on its own behalf.
    System,
}

impl Channel {
    /// The stable name, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SelfService => "self_service",
            Self::System => "system",
        }
    }
}

/// The answer to a command, encoded for the caller but for its revision. The same bytes answer repeated requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The encoded response message, its `revision` empty.
    pub response: Vec<u8>,
    /// The state after the command.
    pub revision: Revision,
}

impl Order {
    /// The order as the store takes it.
    #[must_use]
    pub fn command(&self) -> Command<'_> {
        Command {
            usage: self.call.usage(),
            request_id: self.request_id,
            payload_digest: self.payload_digest,
            channel: self.channel.as_str(),
        }
    }
}

impl App {
    /// A command's order. `payload`: the encoded request, which a repeated one must equal.
    #[must_use]
    pub fn order(&self, call: Call, request_id: Uuid, payload: &[u8], channel: Channel) -> Order {
        let payload_digest = self.store.keys().index_key().payload_digest(call.caller.rpc, payload);
        Order { call, request_id, channel, payload_digest }
    }

    /// The first answer, if the command had one, else the error. For a request that is wrong by now but was right when
    /// it was sent first: a start that was in the future then. `about` is whom a repeated answer is logged about.
    ///
    /// # Errors
    /// The given one, or that of the store.
    pub async fn replay_or(&self, order: &Order, about: About, error: Error) -> Result<Answer> {
        match self.first_answer(order, about).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) | Err(Error::IdempotencyMismatch) => Err(error),
            Err(other) => Err(other),
        }
    }

    /// The answer that the request got before, if any. It tells what it told then, so it is logged as well.
    async fn first_answer(&self, order: &Order, about: About) -> Result<Option<Answer>> {
        let Some(first) = self.store.first_answer(&order.command()).await? else { return Ok(None) };
        if !first.same_payload {
            return Err(Error::IdempotencyMismatch);
        }
        self.store.log_outcome(order.call.usage(), about, REPEATED).await?;
        Ok(Some(Answer { response: first.response, revision: first.revision }))
    }

    /// Runs a command to its end in a task of its own: a caller who hangs up changes nothing about it.
    ///
    /// `attempt` decides and writes, from what it reads itself, and may run several times. `about` is whom a refusal
    /// or a repeated answer is logged about.
    pub(super) async fn run<F, Fut>(&self, order: Order, about: About, attempt: F) -> Result<Answer>
    where
        F: Fn(Order) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Answer>> + Send + 'static,
    {
        let app = self.clone();
        let span = tracing::Span::current();
        let task = async move { app.run_to_end(&order, about, attempt).await };
        tokio::spawn(tracing::Instrument::instrument(task, span))
            .await
            .map_err(|_| Error::Broken("a command's task ended without an answer"))?
    }

    async fn run_to_end<F, Fut>(&self, order: &Order, about: About, attempt: F) -> Result<Answer>
    where
        F: Fn(Order) -> Fut,
        Fut: Future<Output = Result<Answer>>,
    {
        for number in 0..MAX_ATTEMPTS {
            if let Some(answer) = self.first_answer(order, about).await? {
                return Ok(answer);
            }
            match attempt(order.clone()).await {
                Err(Error::Store(error)) if collided(&error) => {
                    tokio::time::sleep(Duration::from_millis(FIRST_PAUSE_MS << number)).await;
                }
                Err(Error::Store(error)) => return Err(Error::Store(error)),
                Err(refusal) => {
                    if own_doing(&refusal)
                        && let Some(answer) = self.first_answer(order, about).await?
                    {
                        return Ok(answer);
                    }
                    self.store.log_outcome(order.call.usage(), about, refusal.reason()).await?;
                    return Err(refusal);
                }
                Ok(answer) => return Ok(answer),
            }
        }
        Err(Error::Busy)
    }
}

/// Whether the same request, sent twice at once and answered meanwhile, can be why it no longer can be done.
const fn own_doing(refusal: &Error) -> bool {
    matches!(refusal, Error::DelegationOverlaps | Error::EtagMismatch)
}

/// Whether trying again from the beginning can end otherwise.
fn collided(error: &store::Error) -> bool {
    match error {
        store::Error::Contention(_) => true,
        store::Error::Conflict(conflict) => match conflict {
            Conflict::RequestId
            | Conflict::Version
            | Conflict::Identifier
            | Conflict::IdentifierKind
            | Conflict::CatalogueName => true,
            // Two imports of the CPR register, or two streams of one: the loser is told.
            Conflict::OverlappingGrant
            | Conflict::CprImport
            | Conflict::CprImportLost
            | Conflict::CprNumberTwice => false,
        },
        store::Error::Unavailable(_)
        | store::Error::Unexpected(_)
        | store::Error::Unreadable(_)
        | store::Error::Misfit(_) => false,
    }
}
