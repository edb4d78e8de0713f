//! `CreateDelegation`: the delegator gives a delegation.

use fuldmagt_domain::{
    agreement::Signature,
    delegation::{Delegation, DelegationId, Step},
    giving::{self, Gift},
    identifier::Identifier,
    package::PackageId,
    party::PartyId,
    period::{Period, Stated},
    privilege::PrivilegeUri,
    text::Message,
};
use fuldmagt_store::{
    delegation::{Ask, Between, Changes, Facts, Wanted},
    usage::About,
};

use super::{
    App, Error, Result,
    actor::Actor,
    command::{Answer, Order},
    delegating::{actor_and, held, known, privileges, subject},
    packages::{Choice, all_privileges, given, held_packages, ids},
    signing::{Draft, Framed, draft},
};

/// A gift with the delegator's signature on it.
#[derive(Clone, Debug)]
pub struct Create {
    /// What is given.
    pub terms: Terms,
    /// The delegator's message.
    pub message: Option<Message>,
    /// The delegator's signature.
    pub signature: Signature,
}

/// What the delegator wants to give.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The logged-in user.
    pub actor: Actor,
    /// The delegator.
    pub delegator: PartyId,
    /// The representative.
    pub representative: PartyId,
    /// What is delegated, sorted.
    pub privileges: Vec<PrivilegeUri>,
    /// Packages that are delegated, sorted by id.
    pub packages: Vec<Choice>,
    /// From when until when, as it was stated.
    pub stated: Stated,
    /// From when until when.
    pub period: Period,
    /// Whether what overlaps is replaced.
    pub replace: bool,
}

impl App {
    /// Gives a delegation. Three round trips to the database.
    ///
    /// # Errors
    /// [`Error::PartyNotFound`], [`Error::PrivilegeNotFound`], [`Error::Refused`], [`Error::DelegationOverlaps`],
    /// [`Error::Signature`], and those of every command.
    pub async fn create_delegation(
        &self,
        order: Order,
        create: Create,
        encode: fn(&Delegation) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = create.terms.about();
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
        let Create { terms, message, signature } = create;
        let packages = ids(&terms.packages);
        let facts = self.store.facts(terms.ask(&signature.signer, &packages, order.call.at)).await?;
        let id = DelegationId(self.ids.row_id(order.call.at));
        let steps = self.decide_gift(terms, &facts, id, order.call.at)?;
        let draft = terms.draft(&facts, &steps)?;
        let given = subject(&steps)?;
        let proof = self.proof(order, &facts, (terms.actor, signature), &draft, given)?;
        let response = encode(given);
        let writer = facts.party_facts(terms.delegator).ok_or(Error::PartyNotFound)?;
        let message = message.as_ref().map(|message| self.store.seal_message(id, writer, message));
        let changes = Changes {
            held: held(&facts, terms.delegator),
            packages: held_packages(&facts, &packages),
            message: message.transpose()?,
            proof: Some(proof),
            ..Changes::new(steps, &response)
        };
        self.apply(order, changes).await
    }

    /// What a gift would do.
    pub(super) fn decide_gift(
        &self,
        terms: &Terms,
        facts: &Facts,
        id: DelegationId,
        at: chrono::DateTime<chrono::Utc>,
    ) -> Result<Vec<Step>> {
        // Who may not act for the delegator learns nothing about the representative.
        let (actor, delegator) = actor_and(facts, terms.actor.party, terms.delegator)?;
        let representative = known(facts, terms.representative)?;
        let at = facts.instant(at);
        let cpr = facts.party_facts(delegator.id).map(|facts| facts.cpr()).transpose()?.flatten();
        let packages = given(facts, &terms.packages)?;
        let gift = Gift {
            actor,
            assurance: terms.actor.assurance,
            delegator,
            delegator_cpr: cpr.as_ref(),
            representative,
            privileges: all_privileges(privileges(facts, &terms.privileges)?, &packages)?,
            packages,
            period: terms.period,
            existing: facts.between(delegator.id, representative.id),
            replace: terms.replace,
        };
        Ok(giving::give(gift, self.rules, id, at)?)
    }
}

impl Terms {
    /// What is agreed by the steps, which were decided from the facts.
    pub(super) fn draft(&self, facts: &Facts, steps: &[Step]) -> Result<Draft> {
        let pinned = self.packages.iter().filter(|choice| choice.pinned.is_some());
        let pinned: Vec<_> = pinned.map(|choice| choice.package.clone()).collect();
        draft(facts, steps, &Framed { period: self.stated, renewed: None, pinned: &pinned })
    }

    /// What the rules need to know to decide on it, and whom the signer's identifiers name.
    pub(super) fn ask<'a>(
        &'a self,
        signer: &'a [Identifier],
        packages: &'a [PackageId],
        at: chrono::DateTime<chrono::Utc>,
    ) -> Ask<'a> {
        Ask {
            actor: Some(self.actor.party),
            between: Between::Both(self.delegator, self.representative),
            privileges: &self.privileges,
            packages: (!packages.is_empty()).then_some(Wanted { ids: packages, at }),
            signer,
            sealed: true,
            ..Ask::default()
        }
    }

    /// Whom it is about.
    pub(super) const fn about(&self) -> About {
        About { delegator: Some(self.delegator), representative: Some(self.representative), delegation: None }
    }
}
