//! Giving a delegation: every rule that decides whether it may be given, in one place.

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    assurance::LevelOfAssurance,
    delegation::{Delegation, DelegationId, Rules, State},
    identifier::{CprNumber, PartyKind},
    party::{Party, Standing},
    period::{self, Period, danish_date},
    privilege::{Privilege, PrivilegeUri},
};

/// What a delegator wants to give, with everything that the rules need to know about it.
#[derive(Debug)]
pub struct Gift<'a> {
    /// The logged-in user.
    pub actor: &'a Party,
    /// How sure the login is of the user.
    pub assurance: LevelOfAssurance,
    /// The delegator.
    pub delegator: &'a Party,
    /// The delegator's CPR number, for the age; `None` when none is linked.
    pub delegator_cpr: Option<&'a CprNumber>,
    /// The representative.
    pub representative: &'a Party,
    /// What is to be delegated, as found in the catalogue, sorted by URI, one per privilege asked for.
    pub privileges: Vec<Privilege>,
    /// From when until when.
    pub period: Period,
}

/// Why a delegation may not be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The logged-in user may not act for the delegator.
    #[error("the actor may not act for the delegator")]
    NotForDelegator,
    /// The login is less than NSIS substantial.
    #[error("the login is not sure enough")]
    AssuranceTooLow,
    /// Nobody gives a delegation to themselves.
    #[error("delegator and representative are the same party")]
    ToOneself,
    /// An employee holds delegations, and gives none.
    #[error("an employee cannot be a delegator")]
    DelegatorIsEmployee,
    /// A party is dead, closed or suspended. Which of the two parties is not told.
    #[error("a party is not in good standing")]
    NotInGoodStanding,
    /// The delegator is younger than the rules allow.
    #[error("the delegator is under age")]
    UnderAge,
    /// The delegator's age cannot be told, because no CPR number is linked.
    #[error("the delegator's age is not known")]
    AgeUnknown,
    /// The privilege is not published at present.
    #[error("the privilege is not published")]
    NotPublished(PrivilegeUri),
    /// The privilege cannot be given by this kind of party.
    #[error("the privilege is not for this kind of delegator")]
    DelegatorKind(PrivilegeUri),
    /// The privilege cannot be held by this kind of party.
    #[error("the privilege is not for this kind of representative")]
    RepresentativeKind(PrivilegeUri),
    /// The period is longer than the service or the privilege allows.
    #[error("the period is too long")]
    Period(#[from] period::Error),
}

/// Gives a delegation, or says why not. The rules are tried in the order of the refusals above.
///
/// # Errors
/// [`Refusal`].
pub fn give(
    gift: Gift<'_>,
    rules: Rules,
    id: DelegationId,
    now: DateTime<Utc>,
) -> Result<Delegation, Refusal> {
    check_parties(&gift, rules, now)?;
    for privilege in &gift.privileges {
        check_privilege(privilege, &gift, now)?;
    }
    gift.period.check_length(rules.max_period_days)?;
    Ok(Delegation {
        id,
        delegator: gift.delegator.id,
        representative: gift.representative.id,
        privileges: gift.privileges.into_iter().map(|privilege| privilege.uri).collect(),
        period: gift.period,
        state: State::Active,
        created_at: now,
        version: 1,
    })
}

fn check_parties(gift: &Gift<'_>, rules: Rules, now: DateTime<Utc>) -> Result<(), Refusal> {
    if !gift.actor.may_act_for(gift.delegator.id) {
        return Err(Refusal::NotForDelegator);
    }
    if gift.assurance < LevelOfAssurance::Substantial {
        return Err(Refusal::AssuranceTooLow);
    }
    if gift.delegator.id == gift.representative.id {
        return Err(Refusal::ToOneself);
    }
    if gift.delegator.kind == PartyKind::Employee {
        return Err(Refusal::DelegatorIsEmployee);
    }
    if [gift.actor, gift.delegator, gift.representative].iter().any(|party| party.standing != Standing::Good)
    {
        return Err(Refusal::NotInGoodStanding);
    }
    if gift.delegator.kind == PartyKind::Person {
        let cpr = gift.delegator_cpr.ok_or(Refusal::AgeUnknown)?;
        check_age(cpr, rules, danish_date(now))?;
    }
    Ok(())
}

fn check_age(cpr: &CprNumber, rules: Rules, today: NaiveDate) -> Result<(), Refusal> {
    if cpr.age_on(today) < rules.min_delegator_age_years { Err(Refusal::UnderAge) } else { Ok(()) }
}

