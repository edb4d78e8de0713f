//! `RevokeDelegation` and `RenounceDelegation`: a party ends the delegation, or a part of it, at once.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    delegation::{Delegation, DelegationId, EndReason, EndedBy, Step},
    ending::{self, Parts, Tree},
    package::PackageId,
    party::Party,
    privilege::PrivilegeUri,
};
use fuldmagt_store::delegation::{Ask, Between, Changes, Facts, Wanted};

use super::{
    App, Error, Result,
    actor::Actor,
    command::{Answer, Order},
    delegating::{about, about_parties, acting_for, held_alone, known, subject},
    packages::held_packages,
};

/// What is to be ended.
#[derive(Clone, Debug)]
pub struct End {
    /// The logged-in user. Any level of assurance will do: ending a power must never be harder than giving it.
    pub actor: Actor,
    /// The delegation.
    pub delegation: DelegationId,
    /// Who ends it.
    pub by: EndedBy,
    /// Only these privileges, sorted; with `packages` empty as well: all of it.
    pub privileges: Vec<PrivilegeUri>,
    /// Only these of its followed packages, sorted.
    pub packages: Vec<PackageId>,
    /// Why.
    pub reason: Option<EndReason>,
}

impl App {
    /// Ends a delegation. Ending what has ended already succeeds and changes nothing. Three round trips.
    ///
    /// # Errors
    /// [`Error::DelegationNotFound`] when there is none or it is not the actor's to end, [`Error::Ending`], and those of
    /// every command.
    pub async fn end_delegation(
        &self,
        order: Order,
        end: End,
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = about(end.delegation);
        let app = self.clone();
        self.run(order, about, move |order| {
            let (app, end) = (app.clone(), end.clone());
            async move { app.end(&order, &end, encode).await }
        })
        .await
    }

    async fn end(
        &self,
        order: &Order,
        end: &End,
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let delegations = [end.delegation];
        let facts = self.store.facts(end.ask(&delegations, order.call.at)).await?;
        let actor = known(&facts, end.actor.party).map_err(|_| Error::DelegationNotFound)?;
        let tree = facts.tree(end.delegation).ok_or(Error::DelegationNotFound)?.clone();
        // Whether a package holds what is taken out, and what is kept of it, must be so when the command is done.
        let followed: &[PackageId] = if end.is_partial() { &tree.top.packages.followed.clone() } else { &[] };
        let packages = held_packages(&facts, followed);
        match steps(end, actor, tree, &facts, facts.instant(order.call.at)) {
            Ok(steps) => {
                let subject = subject(&steps)?;
                let response = encode(subject, order);
                let held = held_alone(&facts, subject.delegator);
                self.apply(order, Changes { held, packages, ..Changes::new(steps, &response) }).await
            }
            Err(Error::Ending(ending::Refusal::AlreadyEnded(delegation))) => {
                let response = encode(&delegation, order);
                let (about, outcome) = (about_parties(&delegation), "already_ended");
                let command = order.command();
                let revision =
                    self.store.remember_while(&command, about, outcome, &response, &packages).await?;
                Ok(Answer { response, revision })
            }
            Err(error) => Err(error),
        }
    }
}

impl End {
    /// Only a part of it.
    const fn is_partial(&self) -> bool {
        !(self.privileges.is_empty() && self.packages.is_empty())
    }

    fn ask<'a>(&self, delegations: &'a [DelegationId], at: DateTime<Utc>) -> Ask<'a> {
        let ask = Ask { actor: Some(self.actor.party), delegations, ..Ask::default() };
        if !self.is_partial() {
            return ask;
        }
        Ask { between: Between::TheirParties, packages: Some(Wanted { ids: &[], at }), ..ask }
    }
}

fn steps(end: &End, actor: &Party, tree: Tree, facts: &Facts, at: DateTime<Utc>) -> Result<Vec<Step>> {
    let top = &tree.top;
    let acting_for = match end.by {
        // A sub-delegation is also taken back by each representative above it.
        EndedBy::Delegator => {
            acting_for(actor, std::iter::once(top.delegator).chain(top.links.chain.iter().copied()))?
        }
        EndedBy::Representative => acting_for(actor, [top.representative])?,
    };
    if !end.is_partial() {
        return Ok(ending::end(tree, end.by, acting_for, end.reason, at)?);
    }
    let parts = Parts {
        privileges: &end.privileges,
        packages: &end.packages,
        holdings: &facts.holdings(),
        announced: &facts.announcements(),
        others: &facts.between(top.delegator, top.representative),
    };
    Ok(ending::take_out(tree, parts, acting_for, end.reason, at)?)
}
