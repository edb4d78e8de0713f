//! `MergeParties`: two parties turn out to be one person.

use fuldmagt_domain::{
    delegation::DelegationId,
    identifier::IdentifierKind,
    merging,
    party::{Party, PartyId},
};
use fuldmagt_store::{
    party::{Merge as Question, MergeFacts, Merging},
    usage::About,
};

use super::{
    App, Error, Result,
    command::{Answer, Order},
    resolve_party::ResolvedParty,
};

/// Which two.
#[derive(Clone, Copy, Debug)]
pub struct Merge {
    /// The one that remains.
    pub survivor: PartyId,
    /// The one that is absorbed.
    pub absorbed: PartyId,
}

/// What a merge did.
#[derive(Clone, Debug)]
pub struct Joining {
    /// The party that remains, after it.
    pub survivor: ResolvedParty,
    /// Identifiers that moved to it.
    pub moved_identifiers: usize,
    /// Delegations and requests that moved to it.
    pub moved: Vec<DelegationId>,
    /// Those that were terminated, wholly or in part, because the same was delegated twice.
    pub duplicates: Vec<DelegationId>,
    /// Those that were terminated because both parties are the same person.
    pub selves: Vec<DelegationId>,
}

impl App {
    /// Joins two parties. The one command that is a transaction of several statements: see
    /// [`fuldmagt_store::Store::merge_parties`].
    ///
    /// # Errors
    /// [`Error::PartyNotFound`], [`Error::PartyMerged`], [`Error::Merging`], and those of every command.
    pub async fn merge_parties(
        &self,
        order: Order,
        merge: Merge,
        encode: fn(&Joining) -> Vec<u8>,
    ) -> Result<Answer> {
        let about =
            About { delegator: Some(merge.survivor), representative: Some(merge.absorbed), delegation: None };
        let app = self.clone();
        self.run(order, about, move |order| {
            let app = app.clone();
            async move { app.merge_once(&order, merge, encode).await }
        })
        .await
    }

    async fn merge_once(
        &self,
        order: &Order,
        Merge { survivor, absorbed }: Merge,
        encode: fn(&Joining) -> Vec<u8>,
    ) -> Result<Answer> {
        let question = Question { survivor, absorbed };
        let decide = |facts: MergeFacts| self.decide_merge(facts, order, encode);
        let (revision, response) = self.store.merge_parties(question, &order.command(), decide).await??;
        Ok(Answer { response, revision })
    }

    fn decide_merge(
        &self,
        facts: MergeFacts,
        order: &Order,
        encode: fn(&Joining) -> Vec<u8>,
    ) -> Result<Merging> {
        let at = facts.instant(order.call.at);
        let [survivor, absorbed] = [facts.survivor, facts.absorbed].map(|found| {
            let found = found.ok_or(Error::PartyNotFound)?;
            found.merged_into.map_or(Ok(found), |into| Err(Error::PartyMerged(into)))
        });
        let (survivor, absorbed) = (survivor?, absorbed?);
        let known = merging::known(survivor.known()?, absorbed.known()?);
        let (survivor, absorbed) = (survivor.party, absorbed.party);
        merging::check(&survivor, &absorbed, facts.numbers)?;
        let touched = facts.delegations.ok_or(merging::Refusal::TooLarge)?;
        let merged = merging::merge(survivor.id, absorbed.id, touched, at);
        let mut identifier_kinds: Vec<IdentifierKind> = facts.identifier_kinds;
        identifier_kinds.sort_unstable();
        identifier_kinds.dedup();
        let after = Party { version: survivor.version + 1, standing: known.standing, ..survivor };
        let joining = Joining {
            survivor: ResolvedParty { party: after, identifier_kinds, created: false },
            moved_identifiers: facts.moved_identifiers,
            moved: merged.moved,
            duplicates: merged.duplicates,
            selves: merged.selves,
        };
        let told = merged.steps.iter().map(|step| step.tells.len()).sum();
        let notice_ids = std::iter::repeat_with(|| self.ids.row_id(order.call.at)).take(told).collect();
        Ok(Merging { steps: merged.steps, known, notice_ids, response: encode(&joining) })
    }
}
