//! Checks that are asked all the time, each by the next worker as soon as it has its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use fuldmagt_domain::identifier::Identifier;
use fuldmagt_proto::v1::identifier::Value;
use fuldmagt_proto::v1::query_service_client::QueryServiceClient;
use fuldmagt_proto::v1::{self, CheckDelegationRequest};
use fuldmagt_tests::population::{PartyNumber, Population, PrivilegeNumber};
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};

/// A few callers, as at night.
const WORKERS: usize = 4;
/// A purpose of the development client.
const PURPOSE: &str = "case";
/// So many questions, all with the answer yes.
const QUESTIONS: usize = 5_000;
/// Whoever waits so long for an answer has none.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// What is asked, and over which connections.
pub(crate) struct Checks {
    channels: Vec<Channel>,
    questions: Vec<CheckDelegationRequest>,
}

/// Checks that are being asked. Ends when it is told to.
pub(crate) struct Asking {
    stopped: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    begun: Instant,
    workers: JoinSet<anyhow::Result<Duration>>,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) per_second: f64,
    /// The longest that anybody waited.
    pub(crate) slowest: Duration,
}

impl Checks {
    pub(crate) async fn new(population: &Population, endpoint: &Endpoint) -> anyhow::Result<Self> {
        let authority = PrivilegeNumber(0).authority();
        let now = population.now();
        // What an organisation holds is used by its designated employees, of whom the population has none.
        let by_itself = |party: PartyNumber| !matches!(party.identifier(), Identifier::Cvr(_));
        let in_force = population.delegations.iter().filter(|delegation| {
            by_itself(delegation.representative)
                && delegation.is_in_force(now)
                && delegation.is_in_force(now + TimeDelta::hours(12))
        });
        let questions: Vec<_> = in_force
            .filter_map(|delegation| {
                let privilege = population.privileges_of(delegation, &authority).next()?;
                Some(CheckDelegationRequest {
                    delegator: Some(identifier(delegation.delegator)),
                    representative: Some(identifier(delegation.representative)),
                    privilege: privilege.uri().as_str().to_owned(),
                    purpose: PURPOSE.to_owned(),
                    p_number: String::new(),
                })
            })
            .take(QUESTIONS)
            .collect();
        anyhow::ensure!(!questions.is_empty(), "the population gives nothing to ask about");
        let mut channels = Vec::new();
        for _ in 0..WORKERS {
            channels.push(endpoint.connect().await?);
        }
        Ok(Self { channels, questions })
    }

    /// Begins to ask.
    pub(crate) fn ask(self: &Arc<Self>) -> Asking {
        let (stopped, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let mut workers = JoinSet::new();
        for worker in 0..WORKERS {
            let (checks, stopped, answered) = (Arc::clone(self), Arc::clone(&stopped), Arc::clone(&answered));
            workers.spawn(async move { checks.work(worker, &stopped, &answered).await });
        }
        Asking { stopped, answered, begun: Instant::now(), workers }
    }

    async fn work(
        &self,
        worker: usize,
        stopped: &AtomicBool,
        answered: &AtomicU64,
    ) -> anyhow::Result<Duration> {
        let mut client = QueryServiceClient::new(self.channels[worker].clone());
        let mut slowest = Duration::ZERO;
        for question in self.questions.iter().cycle().skip(worker * self.questions.len() / WORKERS) {
            if stopped.load(Ordering::Relaxed) {
                break;
            }
            let sent = Instant::now();
            let answer = tokio::time::timeout(ANSWER_LIMIT, client.check_delegation(question.clone())).await;
            let decision = answer?.map_err(|status| anyhow::anyhow!("a check: {}", status.message()))?;
            anyhow::ensure!(decision.into_inner().decision.is_some_and(is_expected), "the answer is no");
            slowest = slowest.max(sent.elapsed());
            answered.fetch_add(1, Ordering::Relaxed);
        }
        Ok(slowest)
    }
}

/// Yes, or no because the register tells that one of the two is dead or not to be found: the register of the benchmark has the
/// population's people in it as well.
fn is_expected(decision: v1::Decision) -> bool {
    let by_register = [v1::DenialReason::PartyNotInGoodStanding, v1::DenialReason::Terminated];
    decision.granted || by_register.contains(&decision.denial_reason())
}

impl Asking {
    /// Ends it.
    pub(crate) async fn stop(mut self) -> anyhow::Result<Asked> {
        self.stopped.store(true, Ordering::Relaxed);
        let per_second = self.answered.load(Ordering::Relaxed) as f64 / self.begun.elapsed().as_secs_f64();
        let mut slowest = Duration::ZERO;
        while let Some(worker) = self.workers.join_next().await {
            slowest = slowest.max(worker??);
        }
        Ok(Asked { per_second, slowest })
    }
}

fn identifier(party: PartyNumber) -> v1::Identifier {
    let identifier = party.identifier();
    let text = identifier.expose().to_owned();
    let value = match identifier {
        Identifier::Cpr(_) => Value::CprNumber(text),
        Identifier::Cvr(_) => Value::CvrNumber(text),
        Identifier::Rid(_) => Value::Rid(text),
        other => unreachable!("parties are named first by CPR, CVR or RID, not by {}", other.kind().as_str()),
    };
    v1::Identifier { value: Some(value) }
}
