//! How every command runs: repeated requests get their first answer, collisions are tried again, refusals are logged.

use std::{future::Future, sync::Arc, time::Duration};

use fuldmagt_domain::agreement::signature;
use fuldmagt_store::{self as store, Conflict, command::Command, revision::Revision, usage::About};
use uuid::Uuid;

use super::{App, Call, Caller, Error, Result};
use crate::clients;

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

/// Whether a command is done, or only judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is done.
    Do,
    /// Nothing is written; the answer is what it would be.
    ValidateOnly,
}

/// How a command reached the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A logged-in user at a front end.
    SelfService,
    /// A caseworker, with a form on paper.
    Paper,
    /// What a register says.
    Register,
    /// A system on its own behalf.
    System,
}

impl Channel {
    /// The stable name, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SelfService => "self_service",
            Self::Paper => "paper",
            Self::Register => "register",
            Self::System => "system",
        }
    }

    /// The channel of that name, if it is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::SelfService, Self::Paper, Self::Register, Self::System]
            .into_iter()
            .find(|channel| channel.as_str() == name)
    }
}

/// The answer to a command, encoded for the caller but for its revision. The same bytes answer repeated requests.
///
/// Of a command that was only judged: what it would be, and the state that it was judged by.
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

    /// The order of something that the service does by itself, `what` in the usage log. `channel`: how it came about.
    ///
    /// # Errors
    /// [`Error::Broken`].
    pub(super) fn own_order(&self, what: &'static str, channel: Channel) -> Result<Order> {
        let client = clients::service_itself().map_err(|_| Error::Broken("the service's own client"))?;
        let call = self.call(Caller { client: Arc::new(client), rpc: what, trace_id: None });
        Ok(self.order(call, self.ids.random_id(), &[], channel))
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
        let mut gave_up = Error::Busy;
        for number in 0..MAX_ATTEMPTS {
            if let Some(answer) = self.first_answer(order, about).await? {
                return Ok(answer);
            }
            match attempt(order.clone()).await {
                Err(Error::Store(error)) if collided(&error) => {
                    // A grant that ended a moment ago can stand in the way, though nothing that lives does.
                    if matches!(error, store::Error::Conflict(Conflict::OverlappingGrant)) {
                        gave_up = Error::DelegationOverlaps;
                    }
                    tokio::time::sleep(Duration::from_millis(FIRST_PAUSE_MS << number)).await;
                }
                Err(Error::Store(error)) if error_of_a_limit(&error).is_none() => {
                    return Err(Error::Store(error));
                }
                Err(refusal) => {
                    let refusal = if let Error::Store(error) = &refusal {
                        error_of_a_limit(error).unwrap_or(refusal)
                    } else {
                        refusal
                    };
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
        Err(gave_up)
    }
}

/// What a limit that the database keeps is to callers.
fn error_of_a_limit(error: &store::Error) -> Option<Error> {
    let store::Error::Conflict(conflict) = error else { return None };
    match conflict {
        Conflict::TooManyRequests => Some(Error::TooManyRequests),
        Conflict::TooManyRequestsToDelegator => Some(Error::TooManyRequestsToDelegator),
        Conflict::DeclinedTooOften => Some(Error::DeclinedTooOften),
        Conflict::TooManyDelegations => Some(Error::TooManyDelegations),
        Conflict::TooManyGivenOn => Some(Error::TooManyGivenOn),
        Conflict::FourEyes => Some(Error::FourEyes),
        Conflict::TooManyPaperCases => Some(Error::TooManyPaperCases),
        Conflict::VersionNotForFollowers => Some(Error::NotForFollowers { place: None }),
        Conflict::SignatureUsed => Some(signature::Refusal::Used.into()),
        Conflict::RequestId
        | Conflict::Version
        | Conflict::Identifier
        | Conflict::IdentifierKind
        | Conflict::CatalogueName
        | Conflict::OverlappingGrant
        | Conflict::CprImport
        | Conflict::CprImportLost
        | Conflict::CprNumberTwice => None,
    }
}

/// Whether the same request, sent twice at once and answered meanwhile, can be why it no longer can be done.
const fn own_doing(refusal: &Error) -> bool {
    matches!(
        refusal,
        Error::DelegationOverlaps
            | Error::EtagMismatch
            | Error::Request(_)
            | Error::Ending(_)
            // The first of the two has become what would be replaced.
            | Error::Signature(signature::Refusal::TextMismatch | signature::Refusal::Used)
            | Error::TooManyRequests
            | Error::TooManyRequestsToDelegator
            | Error::DeclinedTooOften
            | Error::TooManyDelegations
            | Error::TooManyGivenOn
            | Error::FourEyes
            | Error::Paper(_)
            | Error::TooManyPaperCases
            | Error::PartyMerged(_)
            | Error::PartyNotSuspended
    )
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
            | Conflict::CatalogueName
            | Conflict::OverlappingGrant => true,
            // Two imports of the CPR register, or two streams of one: the loser is told.
            Conflict::CprImport
            | Conflict::CprImportLost
            | Conflict::CprNumberTwice
            | Conflict::TooManyRequests
            | Conflict::TooManyRequestsToDelegator
            | Conflict::DeclinedTooOften
            | Conflict::TooManyDelegations
            | Conflict::TooManyGivenOn
            | Conflict::FourEyes
            | Conflict::TooManyPaperCases
            | Conflict::VersionNotForFollowers
            | Conflict::SignatureUsed => false,
        },
        store::Error::Unavailable(_)
        | store::Error::Unexpected(_)
        | store::Error::Unreadable(_)
        | store::Error::Misfit(_) => false,
    }
}
