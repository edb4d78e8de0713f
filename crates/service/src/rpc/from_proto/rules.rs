//! The rules that a privilege or a package is given by.

use std::num::NonZeroU32;

use fuldmagt_domain::{
    assurance::LevelOfAssurance,
    identifier::PartyKind,
    privilege::{AccessKind, AgeRange, AgeRangeError, MAX_SUB_DELEGATION_DEPTH},
};
use fuldmagt_proto::v1;

use super::{ENUM_UNKNOWN, Violations};

/// The longest cap of a privilege, in days: a century, beyond which "no cap" is meant.
const MAX_PERIOD_DAYS: i32 = 36_500;

/// 0 for no cap of its own.
pub fn max_period_days(fields: &mut Violations, number: i32) -> Option<Option<NonZeroU32>> {
    match u32::try_from(number).ok().filter(|_| number <= MAX_PERIOD_DAYS) {
        Some(days) => Some(NonZeroU32::new(days)),
        None => {
            fields.refuse("MAX_PERIOD_OUT_OF_RANGE", format!("1 to {MAX_PERIOD_DAYS} days, or 0 for no cap"))
        }
    }
}

/// At least one kind, each allowed and none twice. Sorted.
pub fn kinds(
    fields: &mut Violations,
    numbers: &[i32],
    is_allowed: fn(PartyKind) -> bool,
) -> Option<Vec<PartyKind>> {
    if numbers.is_empty() {
        return fields.required();
    }
    let mut seen = Vec::new();
    fields.each(numbers, |fields, number| {
        let kind = party_kind(fields, *number)?;
        if !is_allowed(kind) {
            return fields.refuse("KIND_NOT_ALLOWED", "employees hold privileges, and give none");
        }
        if seen.contains(&kind) {
            return fields.refuse("KIND_DUPLICATE", "each kind at most once");
        }
        seen.push(kind);
        Some(())
    })?;
    seen.sort_unstable();
    Some(seen)
}

fn party_kind(fields: &mut Violations, number: i32) -> Option<PartyKind> {
    match v1::PartyKind::try_from(number) {
        Ok(v1::PartyKind::Person) => Some(PartyKind::Person),
        Ok(v1::PartyKind::Organisation) => Some(PartyKind::Organisation),
        Ok(v1::PartyKind::Employee) => Some(PartyKind::Employee),
        Ok(v1::PartyKind::Unspecified) => fields.required(),
        Err(_) => fields.refuse(ENUM_UNKNOWN, "must be a kind of party"),
    }
}

/// Whether parties of the kind give privileges.
pub const fn may_give(kind: PartyKind) -> bool {
    match kind {
        PartyKind::Person | PartyKind::Organisation => true,
        PartyKind::Employee => false,
    }
}

/// The lowest and the highest age, under their names; 0 for none.
pub fn ages(fields: &mut Violations, min_years: i32, max_years: i32) -> Option<AgeRange> {
    let min = fields.read("min_delegator_age_years", |fields| age(fields, min_years));
    fields.read("max_delegator_age_years", |fields| {
        let max = age(fields, max_years);
        match AgeRange::new(min?, max?) {
            Ok(ages) => Some(ages),
            Err(error) => fields.refuse(error.reason(), error.to_string()),
        }
    })
}

fn age(fields: &mut Violations, years: i32) -> Option<Option<u32>> {
    let age = u32::try_from(years).ok().filter(|years| AgeRange::new(Some(*years), None).is_ok());
    match age {
        Some(years) => Some((years > 0).then_some(years)),
        None => fields.refuse(AgeRangeError::OutOfRange.reason(), AgeRangeError::OutOfRange.to_string()),
    }
}

/// Unspecified means act: nothing is taken to be harmless.
pub fn access_kind(fields: &mut Violations, number: i32) -> Option<AccessKind> {
    match v1::AccessKind::try_from(number) {
        Ok(v1::AccessKind::Read) => Some(AccessKind::Read),
        Ok(v1::AccessKind::Act | v1::AccessKind::Unspecified) => Some(AccessKind::Act),
        Err(_) => fields.refuse(ENUM_UNKNOWN, "must be a kind of access"),
    }
}

/// Unspecified means substantial, below which nothing is given.
pub fn level_of_assurance(fields: &mut Violations, number: i32) -> Option<LevelOfAssurance> {
    match v1::LevelOfAssurance::try_from(number) {
        Ok(v1::LevelOfAssurance::Substantial | v1::LevelOfAssurance::Unspecified) => {
            Some(LevelOfAssurance::Substantial)
        }
        Ok(v1::LevelOfAssurance::High) => Some(LevelOfAssurance::High),
        Ok(v1::LevelOfAssurance::Low) => {
            fields.refuse("ASSURANCE_NOT_ALLOWED", "nothing is given below substantial")
        }
        Err(_) => fields.refuse(ENUM_UNKNOWN, "must be a level of assurance of NSIS"),
    }
}

/// 0 for not at all.
pub fn sub_delegation_depth(fields: &mut Violations, number: i32) -> Option<u8> {
    match u8::try_from(number).ok().filter(|depth| *depth <= MAX_SUB_DELEGATION_DEPTH) {
        Some(depth) => Some(depth),
        None => {
            fields.refuse("SUB_DELEGATION_DEPTH_OUT_OF_RANGE", format!("0 to {MAX_SUB_DELEGATION_DEPTH}"))
        }
    }
}
