//! `StartPaperDelegation`: a form is posted to a delegator who has no MitID.

use fuldmagt_domain::{
    delegation::{DelegationId, Step},
    giving::Gift,
    paper::{self, Case, Record, Starter},
    party::{Party, PartyId},
    period::Period,
    privilege::PrivilegeUri,
};
use fuldmagt_store::{
    delegation::{Ask, Changes, Facts, LetterKind, LetterRequest},
    usage::About,
};

use super::{
    App, Error, Result,
    actor::Actor,
    command::{Answer, Order},
    delegating::{held, known, privileges},
    paper::{Encode, caseworker, written},
};
use crate::clients::Role;

/// What the form is to offer.
#[derive(Clone, Debug)]
pub struct StartPaper {
    /// The logged-in user.
    pub actor: Actor,
    /// The delegator.
    pub delegator: PartyId,
    /// The representative.
    pub representative: PartyId,
    /// What the form offers, sorted.
    pub privileges: Vec<PrivilegeUri>,
    /// From when until when; from now on when `starts_on_approval`.
    pub period: Period,
    /// Whether the period begins when the case is approved.
    pub starts_on_approval: bool,
}

impl App {
    /// Starts a paper case. Three round trips to the database.
    ///
    /// # Errors
    /// [`Error::PartyNotFound`], [`Error::PrivilegeNotFound`], [`Error::Paper`], [`Error::Refused`],
    /// [`Error::TooManyPaperCases`], and those of every command.
    pub async fn start_paper_delegation(
        &self,
        order: Order,
        start: StartPaper,
        encode: Encode,
    ) -> Result<Answer> {
        let about = About {
            delegator: Some(start.delegator),
            representative: Some(start.representative),
            delegation: None,
        };
        let app = self.clone();
        self.run(order, about, move |order| {
            let (app, start) = (app.clone(), start.clone());
            async move { app.start_paper(&order, &start, encode).await }
        })
        .await
    }

    async fn start_paper(&self, order: &Order, start: &StartPaper, encode: Encode) -> Result<Answer> {
        let parties = [start.delegator, start.representative];
        let ask = Ask {
            actor: Some(start.actor.party),
            parties: &parties,
            privileges: &start.privileges,
            sealed: true,
            ..Ask::default()
        };
        let facts = self.store.facts(ask).await?;
        let (step, record) = self.decide_start(order, start, &facts)?;
        let case = Case { delegation: step.delegation.clone(), record };
        let response = encode(&case, order);
        let letter = LetterRequest {
            id: self.ids.row_id(order.call.at),
            kind: LetterKind::PaperForm,
            receiver: start.delegator,
            delegation: step.id(),
        };
        let changes = Changes {
            held: held(&facts, start.delegator),
            paper: Some(written(&case, false)),
            letters: vec![letter],
            ..Changes::new(vec![step], &response)
        };
        self.apply(order, changes).await
    }

    fn decide_start(&self, order: &Order, start: &StartPaper, facts: &Facts) -> Result<(Step, Record)> {
        let actor = known(facts, start.actor.party)?;
        // Who may not start it learns nothing about the parties.
        let starter = starter(order, actor, start.representative);
        match starter {
            Starter::Caseworker => drop(caseworker(facts, start.actor)?),
            Starter::Representative if actor.may_act_for(start.representative) => {}
            Starter::Representative => return Err(Error::PartyNotFound),
        }
        let representative = known(facts, start.representative)?;
        let delegator = known(facts, start.delegator)?;
        let cpr = facts.party_facts(delegator.id).map(|facts| facts.cpr()).transpose()?.flatten();
        let gift = Gift {
            actor,
            assurance: start.actor.assurance,
            delegator,
            delegator_cpr: cpr.as_ref(),
            representative,
            privileges: privileges(facts, &start.privileges)?,
            packages: Vec::new(),
            period: start.period,
            existing: Vec::new(),
            replace: false,
        };
        let new = (DelegationId(self.ids.row_id(order.call.at)), order.call.at);
        Ok(paper::start(gift, starter, start.starts_on_approval, self.rules, new)?)
    }
}

/// In which role the client's user starts the case. At a client that is both, whoever may act for the representative
/// does.
fn starter(order: &Order, actor: &Party, representative: PartyId) -> Starter {
    let roles = order.call.caller.client.roles;
    let for_representative = roles.contains(Role::FrontEnd) && actor.may_act_for(representative);
    if for_representative || !roles.contains(Role::CaseworkerSystem) {
        Starter::Representative
    } else {
        Starter::Caseworker
    }
}
