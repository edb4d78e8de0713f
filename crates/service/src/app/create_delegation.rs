//! `CreateDelegation`: the delegator gives a delegation.

use fuldmagt_domain::{
    delegation::{Delegation, DelegationId},
    giving::{self, Gift},
    party::PartyId,
    period::Period,
    privilege::PrivilegeUri,
    text::Message,
};
use fuldmagt_store::{
    self as store, Conflict,
    delegation::{Giving, GivingFacts},
    usage::About,
};

use super::{
    App, Error, Result,
    actor::Actor,
    command::{Answer, Order},
};

/// What the delegator wants to give.
#[derive(Clone, Debug)]
pub struct Create {
    /// The logged-in user.
    pub actor: Actor,
    /// The delegator.
    pub delegator: PartyId,
    /// The representative.
    pub representative: PartyId,
    /// What is delegated, sorted.
    pub privileges: Vec<PrivilegeUri>,
    /// From when until when.
    pub period: Period,
    /// The delegator's message.
    pub message: Option<Message>,
}

impl App {
    /// Gives a delegation. Three round trips to the database.
    ///
    /// # Errors
    /// [`Error::PartyNotFound`], [`Error::PrivilegeNotFound`], [`Error::Refused`], [`Error::DelegationOverlaps`], and
    /// those of every command.
    pub async fn create_delegation(
        &self,
        order: Order,
        create: Create,
        encode: fn(&Delegation) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = About {
            delegator: Some(create.delegator),
            representative: Some(create.representative),
            delegation: None,
        };
        let app = self.clone();
        self.run(order, about, move |order| {
            let (app, create) = (app.clone(), create.clone());
            async move { app.give(&order, &create, encode).await }
        })
        .await
    }

    async fn give(
        &self,
        order: &Order,
        create: &Create,
        encode: fn(&Delegation) -> Vec<u8>,
    ) -> Result<Answer> {
        let facts = self
            .store
            .giving_facts(create.actor.party, create.delegator, create.representative, &create.privileges)
            .await?;
        let id = DelegationId(self.ids.row_id(order.call.at));
        let delegation = giving::give(gift(create, &facts)?, self.rules, id, order.call.at)?;
        let response = encode(&delegation);
        let giving = Giving {
            delegation: &delegation,
            facts: &facts,
            message: create.message.as_ref(),
            response: &response,
        };
        match self.store.create_delegation(giving, &order.command()).await {
            Ok(revision) => Ok(Answer { response, revision }),
            Err(store::Error::Conflict(Conflict::OverlappingGrant)) => Err(Error::DelegationOverlaps),
            Err(error) => Err(error.into()),
        }
    }
}

fn gift<'a>(create: &Create, facts: &'a GivingFacts) -> Result<Gift<'a>> {
    let actor = facts.actor.as_ref().ok_or(Error::PartyNotFound)?;
    // A delegator that is not known and one that the actor may not act for look alike; and who may not act learns
    // nothing about the representative.
    let delegator = facts.delegator.as_ref().filter(|delegator| actor.may_act_for(delegator.id));
    let delegator = delegator.ok_or(Error::PartyNotFound)?;
    let representative = facts.representative.as_ref().ok_or(Error::PartyNotFound)?;
    let mut privileges = Vec::with_capacity(facts.privileges.len());
    for privilege in &facts.privileges {
        let privilege = privilege.as_ref().ok_or_else(|| Error::privilege_not_found("privileges"))?;
        privileges.push(privilege.privilege.clone());
    }
    Ok(Gift {
        actor,
        assurance: create.actor.assurance,
        delegator,
        delegator_cpr: facts.delegator_cpr.as_ref(),
        representative,
        privileges,
        period: create.period,
    })
}
