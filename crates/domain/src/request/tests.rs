use super::*;
use crate::{
    delegation::testing::{delegation, instant, party, uri},
    identifier::{CprNumber, CvrNumber},
    package::Mode,
    privilege::{AccessKind, AgeRange, Publication, SystemId},
    testing::{package, package_id},
};

/// Asked for at 0 for 10 to 100; lapses at 50.
fn request() -> Delegation {
    let lapses_at = instant(50);
    Delegation { state: State::Requested { lapses_at }, lapses_at: Some(lapses_at), ..delegation(10, 100) }
}

fn period(from: i64, to: i64) -> Period {
    Period::new(instant(from), instant(to)).unwrap()
}

#[test]
fn an_acceptance_is_all_or_fewer_privileges_and_never_others() {
    let all = request().content();
    assert_eq!(
        narrowed(&request(), &Content::default(), Term::AsAsked, instant(5)),
        Ok((all, period(10, 100)))
    );
    let one = [uri("urn:dk:b")];
    let one = Content::privileges(one.to_vec());
    assert_eq!(narrowed(&request(), &one, Term::AsAsked, instant(5)), Ok((one.clone(), period(10, 100))));
    assert_eq!(
        narrowed(
            &request(),
            &Content::privileges(vec![uri("urn:dk:b"), uri("urn:dk:c")]),
            Term::AsAsked,
            instant(5)
        ),
        Err(Refusal::WiderPrivilege(uri("urn:dk:c")))
    );
}

#[test]
fn an_acceptance_may_drop_packages_and_adds_none() {
    let packages = Packages::following(vec![package_id("all"), package_id("more")]);
    let request = Delegation { packages, ..request() };
    let of = |only: &Content| narrowed(&request, only, Term::AsAsked, instant(5)).map(|(content, _)| content);
    assert_eq!(of(&Content::default()), Ok(request.content()));
    let one = Content { packages: vec![package_id("more")], ..Content::default() };
    assert_eq!(of(&one), Ok(one), "and no privilege");
    let alone = Content::privileges(vec![uri("urn:dk:a")]);
    assert_eq!(of(&alone), Ok(alone), "and no package");
    let other = Content { packages: vec![package_id("other")], ..Content::default() };
    assert_eq!(of(&other), Err(Refusal::WiderPackage(package_id("other"))));
}

#[test]
fn a_package_is_asked_for_with_all_that_it_holds() {
    let given = |mode| {
        let mut offer = package("all", &["urn:dk:b"]);
        offer.members[0].publication = Publication::Published { from: instant(0) };
        Given { offer, mode }
    };
    let step = ask_for(given(Mode::Followed)).unwrap();
    assert_eq!(step.asks_to_follow, [package_id("all")]);
    assert_eq!(step.delegation.packages.followed, [package_id("all")]);
    assert!(step.follows.is_empty(), "nothing is given");
    let step = ask_for(given(Mode::Pinned)).unwrap();
    assert!(step.asks_to_follow.is_empty() && step.delegation.packages.followed.is_empty());
    let mut unasked = given(Mode::Followed);
    unasked.offer.members[0].request_allowed = false;
    assert_eq!(ask_for(unasked), Err(Refusal::NotOnRequest(uri("urn:dk:b"))));
    let mut later = given(Mode::Followed);
    later.offer.announced = vec![(later.offer.members.remove(0), instant(50))];
    later.offer.announced[0].0.delegator_kinds = vec![PartyKind::Organisation];
    let refused = giving::Refusal::DelegatorKind(uri("urn:dk:b"));
    assert_eq!(ask_for(later), Err(Refusal::Giving(refused)));
}

fn ask_for(given: Given) -> Result<Step, Refusal> {
    asked(&Asking { packages: vec![given], ..asking() })
}

#[test]
fn an_acceptance_is_for_the_period_asked_for_or_within_it() {
    let of = |request: &Delegation, term, now| {
        narrowed(request, &Content::default(), term, instant(now)).map(|(_, period)| period)
    };
    let fixed = request();
    let open = Delegation { starts_on_acceptance: true, ..request() };
    let reversed = Err(giving::Refusal::Period(period::Error::Reversed).into());
    for (term, now, wanted) in [
        (Term::AsAsked, 5, Ok(period(10, 100))),
        // Its start has passed meanwhile.
        (Term::AsAsked, 20, Ok(period(20, 100))),
        (Term::Until(instant(40)), 5, Ok(period(10, 40))),
        (Term::Until(instant(40)), 20, Ok(period(20, 40))),
        (Term::Until(instant(10)), 5, reversed),
        (Term::Until(instant(101)), 5, Err(Refusal::WiderPeriod)),
        (Term::Within(period(20, 40)), 5, Ok(period(20, 40))),
        (Term::Within(period(10, 100)), 5, Ok(period(10, 100))),
        (Term::Within(period(20, 101)), 5, Err(Refusal::WiderPeriod)),
        (Term::Within(period(9, 100)), 5, Err(Refusal::WiderPeriod)),
    ] {
        assert_eq!(of(&fixed, term, now), wanted, "{term:?} at {now}");
    }
    assert_eq!(of(&open, Term::AsAsked, 20), Ok(period(20, 100)));
    assert_eq!(of(&open, Term::Until(instant(30)), 20), Ok(period(20, 30)));
    assert_eq!(of(&open, Term::Within(period(19, 30)), 20), Ok(period(19, 30)));
    assert_eq!(of(&open, Term::Within(period(-1, 30)), 20), Err(Refusal::WiderPeriod));
    let brief = Delegation { period: period(10, 30), ..request() };
    let over = Err(giving::Refusal::Period(period::Error::InPast).into());
    assert_eq!(of(&brief, Term::AsAsked, 30), over);
}

