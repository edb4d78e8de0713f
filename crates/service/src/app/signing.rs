//! What previews and signed commands have in common: the text of what was decided, and the proof that it was signed.

use std::collections::BTreeSet;

use fuldmagt_domain::{
    agreement::{
        Agreement, Item, Kind, Named, PackageContent, PackageItem, Replaced, Side, Signature, Text,
        signature::minimum_assurance,
    },
    assurance::LevelOfAssurance,
    delegation::{Delegation, DelegationId, EventKind, State, Step},
    package::PackageId,
    party::PartyId,
    period::Stated,
    privilege::PrivilegeUri,
};
use fuldmagt_store::delegation::{Facts, Proof, SealedProof};

use super::{App, Error, Result, actor::Actor, command::Order, delegating::subject};

/// An agreement as it is to be signed.
#[derive(Debug)]
pub(super) struct Draft {
    /// Its text.
    pub(super) text: Text,
    /// The level of assurance that the signature must have.
    pub(super) minimum: LevelOfAssurance,
    /// What it would replace, wholly or in part.
    pub(super) replaced: Vec<DelegationId>,
}

/// What an agreement says beside what its steps say.
#[derive(Debug)]
pub(super) struct Framed<'a> {
    /// From when until when, as it was stated.
    pub(super) period: Stated,
    /// The delegation that is renewed by it.
    pub(super) renewed: Option<DelegationId>,
    /// Packages that are given as they are now.
    pub(super) pinned: &'a [PackageId],
}

impl Framed<'_> {
    /// With nothing but a period.
    pub(super) const fn by(period: Stated) -> Self {
        Self { period, renewed: None, pinned: &[] }
    }
}

/// The agreement that the steps of a command carry out. The facts must be those that the steps were decided from, with what
/// is sealed.
pub(super) fn draft(facts: &Facts, steps: &[Step], framed: &Framed<'_>) -> Result<Draft> {
    let delegation = subject(steps)?;
    let replaces = replaces(steps);
    let agreement = Agreement {
        kind: kind(facts, steps, framed.renewed)?,
        delegator: side(facts, delegation.delegator)?,
        representative: side(facts, delegation.representative)?,
        privileges: items(facts, delegation)?,
        packages: packages(facts, delegation, framed.pinned)?,
        period: framed.period,
        replaces,
    };
    let text = agreement.text();
    if !text.fits() {
        return Err(Error::AgreementTooLong);
    }
    let privileges = delegation.privileges.iter().filter_map(|uri| facts.privilege(uri));
    let follows = steps.iter().flat_map(|step| &step.follows).map(|following| following.assurance);
    Ok(Draft {
        text,
        minimum: follows.fold(minimum_assurance(privileges.map(|entry| &entry.privilege)), Ord::max),
        replaced: agreement.replaces.iter().map(|old| old.id).collect(),
    })
}

fn kind(facts: &Facts, steps: &[Step], renewed: Option<DelegationId>) -> Result<Kind> {
    let delegation = subject(steps)?;
    if let Some(of) = renewed {
        return Ok(Kind::Renewal { of });
    }
    if let (Some(parent), Some(giver)) = (delegation.links.parent, delegation.links.chain.last()) {
        return Ok(Kind::SubDelegation { parent, giver: Box::new(side(facts, *giver)?) });
    }
    let is_answer = steps.first().is_some_and(|step| step.kind == EventKind::Accepted);
    Ok(if is_answer { Kind::Acceptance { request: delegation.id } } else { Kind::Gift })
}

fn side(facts: &Facts, id: PartyId) -> Result<Side> {
    let found = facts.party_facts(id).ok_or(Error::PartyNotFound)?;
    let employer = found.party.organisation.map(|id| Named { id, name: found.employer_name.clone() });
    Ok(Side { party: Named { id, name: found.name()? }, kind: found.party.kind, employer })
}

fn items(facts: &Facts, delegation: &Delegation) -> Result<Vec<Item>> {
    let depth = u8::try_from(delegation.links.chain.len()).unwrap_or(u8::MAX);
    delegation.privileges.iter().map(|uri| item(facts, uri, depth)).collect()
}

fn item(facts: &Facts, uri: &PrivilegeUri, depth: u8) -> Result<Item> {
    let entry = facts.privilege(uri).ok_or(Error::Broken("a privilege was decided on and not read"))?;
    Ok(Item {
        uri: uri.clone(),
        title_da: entry.texts.title_da.clone(),
        title_en: entry.texts.title_en.clone(),
        description_da: entry.texts.description_da.clone(),
        description_en: entry.texts.description_en.clone(),
        access: entry.privilege.access,
        may_be_given_on: entry.privilege.max_sub_delegation_depth.saturating_sub(depth),
    })
}

fn packages(facts: &Facts, delegation: &Delegation, pinned: &[PackageId]) -> Result<Vec<PackageItem>> {
    let all: BTreeSet<_> = delegation.packages.followed.iter().chain(pinned).collect();
    all.into_iter().map(|id| package(facts, id, pinned.contains(id))).collect()
}

fn package(facts: &Facts, id: &PackageId, is_pinned: bool) -> Result<PackageItem> {
    let found = facts.package(id).ok_or(Error::Broken("a package was decided on and not read"))?;
    let content = if is_pinned {
        let version = found.offered.ok_or(Error::Broken("a package was decided on without a version"))?;
        PackageContent::Pinned { version }
    } else {
        // Nothing of it is given on.
        let members = found.members().map(|uri| item(facts, uri, u8::MAX)).collect::<Result<_>>()?;
        PackageContent::Followed { members }
    };
    Ok(PackageItem {
        id: id.clone(),
        title_da: found.texts.title_da.clone(),
        title_en: found.texts.title_en.clone(),
        description_da: found.texts.description_da.clone(),
        description_en: found.texts.description_en.clone(),
        content,
    })
}

fn replaces(steps: &[Step]) -> Vec<Replaced> {
    let superseded = steps.iter().filter(|step| step.kind == EventKind::Superseded);
    let mut replaces: Vec<_> = superseded
        .map(|step| Replaced {
            id: step.id(),
            period: step.delegation.period,
            privileges: step.takes.clone(),
            packages: step.leaves.clone(),
            is_whole: matches!(step.delegation.state, State::Superseded { .. }),
        })
        .collect();
    replaces.sort_by_key(|old| old.id);
    replaces
}

impl App {
    /// The proof that the logged-in user signed the draft, sealed, for the delegation as it will be. The facts must tell
    /// whom the signer's identifiers name.
    ///
    /// # Errors
    /// [`Error::Signature`] when it was somebody else, not surely enough, or another text.
    pub(super) fn proof(
        &self,
        order: &Order,
        facts: &Facts,
        (actor, signature): (Actor, &Signature),
        draft: &Draft,
        delegation: &Delegation,
    ) -> Result<SealedProof> {
        signature.check(&draft.text, draft.minimum, &facts.signers, actor.party)?;
        Ok(self.store.seal_proof(&Proof {
            id: self.ids.row_id(order.call.at),
            delegation: delegation.id,
            version: delegation.version,
            signer: actor.party,
            signed_at: signature.signed_at,
            assurance: signature.assurance,
            digest: signature.digest,
            text_da: &draft.text.da,
            text_en: &draft.text.en,
            identifiers: &signature.signer,
            evidence: &signature.evidence,
        })?)
    }
}
