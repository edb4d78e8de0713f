//! `ApprovePaperDelegation`: a second caseworker approves, and what was ticked is given.

use fuldmagt_domain::{
    delegation::{DelegationId, Step},
    giving::Gift,
    paper::{self, Record},
};
use fuldmagt_store::delegation::{Ask, Between, Changes, Facts, LetterKind, LetterRequest};

use super::{
    App, Error, Result,
    actor::Actor,
    command::{Answer, Order},
    delegating::{about, held, known, privileges},
    paper::{Encode, after, case, caseworker, written},
};

/// The case to be approved.
#[derive(Clone, Debug)]
pub struct ApprovePaper {
    /// The logged-in caseworker.
    pub actor: Actor,
    /// The delegation.
    pub delegation: DelegationId,
    /// The delegation's version as the caseworker read it.
    pub expected_version: i64,
    /// Whether what overlaps is replaced.
    pub replace: bool,
}

impl App {
    /// Approves a paper case. Three round trips to the database.
    ///
    /// # Errors
    /// [`Error::PartyNotFound`], [`Error::DelegationNotFound`], [`Error::EtagMismatch`], [`Error::FourEyes`],
    /// [`Error::Paper`], [`Error::Refused`], [`Error::DelegationOverlaps`], and those of every command.
    pub async fn approve_paper_delegation(
        &self,
        order: Order,
        approve: ApprovePaper,
        encode: Encode,
    ) -> Result<Answer> {
        let about = about(approve.delegation);
        let app = self.clone();
        self.run(order, about, move |order| {
            let (app, approve) = (app.clone(), approve.clone());
            async move { app.approve_paper(&order, &approve, encode).await }
        })
        .await
    }

    async fn approve_paper(&self, order: &Order, approve: &ApprovePaper, encode: Encode) -> Result<Answer> {
        let delegations = [approve.delegation];
        let ask = Ask {
            actor: Some(approve.actor.party),
            delegations: &delegations,
            between: Between::TheirParties,
            their_privileges: true,
            sealed: true,
            ..Ask::default()
        };
        let facts = self.store.facts(ask).await?;
        let (steps, record) = self.decide_approval(order, approve, &facts)?;
        let first = steps.first().ok_or(Error::Broken("an approval without a step"))?;
        let case = after(first, record);
        let response = encode(&case, order);
        let letter = LetterRequest {
            id: self.ids.row_id(order.call.at),
            kind: LetterKind::PaperConfirmation,
            receiver: case.delegation.delegator,
            delegation: case.delegation.id,
        };
        let changes = Changes {
            held: held(&facts, case.delegation.delegator),
            paper: Some(written(&case, false)),
            letters: vec![letter],
            ..Changes::new(steps, &response)
        };
        self.apply(order, changes).await
    }

    fn decide_approval(
        &self,
        order: &Order,
        approve: &ApprovePaper,
        facts: &Facts,
    ) -> Result<(Vec<Step>, Record)> {
        let clerk = caseworker(facts, approve.actor)?;
        let case = case(facts, approve.delegation)?;
        if case.delegation.version != approve.expected_version {
            return Err(Error::EtagMismatch);
        }
        let (delegator, representative) =
            (known(facts, case.delegation.delegator)?, known(facts, case.delegation.representative)?);
        let cpr = facts.party_facts(delegator.id).map(|facts| facts.cpr()).transpose()?.flatten();
        let at = facts.instant(order.call.at);
        let gift = Gift {
            actor: clerk.party,
            assurance: clerk.assurance,
            delegator,
            delegator_cpr: cpr.as_ref(),
            representative,
            privileges: privileges(facts, &case.delegation.privileges)?,
            packages: Vec::new(),
            period: paper::period_on_approval(&case.delegation, at)?,
            existing: facts.between(delegator.id, representative.id),
            replace: approve.replace,
        };
        Ok(paper::approve(case, gift, self.rules, at)?)
    }
}