#[test]
fn a_lapsed_request_cannot_be_answered_though_no_job_ran() {
    let refusal = Err(Refusal::NotPending(Status::Lapsed));
    assert_eq!(narrowed(&request(), &Content::default(), Term::AsAsked, instant(50)).map(|_| ()), refusal);
    assert_eq!(decline(request(), None, instant(50)).map(|_| ()), refusal);
    assert_eq!(withdraw(request(), instant(50)).map(|_| ()), refusal);
    assert!(decline(request(), None, instant(49)).is_ok());
}

#[test]
fn an_answer_is_final_and_the_same_again_changes_nothing() {
    let declined = decline(request(), None, instant(5)).unwrap().unwrap();
    assert_eq!(declined.tells, [(party(3), NoticeKind::Declined)]);
    assert_eq!(decline(declined.delegation.clone(), None, instant(6)), Ok(None));
    assert_eq!(withdraw(declined.delegation, instant(6)), Err(Refusal::NotPending(Status::Declined)));
    let withdrawn = withdraw(request(), instant(5)).unwrap().unwrap();
    assert_eq!(withdrawn.untells, [NoticeKind::Requested]);
    assert_eq!(withdraw(withdrawn.delegation.clone(), instant(6)), Ok(None));
    assert_eq!(decline(withdrawn.delegation, None, instant(6)), Err(Refusal::NotPending(Status::Withdrawn)));
}

#[test]
fn what_has_lapsed_is_written_down_once_and_as_of_then() {
    assert_eq!(lapse(request(), instant(49)), None);
    let step = lapse(request(), instant(90)).unwrap();
    assert_eq!(step.delegation.state, State::Lapsed { at: instant(50) });
    assert_eq!(lapse(step.delegation, instant(91)), None);
}

/// Somebody who is known, in good standing.
fn somebody(id: u128, kind: PartyKind) -> Party {
    let organisation = (kind == PartyKind::Employee).then(|| party(9));
    Party { id: party(id), kind, organisation, standing: Standing::Good, created_at: instant(0), version: 1 }
}

fn privilege(name: &str) -> Privilege {
    Privilege {
        uri: uri(name),
        system: SystemId::parse("a").unwrap(),
        authority: CvrNumber::parse("34051178").unwrap(),
        access: AccessKind::Act,
        max_period_days: None,
        delegator_ages: AgeRange::ANY,
        delegator_kinds: vec![PartyKind::Person, PartyKind::Organisation],
        representative_kinds: vec![PartyKind::Person, PartyKind::Organisation],
        assurance: LevelOfAssurance::Substantial,
        max_sub_delegation_depth: 0,
        paper_allowed: false,
        request_allowed: true,
        publication: Publication::Published { from: instant(0) },
    }
}

/// Party 3 asks party 2.
struct Asking {
    actor: Party,
    assurance: LevelOfAssurance,
    representative: Party,
    delegator: PartyId,
    delegator_kind: PartyKind,
    privilege: Privilege,
    packages: Vec<Given>,
    to: i64,
}

fn asking() -> Asking {
    Asking {
        actor: somebody(3, PartyKind::Person),
        assurance: LevelOfAssurance::Substantial,
        representative: somebody(3, PartyKind::Person),
        delegator: party(2),
        delegator_kind: PartyKind::Person,
        privilege: privilege("urn:dk:a"),
        packages: Vec::new(),
        to: 100,
    }
}

fn asked(asking: &Asking) -> Result<Step, Refusal> {
    let wish = Wish {
        actor: &asking.actor,
        assurance: asking.assurance,
        representative: &asking.representative,
        delegator: asking.delegator,
        delegator_kind: asking.delegator_kind,
        privileges: vec![asking.privilege.clone()],
        packages: asking.packages.clone(),
        period: period(5, asking.to),
        starts_on_acceptance: true,
    };
    ask(wish, Rules::default(), DelegationId(uuid::Uuid::from_u128(1)), instant(5))
}

