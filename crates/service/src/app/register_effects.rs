//! What the copy of the CPR register that is in use has happen to parties, as far as the switch has left it: whoever has
//! learned a number since, and who has a new one.
//!
//! A job does it, from a queue in the database. It looks at each party anew and does what is still to be done, so that it
//! goes on where it was stopped, and several processes may do it at once.

use fuldmagt_domain::{merging, party::PartyId};
use fuldmagt_store::usage::About;

use super::{
    App, Error, Result,
    command::{Answer, Channel, Order},
    merge_parties::Merge,
    standing::Batch,
};

/// What this is in the usage log, where calls have the name of their RPC.
const WHAT: &str = "fuldmagt.jobs/RegisterEffects";
/// Most pages of one look, each of ten thousand parties: more people than there are.
const MAX_PAGES: usize = 1_000;
/// Parties that follow their numbers, in one look: each is a command of its own.
const NUMBERS_AT_ONCE: u16 = 100;

impl App {
    /// Has happen to each party that is queued what the register says of it.
    ///
    /// # Errors
    /// Those of the store. What is done stays done.
    pub async fn turn_by_register(&self) -> Result<()> {
        for _ in 0..MAX_PAGES {
            let order = self.own_order(WHAT, Channel::Register)?;
            if !self.store.turn_by_register(&self.cpr.effects, &order.command()).await?.has_more {
                break;
            }
        }
        Ok(())
    }

    /// Has parties follow their numbers to new ones: each learns the new number, or is merged into the party that has it.
    /// Those after that one, by id; also tells the last one, where there may be more.
    ///
    /// # Errors
    /// When they cannot be looked up. What is wrong with one of them does not stop the others.
    pub async fn follow_new_numbers(&self, after: Option<PartyId>) -> Result<(Batch, Option<PartyId>)> {
        let waiting = self.store.waiting_for_new_number(after, NUMBERS_AT_ONCE).await?;
        let has_more = waiting.len() == usize::from(NUMBERS_AT_ONCE);
        let mut batch = Batch { has_more, failed: 0 };
        let last = waiting.last().copied().filter(|_| has_more);
        for party in waiting {
            if self.follow_new_number(party).await.is_err() {
                batch.failed += 1;
            }
        }
        Ok((batch, last))
    }

    async fn follow_new_number(&self, party: PartyId) -> Result<()> {
        let Some(successor) = self.store.successor(party).await? else {
            return Ok(self.store.stay_with_number(party, false).await?);
        };
        if !self.cpr.effects.merges(successor.status) {
            return Ok(self.store.stay_with_number(party, false).await?);
        }
        let order = self.own_order(WHAT, Channel::Register)?;
        let followed = match successor.other {
            None => self.renumber(order, party).await,
            Some(survivor) => {
                let merge = Merge { survivor, absorbed: party };
                self.merge_parties(order, merge, |_| MERGED.to_vec()).await
            }
        };
        match followed {
            // Somebody has registered the new number, or one of the two was merged, since it was looked up: the next look finds
            // who has it now.
            Ok(_) | Err(Error::PartyNotFound | Error::PartyMerged(_)) => Ok(()),
            // The party of the new number has ended, or is too large: the import tells it, and the next copy asks again.
            Err(refused @ Error::Merging(_)) => {
                let is_too_large = matches!(refused, Error::Merging(merging::Refusal::TooLarge));
                tracing::warn!(is_too_large, "a party could not be merged into that of its new CPR number");
                Ok(self.store.stay_with_number(party, true).await?)
            }
            Err(error) => Err(error),
        }
    }

    /// No other party has the new number: the party learns it. Whoever registers it meanwhile is found by the next look.
    async fn renumber(&self, order: Order, party: PartyId) -> Result<Answer> {
        let app = self.clone();
        let about = About { delegator: Some(party), ..About::default() };
        self.run(order, about, move |order| {
            let app = app.clone();
            async move {
                let successor = app.store.successor(party).await?.filter(|found| found.other.is_none());
                let successor = successor.ok_or(Error::PartyNotFound)?;
                let revision = app.store.renumber(&successor, &order.command(), RENUMBERED).await?;
                Ok(Answer { response: RENUMBERED.to_vec(), revision })
            }
        })
        .await
    }
}

/// What the job remembers of each.
const MERGED: &[u8] = b"merged";
const RENUMBERED: &[u8] = b"renumbered";
