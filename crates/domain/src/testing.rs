//! Parties, privileges and delegations for tests.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    assurance::LevelOfAssurance,
    delegation::{self, Delegation, DelegationId, Links},
    identifier::{CvrNumber, PartyKind},
    package::{Offer, PackageId},
    party::{Party, PartyId, Standing},
    period::Period,
    privilege::{AccessKind, AgeRange, Privilege, PrivilegeUri, Publication, SystemId},
};

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

pub(crate) fn id(number: u128) -> DelegationId {
    DelegationId(Uuid::from_u128(number))
}

pub(crate) fn party(number: u128) -> PartyId {
    PartyId(Uuid::from_u128(number))
}

pub(crate) fn uri(text: &str) -> PrivilegeUri {
    PrivilegeUri::parse(text).unwrap()
}

pub(crate) fn person(number: u128) -> Party {
    Party {
        id: party(number),
        kind: PartyKind::Person,
        organisation: None,
        standing: Standing::Good,
        created_at: now(),
        version: 1,
    }
}

/// For everybody, published since now, and given on that deep.
pub(crate) fn privilege(text: &str, max_sub_delegation_depth: u8) -> Privilege {
    Privilege {
        uri: uri(text),
        system: SystemId::parse("a").unwrap(),
        authority: CvrNumber::parse("34051178").unwrap(),
        max_period_days: None,
        delegator_kinds: vec![PartyKind::Person, PartyKind::Organisation],
        representative_kinds: vec![PartyKind::Person, PartyKind::Organisation, PartyKind::Employee],
        access: AccessKind::Read,
        assurance: LevelOfAssurance::Substantial,
        delegator_ages: AgeRange::ANY,
        max_sub_delegation_depth,
        paper_allowed: false,
        request_allowed: true,
        publication: Publication::Published { from: now() },
    }
}

/// For everybody, with these privileges now.
pub(crate) fn package(id: &str, members: &[&str]) -> Offer {
    Offer {
        id: package_id(id),
        delegator_ages: AgeRange::ANY,
        members: members.iter().map(|text| privilege(text, 0)).collect(),
        announced: Vec::new(),
    }
}

pub(crate) fn package_id(id: &str) -> PackageId {
    PackageId::parse(id).unwrap()
}

/// Delegation 1, of `urn:dk:a` and `urn:dk:b`, between two parties, given when it begins or now.
pub(crate) fn named(delegator: u128, representative: u128, period: Period) -> Delegation {
    Delegation {
        id: id(1),
        delegator: party(delegator),
        representative: party(representative),
        period,
        created_at: period.from().min(now()),
        ..delegation::testing::delegation(0, 1)
    }
}

/// A part of the parent that was given on; its id is the hundredfold of the new representative's.
pub(crate) fn child_of(
    parent: &Delegation,
    representative: u128,
    privileges: &[&str],
    period: Period,
) -> Delegation {
    let mut chain = parent.links.chain.clone();
    chain.push(parent.representative);
    Delegation {
        id: id(representative * 100),
        representative: party(representative),
        privileges: privileges.iter().map(|text| uri(text)).collect(),
        period,
        created_at: now(),
        links: Links { parent: Some(parent.id), chain, ..Links::default() },
        ..parent.clone()
    }
}
