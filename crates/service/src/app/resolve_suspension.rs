//! `ResolveSuspension`: a caseworker has looked into why a party is suspended.

use fuldmagt_domain::{
    identifier::PartyKind,
    paper,
    party::{PartyId, Standing},
    standing::{Turn, turn},
};
use fuldmagt_store::{
    delegation::Held,
    party::{self, BEFORE_ALL, RegisterStatus},
    usage::About,
};

use super::{
    App, Error, Result,
    command::{Answer, Order},
    standing::{Turned, Turning},
};

/// What the caseworker found.
#[derive(Clone, Copy, Debug)]
pub struct Resolve {
    /// The caseworker.
    pub caseworker: PartyId,
    /// The suspended party.
    pub party: PartyId,
    /// The party's version as the caseworker read it.
    pub expected_version: i64,
    /// Whether it is in good standing again, or will not come back.
    pub comes_back: bool,
}

impl App {
    /// Resolves a suspension. The same status of the register does not suspend the party again. Three round trips.
    ///
    /// # Errors
    /// [`Error::Paper`], [`Error::PartyNotFound`], [`Error::PartyMerged`], [`Error::PartyNotSuspended`],
    /// [`Error::EtagMismatch`], and those of every command.
    pub async fn resolve_suspension(
        &self,
        order: Order,
        resolve: Resolve,
        encode: fn(&Turned) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = About { delegator: Some(resolve.party), ..About::default() };
        let app = self.clone();
        self.run(order, about, move |order| {
            let app = app.clone();
            async move { app.resolve_once(&order, resolve, encode).await }
        })
        .await
    }

    async fn resolve_once(
        &self,
        order: &Order,
        resolve: Resolve,
        encode: fn(&Turned) -> Vec<u8>,
    ) -> Result<Answer> {
        let (party, caseworker) = (resolve.party, resolve.caseworker);
        let facts = self.store.standing_facts(party, Some(caseworker), BEFORE_ALL, order.call.at).await?;
        let caseworker = facts
            .caseworker
            .clone()
            .filter(may_resolve)
            .ok_or(Error::Paper(paper::Refusal::NotCaseworker))?
            .party;
        let before = match facts.party.clone().ok_or(Error::PartyNotFound)? {
            party::Standing { merged_into: Some(into), .. } => return Err(Error::PartyMerged(into)),
            found => found.party,
        };
        let what = if resolve.comes_back { Turn::Reinstated } else { Turn::PartyEnded };
        let after = turn(&before, what).map_err(|_| Error::PartyNotSuspended)?;
        // It may be suspended for something else than what was looked into.
        if before.version != resolve.expected_version {
            return Err(Error::EtagMismatch);
        }
        let turning = Turning::of(facts, what, party, order);
        let response = encode(&turning.told(what));
        let held = vec![Held::shared(&caseworker)];
        self.turn(order, (what, RegisterStatus::Keep), (&before, &after), turning, (held, &response)).await
    }
}

/// Only an employee in good standing handles cases.
fn may_resolve(found: &party::Standing) -> bool {
    found.party.kind == PartyKind::Employee && found.party.standing == Standing::Good
}
