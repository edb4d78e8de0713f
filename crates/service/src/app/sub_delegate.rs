//! `SubDelegate`: a representative gives a part of what they hold on to somebody else.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    agreement::Signature,
    delegation::{Delegation, DelegationId, Step},
    identifier::Identifier,
    party::PartyId,
    period::{Period, Stated},
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
    signing::{Draft, Framed, draft},
};

/// A part that is given on, with the signature of who gives it.
#[derive(Clone, Debug)]
pub struct SubDelegate {
    /// What is given on.
    pub terms: Terms,
    /// A message to the new representative.
    pub message: Option<Message>,
    /// The signature of who gives it on.
    pub signature: Signature,
}

/// What the representative wants to give on.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The logged-in user.
    pub actor: Actor,
    /// The delegation that it is a part of.
    pub parent: DelegationId,
    /// Who is to act.
    pub representative: PartyId,
    /// Which of the parent's privileges, sorted.
    pub privileges: Vec<PrivilegeUri>,
    /// From when until when, as it was stated.
    pub stated: Stated,
    /// From when until when.
    pub period: Period,
}

impl App {
    /// Gives a part of a delegation on. Three round trips.
    ///
    /// # Errors
    /// [`Error::DelegationNotFound`] when there is none or the actor may not act for its representative,
    /// [`Error::PartyNotFound`], [`Error::SubDelegation`], [`Error::Refused`], [`Error::DelegationOverlaps`],
    /// [`Error::TooManyGivenOn`], [`Error::Signature`], and those of every command.
    pub async fn sub_delegate(
        &self,
        order: Order,
        part: SubDelegate,
        encode: fn(&Delegation) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = part.terms.about();
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
        let SubDelegate { terms, message, signature } = part;
        let facts = self.store.facts(terms.ask(&signature.signer)).await?;
        let id = DelegationId(self.ids.row_id(order.call.at));
        let steps = self.decide_sub_delegation(terms, &facts, id, order.call.at)?;
        let new = subject(&steps)?;
        let draft = terms.draft(&facts, &steps)?;
        let proof = self.proof(order, &facts, (terms.actor, signature), &draft, new)?;
        let giver = new.links.chain.last().and_then(|giver| facts.party_facts(*giver));
        let giver = giver.ok_or(Error::Broken("a sub-delegation that nobody gave"))?;
        let message = message.as_ref().map(|message| self.store.seal_message(id, giver, message));
        let (held, response) = (held(&facts, new.delegator), encode(new));
        let changes = Changes {
            held,
            message: message.transpose()?,
            proof: Some(proof),
            ..Changes::new(steps, &response)
        };
        self.apply(order, changes).await
    }

    /// What giving on would do.
    pub(super) fn decide_sub_delegation(
        &self,
        part: &Terms,
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

impl Terms {
    /// Whom it is about, before the delegator is known.
    pub(super) fn about(&self) -> About {
        About {
            representative: Some(self.representative),
            delegation: Some(self.parent.0),
            ..About::default()
        }
    }

    /// What is agreed by the steps, which were decided from the facts.
    pub(super) fn draft(&self, facts: &Facts, steps: &[Step]) -> Result<Draft> {
        draft(facts, steps, &Framed::by(self.stated))
    }

    /// What the rules need to know to decide on it, and whom the signer's identifiers name.
    pub(super) fn ask<'a>(&'a self, signer: &'a [Identifier]) -> Ask<'a> {
        Ask {
            actor: Some(self.actor.party),
            delegations: std::slice::from_ref(&self.parent),
            between: Between::TheirDelegatorAnd(self.representative),
            privileges: &self.privileges,
            signer,
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