fn check_privilege(privilege: &Privilege, gift: &Gift<'_>, now: DateTime<Utc>) -> Result<(), Refusal> {
    if !privilege.publication.covers(now) {
        return Err(Refusal::NotPublished(privilege.uri.clone()));
    }
    if !privilege.delegator_kinds.contains(&gift.delegator.kind) {
        return Err(Refusal::DelegatorKind(privilege.uri.clone()));
    }
    if !privilege.representative_kinds.contains(&gift.representative.kind) {
        return Err(Refusal::RepresentativeKind(privilege.uri.clone()));
    }
    if let Some(days) = privilege.max_period_days {
        gift.period.check_length(days.get())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;
    use crate::{
        identifier::CvrNumber,
        party::PartyId,
        privilege::{AccessKind, AgeRange, Publication, SystemId},
    };

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }

    fn party(id: u128, kind: PartyKind) -> Party {
        let organisation = (kind == PartyKind::Employee).then(|| PartyId(Uuid::from_u128(9)));
        Party {
            id: PartyId(Uuid::from_u128(id)),
            kind,
            organisation,
            standing: Standing::Good,
            created_at: now(),
            version: 1,
        }
    }

    fn privilege() -> Privilege {
        Privilege {
            uri: PrivilegeUri::parse("urn:dk:a").unwrap(),
            system: SystemId::parse("a").unwrap(),
            authority: CvrNumber::parse("34051178").unwrap(),
            max_period_days: None,
            delegator_kinds: vec![PartyKind::Person, PartyKind::Organisation],
            representative_kinds: vec![PartyKind::Person, PartyKind::Organisation, PartyKind::Employee],
            access: AccessKind::Act,
            assurance: LevelOfAssurance::Substantial,
            delegator_ages: AgeRange::ANY,
            max_sub_delegation_depth: 0,
            paper_allowed: false,
            request_allowed: true,
            publication: Publication::Published { from: now() },
        }
    }

    struct World {
        actor: Party,
        assurance: LevelOfAssurance,
        delegator: Party,
        cpr: Option<CprNumber>,
        representative: Party,
        privilege: Privilege,
        days: i64,
    }

    fn world() -> World {
        World {
            actor: party(1, PartyKind::Person),
            assurance: LevelOfAssurance::Substantial,
            delegator: party(1, PartyKind::Person),
            cpr: Some(CprNumber::parse("0501792275").unwrap()),
            representative: party(2, PartyKind::Person),
            privilege: privilege(),
            days: 30,
        }
    }

    fn give_in(world: &World) -> Result<Delegation, Refusal> {
        let gift = Gift {
            actor: &world.actor,
            assurance: world.assurance,
            delegator: &world.delegator,
            delegator_cpr: world.cpr.as_ref(),
            representative: &world.representative,
            privileges: vec![world.privilege.clone()],
            period: Period::new(now(), now() + TimeDelta::days(world.days)).unwrap(),
        };
        give(gift, Rules::default(), DelegationId(Uuid::from_u128(7)), now())
    }

    #[test]
    fn persons_and_organisations_give_to_persons_organisations_and_employees() {
        for delegator in [PartyKind::Person, PartyKind::Organisation] {
            for representative in [PartyKind::Person, PartyKind::Organisation, PartyKind::Employee] {
                let mut world = world();
                world.delegator = party(1, delegator);
                world.actor = world.delegator.clone();
                world.representative = party(2, representative);
                assert!(give_in(&world).is_ok(), "{delegator:?} to {representative:?}");
            }
        }
    }

    #[test]
    fn an_employee_gives_for_the_organisation_and_nobody_gives_for_a_stranger() {
        let mut world = world();
        world.delegator = party(9, PartyKind::Organisation);
        world.actor = party(5, PartyKind::Employee);
        assert!(give_in(&world).is_ok());
        world.actor = party(5, PartyKind::Person);
        assert_eq!(give_in(&world), Err(Refusal::NotForDelegator));
    }

    #[test]
    fn each_rule_refuses_by_its_name() {
        let uri = || PrivilegeUri::parse("urn:dk:a").unwrap();
        type Change = fn(&mut World);
        let cases: Vec<(Change, Refusal)> = vec![
            (|w| w.assurance = LevelOfAssurance::Low, Refusal::AssuranceTooLow),
            (|w| w.representative = w.delegator.clone(), Refusal::ToOneself),
            (
                |w| {
                    w.delegator = party(1, PartyKind::Employee);
                    w.actor = w.delegator.clone()
                },
                Refusal::DelegatorIsEmployee,
            ),
            (|w| w.representative.standing = Standing::Ended, Refusal::NotInGoodStanding),
            (|w| w.delegator.standing = Standing::Suspended, Refusal::NotInGoodStanding),
            (|w| w.cpr = None, Refusal::AgeUnknown),
            (|w| w.cpr = Some(CprNumber::parse("0101154000").unwrap()), Refusal::UnderAge),
            (|w| w.privilege.publication = Publication::Draft, Refusal::NotPublished(uri())),
            (|w| w.privilege.delegator_kinds = vec![PartyKind::Organisation], Refusal::DelegatorKind(uri())),
            (
                |w| w.privilege.representative_kinds = vec![PartyKind::Employee],
                Refusal::RepresentativeKind(uri()),
            ),
            (|w| w.privilege.max_period_days = NonZeroU32::new(10), Refusal::Period(period::Error::TooLong)),
            (|w| w.days = 1000, Refusal::Period(period::Error::TooLong)),
        ];
        for (change, refusal) in cases {
            let mut world = world();
            change(&mut world);
            assert_eq!(give_in(&world), Err(refusal));
        }
    }

    #[test]
    fn a_delegator_may_give_from_the_fifteenth_birthday_in_danish_time() {
        let rules = Rules::default();
        let cpr = CprNumber::parse("2211114000").unwrap();
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        assert_eq!(check_age(&cpr, rules, day(2026, 11, 21)), Err(Refusal::UnderAge));
        assert_eq!(check_age(&cpr, rules, day(2026, 11, 22)), Ok(()));
    }
}
