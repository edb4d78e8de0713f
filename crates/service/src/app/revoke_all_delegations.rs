//! `RevokeAllDelegations`: the delegator ends all that they gave to one representative, at once.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    delegation::{Delegation, EndReason, Step},
    ending,
    party::PartyId,
};
use fuldmagt_store::{
    delegation::{Ask, Between, Changes, Facts},
    usage::About,
};

use super::{
    App, Result,
    actor::Actor,
    command::{Answer, Order},
    delegating::{actor_and, held_alone, known},
};

/// The outcome, in the usage log, when there was nothing to end.
const NOTHING_TO_END: &str = "nothing_to_end";

/// What is to be ended.
#[derive(Clone, Debug)]
pub struct RevokeAll {
    /// The logged-in user, at any level of assurance.
    pub actor: Actor,
    /// The delegator.
    pub delegator: PartyId,
    /// The representative.
    pub representative: PartyId,
    /// Why.
    pub reason: Option<EndReason>,
}

impl App {
    /// Ends everything that lives between the two, at most 200 delegations (the database takes no more) with all that was
    /// given on from them; nothing at all is a success. Three round trips.
    ///
    /// # Errors
    /// [`crate::app::Error::PartyNotFound`], and those of every command.
    pub async fn revoke_all_delegations(
        &self,
        order: Order,
        all: RevokeAll,
        encode: fn(&[&Delegation], &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = About {
            delegator: Some(all.delegator),
            representative: Some(all.representative),
            delegation: None,
        };
        let app = self.clone();
        self.run(order, about, move |order| {
            let (app, all) = (app.clone(), all.clone());
            async move { app.revoke_all(&order, &all, encode).await }
        })
        .await
    }

    async fn revoke_all(
        &self,
        order: &Order,
        all: &RevokeAll,
        encode: fn(&[&Delegation], &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let facts = self.store.facts(all.ask()).await?;
        let at = facts.instant(order.call.at);
        let between = (all.delegator, all.representative, at);
        let ended = steps(all, &facts, at)?;
        let tops: Vec<_> =
            ended.iter().filter_map(|steps| steps.first()).map(|step| &step.delegation).collect();
        let response = encode(&tops, order);
        if ended.is_empty() {
            let command = order.command();
            let remembered =
                self.store.remember_nothing_between(&command, between, NOTHING_TO_END, &response);
            return Ok(Answer { revision: remembered.await?, response });
        }
        let changes = Changes {
            held: held_alone(&facts, all.delegator),
            all_between: Some(between),
            ..Changes::new(ended.concat(), &response)
        };
        self.apply(order, changes).await
    }
}

/// The steps of each delegation that ends.
fn steps(all: &RevokeAll, facts: &Facts, at: DateTime<Utc>) -> Result<Vec<Vec<Step>>> {
    let (_, delegator) = actor_and(facts, all.actor.party, all.delegator)?;
    let representative = known(facts, all.representative)?;
    let between = facts.between(delegator.id, representative.id);
    Ok(ending::end_all(between, delegator.id, all.reason, at))
}

impl RevokeAll {
    fn ask(&self) -> Ask<'_> {
        Ask {
            actor: Some(self.actor.party),
            between: Between::Both(self.delegator, self.representative),
            ..Ask::default()
        }
    }
}
