//! What the commands that change a party's standing have in common, and how such a change is written into the history of
//! very many delegations.
//!
//! The standing changes with the first of them, in one statement, and decides every check from then on. A job writes what is
//! left, in batches, and being late changes no answer. It looks at every party once: what was given to a party while its
//! standing changed, and was not seen by the command, is seen then, and nothing can be given afterwards.

use fuldmagt_domain::{
    delegation::{DelegationId, State, Step},
    designation,
    party::{Party, PartyId},
    standing::{self, Turn},
};
use fuldmagt_store::{
    delegation::{Changes, Held},
    party::{BEFORE_ALL, PartyChange, Progress, RegisterStatus, StandingFacts, Unfinished},
    usage::About,
};

use super::{
    App, Error, Result,
    command::{Answer, Channel, Order},
};

/// What this is in the usage log, where calls have the name of their RPC.
const WHAT: &str = "fuldmagt.jobs/StandingEffects";
/// Most turns that are looked at once.
const TURNS_AT_ONCE: u16 = 100;

/// What the change of a party's standing did at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned {
    /// The delegations that ended, rest or have resumed, as far as it is written.
    pub delegations: Vec<DelegationId>,
    /// How many designations were removed.
    pub removed_designations: usize,
    /// Whether there are more, of which the same is written within a minute.
    pub has_more: bool,
}

/// The change of a party's standing, as it is to be written.
pub(super) struct Turning {
    steps: Vec<Step>,
    undesignated: Vec<(DelegationId, PartyId)>,
    has_more: bool,
    /// Where the job goes on.
    next: DelegationId,
}

impl Turning {
    pub(super) fn of(facts: StandingFacts, turn: Turn, party: PartyId, order: &Order) -> Self {
        let at = facts.instant(order.call.at);
        let last = facts.last;
        let mut steps: Vec<Step> =
            facts.trees.into_iter().flat_map(|tree| standing::follow(tree, turn, party, at)).collect();
        let mut undesignated = Vec::new();
        if turn == Turn::EmploymentEnded {
            for delegation in facts.designations {
                undesignated.push((delegation.id, party));
                steps.push(designation::ended(delegation, party, at));
            }
        }
        // What has ended is not found again; what rests or has resumed would be, and what nothing happens to.
        let next = if turn.termination().is_some() && !steps.is_empty() { BEFORE_ALL } else { last };
        Self { steps, undesignated, has_more: facts.has_more, next }
    }

    /// What came of it, for the answer.
    pub(super) fn told(&self, turn: Turn) -> Turned {
        let ends = turn.termination().is_some();
        let told = |step: &&Step| !ends || matches!(step.delegation.state, State::Terminated { .. });
        Turned {
            delegations: self.steps.iter().filter(told).map(Step::id).collect(),
            removed_designations: self.undesignated.len(),
            has_more: self.has_more,
        }
    }

    fn changes<'a>(self, progress: Progress, response: &'a [u8]) -> Changes<'a> {
        Changes {
            progress: Some(progress),
            undesignated: self.undesignated,
            about: About { delegator: Some(progress.party), ..About::default() },
            outcome: progress.turn.as_str(),
            ..Changes::new(self.steps, response)
        }
    }
}

impl App {
    /// Writes a party's new standing, and what it does to the first of its delegations. One round trip. `after` is the
    /// party as it is then, `held` who else must not change meanwhile.
    pub(super) async fn turn(
        &self,
        order: &Order,
        (turn, register_status): (Turn, RegisterStatus),
        (before, after): (&Party, &Party),
        turning: Turning,
        (held, response): (Vec<Held>, &[u8]),
    ) -> Result<Answer> {
        let next = Some(turning.next);
        let progress =
            Progress { party: after.id, version: after.version, turn, at: order.call.at, after: next };
        let mut changes = turning.changes(progress, response);
        changes.held = held;
        changes.held.push(Held::exclusive(before));
        changes.parties =
            vec![PartyChange { party: after.id, version: after.version, turn, register_status }];
        self.apply(order, changes).await
    }

    /// Answers a command to change a standing that is as it is wanted already.
    pub(super) async fn nothing_turned(
        &self,
        order: &Order,
        party: PartyId,
        outcome: &'static str,
        encode: fn(&Turned) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = About { delegator: Some(party), ..About::default() };
        let response = encode(&Turned { delegations: Vec::new(), removed_designations: 0, has_more: false });
        let revision = self.store.remember(&order.command(), about, outcome, &response).await?;
        Ok(Answer { response, revision })
    }

    /// Writes the next batch of every turn that may not be written into all of its party's delegations. Several processes
    /// may do so at once: each delegation gets each turn once.
    ///
    /// # Errors
    /// When the turns cannot be looked up. What is wrong with one of them does not stop the others.
    pub async fn continue_turns(&self) -> Result<Batch> {
        let unfinished = self.store.unfinished_turns(TURNS_AT_ONCE).await?;
        let mut batch = Batch { has_more: unfinished.len() == usize::from(TURNS_AT_ONCE), failed: 0 };
        for turn in unfinished {
            match self.continue_turn(turn).await {
                Ok(answer) => batch.has_more |= answer.response == LEFT,
                Err(_) => batch.failed += 1,
            }
        }
        Ok(batch)
    }

    async fn continue_turn(&self, turn: Unfinished) -> Result<Answer> {
        let Unfinished { progress, after, channel } = turn;
        let channel = Channel::parse(&channel).ok_or(Error::Broken("a turn by an unknown channel"))?;
        let app = self.clone();
        let about = About { delegator: Some(progress.party), ..About::default() };
        self.run(self.own_order(WHAT, channel)?, about, move |order| {
            let app = app.clone();
            async move { app.continue_once(&order, progress, after).await }
        })
        .await
    }

    async fn continue_once(&self, order: &Order, progress: Progress, after: DelegationId) -> Result<Answer> {
        let facts = self.store.standing_facts(progress.party, None, after, order.call.at).await?;
        let revision = facts.revision;
        let party = facts.party.clone().ok_or(Error::Broken("a turn of nobody"))?.party;
        let turning = Turning::of(facts, progress.turn, party.id, order);
        if turning.steps.is_empty() {
            // Requests and paper cases stay as they are while a party is suspended: there may be a whole page of them.
            let response = if turning.has_more {
                self.store.pass_over(progress.party, progress.version, turning.next).await?;
                LEFT.to_vec()
            } else {
                self.store.finish_turn(progress.party, progress.version).await?;
                DONE.to_vec()
            };
            return Ok(Answer { response, revision });
        }
        let (response, after) = if turning.has_more { (LEFT, Some(turning.next)) } else { (DONE, None) };
        let held = vec![Held::exclusive(&party)];
        let progress = Progress { after, ..progress };
        self.apply(order, Changes { held, ..turning.changes(progress, response) }).await
    }
}

/// What came of a look at the turns that are unfinished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Whether there is more to do.
    pub has_more: bool,
    /// How many could not be written, and are tried again the next time.
    pub failed: usize,
}

/// What the job remembers of a batch.
const LEFT: &[u8] = b"left";
const DONE: &[u8] = b"done";
