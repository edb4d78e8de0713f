//! `AcceptDelegation`: the delegator accepts a request, wholly or in part.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    agreement::Signature,
    delegation::{Content, Delegation, DelegationId, Status, Step},
    giving::Gift,
    identifier::Identifier,
    package::PackageId,
    period::Stated,
    privilege::PrivilegeUri,
    request::{self, Term},
};
use fuldmagt_store::delegation::{Ask, Between, Changes, Facts, Wanted};

use super::{
    App, Error, Result,
    actor::Actor,
    command::{Answer, Order},
    delegating::{about, acting_for, held, known, privileges, subject},
    packages::{Choice, all_privileges, followed, given, held_packages, ids},
    signing::{Draft, Framed, draft},
};

/// An acceptance with the delegator's signature on it.
#[derive(Clone, Debug)]
pub struct Accept {
    /// What is accepted.
    pub terms: Terms,
    /// The version of the request as the caller read it.
    pub expected_version: i64,
    /// The delegator's signature.
    pub signature: Signature,
}

/// What of a request the delegator accepts.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The logged-in user.
    pub actor: Actor,
    /// The request.
    pub delegation: DelegationId,
    /// Only these privileges, sorted; with `packages` empty as well: all of it.
    pub privileges: Vec<PrivilegeUri>,
    /// Only these packages, sorted by id.
    pub packages: Vec<Choice>,
    /// From when until when, as it was stated; `None` as it was asked for.
    pub stated: Option<Stated>,
    /// From when until when.
    pub term: Term,
    /// Whether what overlaps is replaced.
    pub replace: bool,
}

impl App {
    /// Accepts a request. Three round trips to the database.
    ///
    /// # Errors
    /// [`Error::DelegationNotFound`] when there is none or it is not for the actor to answer, [`Error::Request`],
    /// [`Error::EtagMismatch`], [`Error::Refused`], [`Error::DelegationOverlaps`], [`Error::Signature`], and those of every
    /// command.
    pub async fn accept_delegation(
        &self,
        order: Order,
        accept: Accept,
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = about(accept.terms.delegation);
        let app = self.clone();
        self.run(order, about, move |order| {
            let (app, accept) = (app.clone(), accept.clone());
            async move { app.accept(&order, &accept, encode).await }
        })
        .await
    }

    async fn accept(
        &self,
        order: &Order,
        accept: &Accept,
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let Accept { terms, expected_version, signature } = accept;
        let facts = self.store.facts(terms.ask(&signature.signer, order.call.at)).await?;
        let steps = self.decide_acceptance(terms, Some(*expected_version), &facts, order.call.at)?;
        let accepted = subject(&steps)?;
        let draft = terms.draft(&facts, &steps)?;
        let proof = self.proof(order, &facts, (terms.actor, signature), &draft, accepted)?;
        let response = encode(accepted, order);
        let held = held(&facts, accepted.delegator);
        let pinned = terms.pinned();
        let packages = held_packages(&facts, accepted.packages.followed.iter().chain(&pinned));
        let changes = Changes { held, packages, proof: Some(proof), ..Changes::new(steps, &response) };
        self.apply(order, changes).await
    }

    /// What an acceptance would do. `expected_version` is `None` when it does not matter, for a preview. The delegator's age, and the standing of all, are looked at only now.
    pub(super) fn decide_acceptance(
        &self,
        accept: &Terms,
        expected_version: Option<i64>,
        facts: &Facts,
        at: DateTime<Utc>,
    ) -> Result<Vec<Step>> {
        let at = facts.instant(at);
        let actor = known(facts, accept.actor.party).map_err(|_| Error::DelegationNotFound)?;
        let request = &facts.tree(accept.delegation).ok_or(Error::DelegationNotFound)?.top;
        acting_for(actor, [request.delegator])?;
        // What was answered meanwhile is told as such, and not as a stale etag.
        let is_stale = expected_version.is_some_and(|version| version != request.version);
        if is_stale && request.status(at) == Status::Requested {
            return Err(Error::EtagMismatch);
        }
        let only = Content { privileges: accept.privileges.clone(), packages: ids(&accept.packages) };
        let (accepted, period) = request::narrowed(request, &only, accept.term, at)?;
        let packages = if only.is_empty() {
            followed(facts, &accepted.packages)?
        } else {
            given(facts, &accept.packages)?
        };
        let delegator = known(facts, request.delegator)?;
        let cpr = facts.party_facts(delegator.id).map(|facts| facts.cpr()).transpose()?.flatten();
        let gift = Gift {
            actor,
            assurance: accept.actor.assurance,
            delegator,
            delegator_cpr: cpr.as_ref(),
            representative: known(facts, request.representative)?,
            privileges: all_privileges(privileges(facts, &accepted.privileges)?, &packages)?,
            packages,
            period,
            existing: facts.between(request.delegator, request.representative),
            replace: accept.replace,
        };
        Ok(request::accept(request.clone(), gift, self.rules, at)?)
    }
}

impl Terms {
    /// What is agreed by the steps, which were decided from the facts.
    pub(super) fn draft(&self, facts: &Facts, steps: &[Step]) -> Result<Draft> {
        let request = &facts.tree(self.delegation).ok_or(Error::DelegationNotFound)?.top;
        draft(facts, steps, &Framed { pinned: &self.pinned(), ..Framed::by(self.agreed(request)) })
    }

    fn pinned(&self) -> Vec<PackageId> {
        let pinned = self.packages.iter().filter(|choice| choice.pinned.is_some());
        pinned.map(|choice| choice.package.clone()).collect()
    }

    /// The period as it is stated: by the request, as far as the acceptance does not say otherwise.
    fn agreed(&self, request: &Delegation) -> Stated {
        let asked = Stated::from(request.period);
        let start = if request.starts_on_acceptance { None } else { asked.start };
        match self.stated {
            None => Stated { start, end: asked.end },
            Some(stated) => Stated { start: stated.start.or(start), end: stated.end },
        }
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
