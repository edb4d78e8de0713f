//! Writes down which requests have lapsed. It changes no answer: whether a request has lapsed is computed wherever it is
//! asked. It only has the history and the notices tell it.

use fuldmagt_domain::{delegation::DelegationId, request};
use fuldmagt_store::delegation::{Ask, Lapsed};

use super::{
    App, Error, Result,
    command::{Answer, Channel, Order},
    delegating::about,
};

/// What this is in the usage log, where calls have the name of their RPC.
const WHAT: &str = "fuldmagt.jobs/LapseRequests";
/// Requests that are looked up at once. Each is written by a statement of its own, a few milliseconds long, so that a
/// batch is done well within the time that a process has to end.
const BATCH_SIZE: u16 = 100;

/// What came of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// How many requests are written down as lapsed, by this process or another.
    pub settled: usize,
    /// How many could not be written down, and are tried again the next time.
    pub failed: usize,
    /// Where to go on; `None` when there are no more.
    pub next: Option<Lapsed>,
}

impl App {
    /// Writes down a batch of requests that have lapsed, each in a command of its own. Several processes may do so at
    /// once: each request is written down once.
    ///
    /// # Errors
    /// When the requests cannot be looked up. What is wrong with one of them does not stop the others.
    pub async fn lapse_requests(&self, after: Option<Lapsed>) -> Result<Batch> {
        let lapsed = self.store.lapsed_requests(self.clock.now(), after, BATCH_SIZE).await?;
        let next = lapsed.last().copied().filter(|_| lapsed.len() == usize::from(BATCH_SIZE));
        let mut batch = Batch { settled: 0, failed: 0, next };
        for Lapsed { delegation, .. } in lapsed {
            match self.lapse_request(delegation).await {
                Ok(_) => batch.settled += 1,
                Err(_) => batch.failed += 1,
            }
        }
        Ok(batch)
    }

    async fn lapse_request(&self, request: DelegationId) -> Result<Answer> {
        let app = self.clone();
        self.run(self.own_order(WHAT, Channel::System)?, about(request), move |order| {
            let app = app.clone();
            async move { app.lapse_once(&order, request).await }
        })
        .await
    }

    async fn lapse_once(&self, order: &Order, request: DelegationId) -> Result<Answer> {
        let facts = self.store.facts(Ask { delegations: &[request], ..Ask::default() }).await?;
        let known = facts.tree(request).ok_or(Error::DelegationNotFound)?;
        match request::lapse(known.top.clone(), order.call.at) {
            Some(step) => self.settle(order, &facts, step, |_, _| Vec::new()).await,
            // Another process was here first.
            None => Ok(Answer { response: Vec::new(), revision: facts.revision }),
        }
    }
}
