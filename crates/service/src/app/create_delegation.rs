//! `CreateDelegation`: the delegator gives a delegation.

use fuldmagt_domain::{
    delegation::{Delegation, DelegationId, Step},
    giving::{self, Gift},
    party::PartyId,
    period::Period,
    privilege::PrivilegeUri,
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
    delegating::{actor_and, held, known, privileges, subject},
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
    /// Whether what overlaps is replaced.
    pub replace: bool,
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
        let facts = self.store.facts(create.ask()).await?;
        let id = DelegationId(self.ids.row_id(order.call.at));
        let steps = self.decide_gift(create, &facts, id, order.call.at)?;
        let response = encode(subject(&steps)?);
        let writer = facts.party_facts(create.delegator).ok_or(Error::PartyNotFound)?;
        let message = create.message.as_ref().map(|message| self.store.seal_message(id, writer, message));
        let changes = Changes {
            held: held(&facts, create.delegator),
            message: message.transpose()?,
            ..Changes::new(steps, &response)
        };
        self.apply(order, changes).await
    }

    /// What a gift would do.
    pub(super) fn decide_gift(
        &self,
        create: &Create,
        facts: &Facts,
        id: DelegationId,
        at: chrono::DateTime<chrono::Utc>,
    ) -> Result<Vec<Step>> {
        // Who may not act for the delegator learns nothing about the representative.
        let (actor, delegator) = actor_and(facts, create.actor.party, create.delegator)?;
        let representative = known(facts, create.representative)?;
        let at = facts.instant(at);
        let cpr = facts.party_facts(delegator.id).map(|facts| facts.cpr()).transpose()?.flatten();
        let gift = Gift {
            actor,
            assurance: create.actor.assurance,
            delegator,
            delegator_cpr: cpr.as_ref(),
            representative,
            privileges: privileges(facts, &create.privileges)?,
            period: create.period,
            existing: facts.between(delegator.id, representative.id),
            replace: create.replace,
        };
        Ok(giving::give(gift, self.rules, id, at)?)
    }
}

impl Create {
    /// What the rules need to know to decide on it.
    pub(super) fn ask(&self) -> Ask<'_> {
        Ask {
            actor: Some(self.actor.party),
            between: Between::Both(self.delegator, self.representative),
            privileges: &self.privileges,
            sealed: true,
            ..Ask::default()
        }
    }
}
