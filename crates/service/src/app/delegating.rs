//! What the commands about delegations have in common: reading what the rules need, and writing what they decided.

use std::collections::BTreeSet;

use fuldmagt_domain::{
    delegation::{Delegation, DelegationId, Step},
    party::{Party, PartyId},
    privilege::{Privilege, PrivilegeUri},
};
use fuldmagt_store::{
    delegation::{Changes, Facts, Held},
    usage::About,
};

use super::{
    App, Error, Result,
    command::{Answer, Order},
};

impl App {
    /// Writes what a command decided. One round trip.
    ///
    /// # Errors
    /// Those of the store; a collision is tried again by [`super::command`].
    pub(super) async fn apply(&self, order: &Order, mut changes: Changes<'_>) -> Result<Answer> {
        changes.steps = once_each(changes.steps);
        changes.notice_ids = (0..changes.notice_count()).map(|_| self.ids.row_id(order.call.at)).collect();
        let revision = self.store.apply(&changes, &order.command()).await?;
        Ok(Answer { response: changes.response.to_vec(), revision })
    }

    /// Writes that a request is settled in another way than by an acceptance.
    pub(super) async fn settle(
        &self,
        order: &Order,
        facts: &Facts,
        step: Step,
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let response = encode(&step.delegation, order);
        let held = held_alone(facts, step.delegation.delegator);
        self.apply(order, Changes { held, ..Changes::new(vec![step], &response) }).await
    }

    /// Answers with a delegation that is already as it is wanted.
    pub(super) async fn settled(
        &self,
        order: &Order,
        delegation: &Delegation,
        outcome: &'static str,
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let response = encode(delegation, order);
        let about = about_parties(delegation);
        let revision = self.store.remember(&order.command(), about, outcome, &response).await?;
        Ok(Answer { response, revision })
    }
}

/// The delegation and its parties, for the usage log.
pub(super) fn about_parties(delegation: &Delegation) -> About {
    About {
        delegator: Some(delegation.delegator),
        representative: Some(delegation.representative),
        delegation: Some(delegation.id.0),
    }
}

/// One command, one step of each delegation: what ends by itself does not end once more because its parent ends.
fn once_each(steps: Vec<Step>) -> Vec<Step> {
    let mut seen = BTreeSet::new();
    steps.into_iter().filter(|step| seen.insert(step.id())).collect()
}

/// The parties that a gift is decided from: commands about the delegator go one at a time, and nobody's standing may
/// change meanwhile.
pub(super) fn held(facts: &Facts, exclusive: PartyId) -> Vec<Held> {
    let hold =
        |party: &Party| if party.id == exclusive { Held::exclusive(party) } else { Held::shared(party) };
    facts.parties().map(hold).collect()
}

/// The delegator alone: nothing else may stand in the way of an end.
pub(super) fn held_alone(facts: &Facts, delegator: PartyId) -> Vec<Held> {
    facts.party(delegator).map(Held::exclusive).into_iter().collect()
}

/// The logged-in user and a party that they may act for. A party that is not known and one that the actor may not act
/// for look alike.
pub(super) fn actor_and(facts: &Facts, actor: PartyId, party: PartyId) -> Result<(&Party, &Party)> {
    let actor = known(facts, actor)?;
    let party = known(facts, party)?;
    if actor.may_act_for(party.id) { Ok((actor, party)) } else { Err(Error::PartyNotFound) }
}

/// A party that is known. One that was merged into another is told as such.
pub(super) fn known(facts: &Facts, id: PartyId) -> Result<&Party> {
    let found = facts.party_facts(id).ok_or(Error::PartyNotFound)?;
    match found.merged_into {
        None => Ok(&found.party),
        Some(into) => Err(Error::PartyMerged(into)),
    }
}

/// The privileges that were asked for, in that order.
pub(super) fn privileges(facts: &Facts, uris: &[PrivilegeUri]) -> Result<Vec<Privilege>> {
    let find = |uri| {
        let entry = facts.privilege(uri).ok_or_else(|| Error::privilege_not_found("privileges"))?;
        Ok(entry.privilege.clone())
    };
    uris.iter().map(find).collect()
}

/// The first step's delegation: what the command is about.
pub(super) fn subject(steps: &[Step]) -> Result<&Delegation> {
    steps.first().map(|step| &step.delegation).ok_or(Error::Broken("a command without a step"))
}

/// Of the parties that a delegation can be ended by, the one that the actor acts for.
pub(super) fn acting_for(actor: &Party, candidates: impl IntoIterator<Item = PartyId>) -> Result<PartyId> {
    candidates.into_iter().find(|party| actor.may_act_for(*party)).ok_or(Error::DelegationNotFound)
}

/// Whom a call about one delegation is about, before it is known.
pub(super) fn about(delegation: DelegationId) -> About {
    About { delegation: Some(delegation.0), ..Default::default() }
}
