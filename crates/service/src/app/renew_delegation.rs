//! `RenewDelegation`: the delegator gives the same again, for another period.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    agreement::Signature,
    delegation::{Delegation, DelegationId, Step},
    giving::Gift,
    identifier::Identifier,
    period::{Period, Stated},
    renewal,
};
use fuldmagt_store::delegation::{Ask, Between, Changes, Facts, Wanted};

use super::{
    App, Error, Result,
    actor::Actor,
    command::{Answer, Order},
    delegating::{about, held, known, privileges, subject},
    packages::{followed, held_packages},
    signing::{Draft, Framed, draft},
};

/// A renewal with the delegator's signature on it.
#[derive(Clone, Debug)]
pub struct Renew {
    /// What is renewed.
    pub terms: Terms,
    /// The delegator's signature.
    pub signature: Signature,
}

/// What is to be renewed.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The logged-in user.
    pub actor: Actor,
    /// The delegation.
    pub delegation: DelegationId,
    /// From when until when it is given again, as it was stated.
    pub stated: Stated,
    /// From when until when it is given again.
    pub period: Period,
}

impl App {
    /// Renews a delegation. Three round trips.
    ///
    /// # Errors
    /// [`Error::DelegationNotFound`] when there is none or the actor may not act for its delegator, [`Error::Ending`] when
    /// it has ended or was never given, [`Error::RenewsGivenOn`], [`Error::PackageNotOffered`] when a package that it follows
    /// may be given no more, [`Error::Refused`], [`Error::Signature`], and those of
    /// every command.
    pub async fn renew_delegation(
        &self,
        order: Order,
        renew: Renew,
        encode: fn(&Delegation) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = about(renew.terms.delegation);
        let app = self.clone();
        self.run(order, about, move |order| {
            let (app, renew) = (app.clone(), renew.clone());
            async move { app.renew(&order, &renew, encode).await }
        })
        .await
    }

    async fn renew(
        &self,
        order: &Order,
        renew: &Renew,
        encode: fn(&Delegation) -> Vec<u8>,
    ) -> Result<Answer> {
        let Renew { terms, signature } = renew;
        let facts = self.store.facts(terms.ask(&signature.signer, order.call.at)).await?;
        let id = DelegationId(self.ids.row_id(order.call.at));
        let steps = self.decide_renewal(terms, &facts, id, order.call.at)?;
        let new = subject(&steps)?;
        let draft = terms.draft(&facts, &steps)?;
        let proof = self.proof(order, &facts, (terms.actor, signature), &draft, new)?;
        let (held, response) = (held(&facts, new.delegator), encode(new));
        let packages = held_packages(&facts, &new.packages.followed);
        let changes = Changes { held, packages, proof: Some(proof), ..Changes::new(steps, &response) };
        self.apply(order, changes).await
    }

    /// What a renewal would do.
    pub(super) fn decide_renewal(
        &self,
        renew: &Terms,
        facts: &Facts,
        id: DelegationId,
        at: DateTime<Utc>,
    ) -> Result<Vec<Step>> {
        let actor = known(facts, renew.actor.party).map_err(|_| Error::DelegationNotFound)?;
        let old = &facts.tree(renew.delegation).ok_or(Error::DelegationNotFound)?.top;
        if !actor.may_act_for(old.delegator) {
            return Err(Error::DelegationNotFound);
        }
        let (delegator, representative) = (known(facts, old.delegator)?, known(facts, old.representative)?);
        let at = facts.instant(at);
        let cpr = facts.party_facts(delegator.id).map(|facts| facts.cpr()).transpose()?.flatten();
        let gift = Gift {
            actor,
            assurance: renew.actor.assurance,
            delegator,
            delegator_cpr: cpr.as_ref(),
            representative,
            privileges: privileges(facts, &old.privileges)?,
            packages: followed(facts, &old.packages.followed)?,
            period: renew.period,
            existing: facts.between(delegator.id, representative.id),
            replace: true,
        };
        Ok(renewal::renew(old, gift, self.rules, id, at)?)
    }
}

impl Terms {
    /// What is agreed by the steps, which were decided from the facts.
    pub(super) fn draft(&self, facts: &Facts, steps: &[Step]) -> Result<Draft> {
        draft(facts, steps, &Framed { renewed: Some(self.delegation), ..Framed::by(self.stated) })
    }

    /// What the rules need to know to decide on it, and whom the signer's identifiers name.
    pub(super) fn ask<'a>(&'a self, signer: &'a [Identifier], at: DateTime<Utc>) -> Ask<'a> {
        Ask {
            actor: Some(self.actor.party),
            delegations: std::slice::from_ref(&self.delegation),
            between: Between::TheirParties,
            their_privileges: true,
            packages: Some(Wanted { ids: &[], at }),
            signer,
            sealed: true,
            ..Ask::default()
        }
    }
}