#[test]
fn a_request_waits_for_thirty_days_and_grants_nothing() {
    let step = asked(&asking()).unwrap();
    let lapses_at = instant(5) + TimeDelta::days(30);
    assert_eq!(step.delegation.state, State::Requested { lapses_at });
    assert_eq!((step.delegation.lapses_at, step.delegation.version), (Some(lapses_at), 1));
    assert_eq!((step.asks, step.grants), (vec![uri("urn:dk:a")], vec![]));
    assert_eq!(step.acting_for, Some(party(3)));
    assert_eq!(step.tells, [(party(2), NoticeKind::Requested)]);
}

#[test]
fn each_rule_of_asking_refuses_by_its_name() {
    use giving::Refusal as Giving;
    type Change = fn(&mut Asking);
    let cases: Vec<(Change, Refusal)> = vec![
        (|a| a.actor = somebody(4, PartyKind::Person), Refusal::NotForRepresentative),
        (|a| a.assurance = LevelOfAssurance::Low, Giving::AssuranceTooLow.into()),
        (|a| a.delegator = party(3), Giving::ToOneself.into()),
        (|a| a.delegator_kind = PartyKind::Employee, Giving::DelegatorIsEmployee.into()),
        (|a| a.representative.standing = Standing::Suspended, Giving::NotInGoodStanding.into()),
        (|a| a.privilege.publication = Publication::Draft, Giving::NotPublished(uri("urn:dk:a")).into()),
        (
            |a| a.privilege.delegator_kinds = vec![PartyKind::Organisation],
            Giving::DelegatorKind(uri("urn:dk:a")).into(),
        ),
        (
            |a| a.privilege.representative_kinds = vec![PartyKind::Employee],
            Giving::RepresentativeKind(uri("urn:dk:a")).into(),
        ),
        (|a| a.privilege.request_allowed = false, Refusal::NotOnRequest(uri("urn:dk:a"))),
        (
            |a| {
                a.privilege.max_period_days = std::num::NonZeroU32::new(1);
                a.to = 5 + 3 * 86_400;
            },
            Giving::Period(period::Error::TooLong).into(),
        ),
        (|a| a.to = 5 + 800 * 86_400, Giving::Period(period::Error::TooLong).into()),
    ];
    for (number, (change, refusal)) in cases.into_iter().enumerate() {
        let mut asking = asking();
        change(&mut asking);
        assert_eq!(asked(&asking), Err(refusal), "case {number}");
    }
}

fn accepted(request: Delegation, existing: Vec<ending::Tree>) -> Result<Vec<Step>, Refusal> {
    let (delegator, representative) = (somebody(2, PartyKind::Person), somebody(3, PartyKind::Person));
    let cpr = CprNumber::parse("0501792275").unwrap();
    let gift = Gift {
        actor: &delegator,
        assurance: LevelOfAssurance::Substantial,
        delegator: &delegator,
        delegator_cpr: Some(&cpr),
        representative: &representative,
        privileges: vec![privilege("urn:dk:b")],
        packages: Vec::new(),
        period: period(20, 40),
        existing,
        replace: true,
    };
    accept(request, gift, Rules::default(), instant(20))
}

#[test]
fn what_is_accepted_is_active_as_accepted_and_takes_the_place_of_what_overlaps() {
    let old = Delegation { id: DelegationId(uuid::Uuid::from_u128(7)), ..delegation(0, 100) };
    let open = Delegation { starts_on_acceptance: true, ..request() };
    let steps = accepted(open, vec![ending::Tree { top: old.clone(), below: Vec::new() }]).unwrap();
    let [first, second] = steps.as_slice() else { panic!("two steps: {steps:?}") };
    assert_eq!((first.kind, first.delegation.state), (EventKind::Accepted, State::Active));
    assert_eq!(first.delegation.privileges, [uri("urn:dk:b")]);
    assert_eq!((first.delegation.period, first.delegation.starts_on_acceptance), (period(20, 40), false));
    assert_eq!((first.delegation.version, first.acting_for), (2, Some(party(2))));
    assert_eq!(first.tells, [(party(3), NoticeKind::Accepted)]);
    assert_eq!(first.untells, [NoticeKind::Requested]);
    assert_eq!(first.delegation.links.supersedes, [old.id]);
    // Of the two privileges that the old one has, one lives on.
    assert_eq!((second.id(), second.kind), (old.id, EventKind::Superseded));
    assert_eq!((&second.takes, second.delegation.state), (&vec![uri("urn:dk:b")], State::Active));
}

#[test]
fn a_gift_is_no_request_and_an_accepted_request_is_none_any_more() {
    let refusal = Err(Refusal::NotPending(Status::Active));
    assert_eq!(accepted(delegation(0, 100), Vec::new()).map(|_| ()), refusal);
    let first = accepted(request(), Vec::new()).unwrap().remove(0).delegation;
    assert_eq!(accepted(first.clone(), Vec::new()).map(|_| ()), refusal);
    assert_eq!(decline(first.clone(), None, instant(20)).map(|_| ()), refusal);
    assert_eq!(withdraw(first, instant(20)).map(|_| ()), refusal);
}
