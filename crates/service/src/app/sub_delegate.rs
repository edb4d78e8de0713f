//! `SubDelegate`: a representative gives a part of what they hold on to somebody else.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    delegation::{Delegation, DelegationId, Step},
    party::PartyId,
    period::Period,
    privilege::{Privilege, PrivilegeUri},
    sub_delegation::{self, Part},
    text::Message,
};
use fuldmagt_store::{
    delegation::{Ask, Between, Changes, Facts},
    usage::About,
};

use super::{
    App, Error, Result,
    actor::Actor,
    command::{Answer, Order},
    delegating::{held, known, subject},
};

/// What the representative wants to give on.
#[derive(Clone, Debug)]
pub struct SubDelegate {
    /// The logged-in user.
    pub actor: Actor,
    /// The delegation that it is a part of.
    pub parent: DelegationId,
    /// Who is to act.
    pub representative: PartyId,
    /// Which of the parent's privileges, sorted.
    pub privileges: Vec<PrivilegeUri>,
    /// From when until when.
    pub period: Period,
    /// A message to the new representative.
    pub message: Option<Message>,
}

impl App {
    /// Gives a part of a delegation on. Three round trips.
    ///
    /// # Errors
    /// [`Error::DelegationNotFound`] when there is none or the actor may not act for its representative,
    /// [`Error::PartyNotFound`], [`Error::SubDelegation`], [`Error::Refused`], [`Error::DelegationOverlaps`],
    /// [`Error::TooManyGivenOn`], and those of every command.
    pub async fn sub_delegate(
        &self,
        order: Order,
        part: SubDelegate,
        encode: fn(&Delegation) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = About {
            representative: Some(part.representative),
            delegation: Some(part.parent.0),
            ..About::default()
        };
        let app = self.clone();
        self.run(order, about, move |order| {
            let (app, part) = (app.clone(), part.clone());
            async move { app.give_on(&order, &part, encode).await }
        })
        .await
    }

    async fn give_on(
        &self,
        order: &Order,
        part: &SubDelegate,
        encode: fn(&Delegation) -> Vec<u8>,
    ) -> Result<Answer> {
        let facts = self.store.facts(part.ask(&[part.parent])).await?;
        let id = DelegationId(self.ids.row_id(order.call.at));
        let steps = self.decide_sub_delegation(part, &facts, id, order.call.at)?;
        let new = subject(&steps)?;
        let giver = new.links.chain.last().and_then(|giver| facts.party_facts(*giver));
        let giver = giver.ok_or(Error::Broken("a sub-delegation that nobody gave"))?;
        let message = part.message.as_ref().map(|message| self.store.seal_message(id, giver, message));
        let (held, response) = (held(&facts, new.delegator), encode(new));
        let changes = Changes { held, message: message.transpose()?, ..Changes::new(steps, &response) };
        self.apply(order, changes).await
    }

    /// What giving on would do.
    pub(super) fn decide_sub_delegation(
        &self,
        part: &SubDelegate,
        facts: &Facts,
        id: DelegationId,
        at: DateTime<Utc>,
    ) -> Result<Vec<Step>> {
        // Who does not hold the delegation learns nothing about the new representative.
        let actor = known(facts, part.actor.party).map_err(|_| Error::DelegationNotFound)?;
        let parent = &facts.tree(part.parent).ok_or(Error::DelegationNotFound)?.top;
        if !actor.may_act_for(parent.representative) {
            return Err(Error::DelegationNotFound);
        }
        let given_on = Part {
            actor,
            assurance: part.actor.assurance,
            delegator: known(facts, parent.delegator)?,
            giver: known(facts, parent.representative)?,
            representative: known(facts, part.representative)?,
            privileges: part.found(parent, facts)?,
            period: part.period,
            existing: facts.between(parent.delegator, part.representative),
            parent: parent.clone(),
        };
        Ok(sub_delegation::give_on(given_on, self.rules, id, facts.instant(at))?)
    }
}

impl SubDelegate {
    /// What the rules need to know to decide on it. `delegations`: the parent's alone.
    pub(super) fn ask<'a>(&'a self, delegations: &'a [DelegationId]) -> Ask<'a> {
        Ask {
            actor: Some(self.actor.party),
            delegations,
            between: Between::TheirDelegatorAnd(self.representative),
            privileges: &self.privileges,
            sealed: true,
            ..Ask::default()
        }
    }

    /// The privileges in the catalogue. One that is not there cannot be the parent's either.
    fn found(&self, parent: &Delegation, facts: &Facts) -> Result<Vec<Privilege>> {
        let find = |uri: &PrivilegeUri| {
            if !parent.privileges.contains(uri) {
                return Err(sub_delegation::Refusal::NotDelegated(uri.clone()).into());
            }
            let entry = facts.privilege(uri).ok_or(Error::Broken("a grant of no privilege"))?;
            Ok(entry.privilege.clone())
        };
        self.privileges.iter().map(find).collect()
    }
}
