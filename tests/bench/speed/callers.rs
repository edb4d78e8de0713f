//! The client: calls, and whether the answers are right.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use fuldmagt_proto::v1;
use fuldmagt_proto::v1::delegation_service_client::DelegationServiceClient;
use fuldmagt_proto::v1::preview_delegation_request::Agreement;
use fuldmagt_proto::v1::query_service_client::QueryServiceClient;
use fuldmagt_service::clock::{Clock as _, IdSource as _, RandomIds, SystemClock};
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::questions::{PURPOSE, Questions};

/// Questions of one batch.
pub(crate) const BATCH: usize = 100;
/// A new delegation lasts so many seconds.
const GIVEN_SECONDS: i64 = 30 * 86_400;

/// As long as a small signed document.
const EVIDENCE_BYTES: usize = 8 * 1024;

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// `grpc.health.v1.Health/Check`: no database, no log.
    Empty,
    CheckGranted,
    CheckDenied,
    /// [`BATCH`] questions, half of them granted.
    Batch,
    List,
    /// Of what is to be signed, and then given.
    Preview,
    /// Of what was previewed.
    Create,
    /// Of what was created and is still there.
    Revoke,
}

/// What became of a call.
pub(crate) enum Outcome {
    Right,
    Wrong(String),
    /// Nothing is left to call about.
    Exhausted,
}

/// Several connections to one server, and whose turn it is.
pub(crate) struct Callers {
    channels: Vec<Channel>,
    questions: Arc<Questions>,
    turn: AtomicUsize,
    /// What was previewed, signed.
    signed: Mutex<Vec<v1::CreateDelegationRequest>>,
    /// Delegation and delegator of what was created.
    created: Mutex<Vec<(String, String)>>,
}

impl Callers {
    pub(crate) fn new(channels: Vec<Channel>, questions: Arc<Questions>) -> Self {
        Self {
            channels,
            questions,
            turn: AtomicUsize::new(0),
            signed: Mutex::default(),
            created: Mutex::default(),
        }
    }

    /// Makes a call on one of the connections: workers are spread over them.
    pub(crate) async fn call(&self, call: Call, worker: usize) -> Outcome {
        let channel = self.channels[worker % self.channels.len()].clone();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        match call {
            Call::Empty => empty(channel).await,
            Call::CheckGranted => check(channel, of(&self.questions.granted_requests, turn), true).await,
            Call::CheckDenied => check(channel, of(&self.questions.denied_requests, turn), false).await,
            Call::Batch => self.batch(channel, turn).await,
            Call::List => self.list(channel).await,
            Call::Preview => self.preview(channel, turn).await,
            Call::Create => self.create(channel).await,
            Call::Revoke => self.revoke(channel).await,
        }
    }

    async fn batch(&self, channel: Channel, turn: usize) -> Outcome {
        let items = (0..BATCH).map(|item| {
            let list = [&self.questions.granted_requests, &self.questions.denied_requests][item % 2];
            let v1::CheckDelegationRequest { delegator, representative, privilege, p_number, .. } =
                of(list, turn * BATCH + item);
            v1::BatchCheckItem { delegator, representative, privilege, p_number }
        });
        let request =
            v1::BatchCheckDelegationsRequest { items: items.collect(), purpose: PURPOSE.to_owned() };
        match QueryServiceClient::new(channel).batch_check_delegations(request).await {
            Ok(answer) => {
                let decisions = answer.into_inner().decisions;
                let granted = decisions.iter().filter(|decision| decision.granted).count();
                expect(decisions.len() == BATCH && granted == BATCH / 2, "half of a batch is granted")
            }
            Err(status) => refused(&status),
        }
    }

    async fn list(&self, channel: Channel) -> Outcome {
        match QueryServiceClient::new(channel).list_delegators(self.questions.list.clone()).await {
            Ok(answer) => expect(!answer.into_inner().entries.is_empty(), "the list has entries"),
            Err(status) => refused(&status),
        }
    }

    async fn preview(&self, channel: Channel, turn: usize) -> Outcome {
        let givers = &self.questions.givers;
        let delegator = &givers[turn % givers.len()];
        // Another one each time round, so that no two gifts overlap.
        let representative = &givers[(turn + 1 + turn / givers.len()) % givers.len()];
        let now = SystemClock.now().timestamp();
        let end = v1::period::End::ValidTo(timestamp(now + GIVEN_SECONDS));
        let terms = v1::CreateTerms {
            delegator_id: delegator.party_id.clone(),
            representative_id: representative.party_id.clone(),
            privileges: self.questions.given_privileges.clone(),
            period: Some(v1::Period { start: None, end: Some(end) }),
            ..v1::CreateTerms::default()
        };
        let actor = Some(actor(&delegator.party_id));
        let agreement = Some(Agreement::Create(terms.clone()));
        let request = v1::PreviewDelegationRequest { actor: actor.clone(), agreement };
        let preview = match DelegationServiceClient::new(channel).preview_delegation(request).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => return refused(&status),
        };
        let signature = v1::SignatureProof {
            digest: preview.agreement.unwrap_or_default().digest,
            sign_time: Some(timestamp(now)),
            level_of_assurance: preview.minimum_level_of_assurance,
            signer: vec![delegator.identifier.clone()],
            evidence: vec![0; EVIDENCE_BYTES],
        };
        self.signed.lock().expect("no panic").push(v1::CreateDelegationRequest {
            request_id: RandomIds.random_id().to_string(),
            actor,
            delegator_id: terms.delegator_id,
            representative_id: terms.representative_id,
            privileges: terms.privileges,
            period: terms.period,
            signature: Some(signature),
            ..v1::CreateDelegationRequest::default()
        });
        Outcome::Right
    }

    async fn create(&self, channel: Channel) -> Outcome {
        let signed = self.signed.lock().expect("no panic").pop();
        let Some(request) = signed else { return Outcome::Exhausted };
        let delegator = request.delegator_id.clone();
        match DelegationServiceClient::new(channel).create_delegation(request).await {
            Ok(answer) => {
                let Some(delegation) = answer.into_inner().delegation else {
                    return Outcome::Wrong("no delegation in the answer".to_owned());
                };
                self.created.lock().expect("no panic").push((delegation.delegation_id, delegator));
                Outcome::Right
            }
            Err(status) => refused(&status),
        }
    }

    async fn revoke(&self, channel: Channel) -> Outcome {
        let created = self.created.lock().expect("no panic").pop();
        let Some((delegation_id, delegator)) = created else { return Outcome::Exhausted };
        let request = v1::RevokeDelegationRequest {
            request_id: RandomIds.random_id().to_string(),
            actor: Some(actor(&delegator)),
            delegation_id,
            reason: v1::EndReason::NoLongerNeeded.into(),
            ..v1::RevokeDelegationRequest::default()
        };
        match DelegationServiceClient::new(channel).revoke_delegation(request).await {
            Ok(_) => Outcome::Right,
            Err(status) => refused(&status),
        }
    }
}

async fn empty(channel: Channel) -> Outcome {
    match HealthClient::new(channel).check(HealthCheckRequest { service: String::new() }).await {
        Ok(_) => Outcome::Right,
        Err(status) => refused(&status),
    }
}

async fn check(channel: Channel, request: v1::CheckDelegationRequest, expected: bool) -> Outcome {
    match QueryServiceClient::new(channel).check_delegation(request).await {
        Ok(answer) => {
            let granted = answer.into_inner().decision.is_some_and(|decision| decision.granted);
            expect(granted == expected, "the answer is what the population says")
        }
        Err(status) => refused(&status),
    }
}

fn timestamp(seconds: i64) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds, nanos: 0 }
}

fn of<T: Clone>(list: &[T], turn: usize) -> T {
    list[turn % list.len()].clone()
}

fn actor(party: &str) -> v1::Actor {
    v1::Actor { party_id: party.to_owned(), level_of_assurance: v1::LevelOfAssurance::Substantial.into() }
}

fn expect(is_so: bool, what: &str) -> Outcome {
    if is_so { Outcome::Right } else { Outcome::Wrong(format!("not so: {what}")) }
}

fn refused(status: &tonic::Status) -> Outcome {
    Outcome::Wrong(format!("{}: {}", status.code(), status.message()))
}
