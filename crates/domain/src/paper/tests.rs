use chrono::TimeDelta;
use uuid::Uuid;

use super::*;
use crate::{
    delegation::{
        Status,
        testing::{delegation, instant, party, uri},
    },
    ending::Tree,
    identifier::{CprNumber, CvrNumber},
    privilege::{AccessKind, AgeRange, Privilege, Publication, SystemId},
};

/// Noon in Denmark.
fn now() -> DateTime<Utc> {
    "2026-06-15T10:00:00Z".parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn somebody(id: u128, kind: PartyKind) -> Party {
    let organisation = (kind == PartyKind::Employee).then(|| party(id + 100));
    Party { id: party(id), kind, organisation, standing: Standing::Good, created_at: instant(0), version: 1 }
}

fn privilege(name: &str) -> Privilege {
    Privilege {
        uri: uri(name),
        system: SystemId::parse("a").unwrap(),
        authority: CvrNumber::parse("34051178").unwrap(),
        max_period_days: None,
        delegator_kinds: vec![PartyKind::Person, PartyKind::Organisation],
        representative_kinds: PartyKind::ALL.to_vec(),
        access: AccessKind::Act,
        assurance: LevelOfAssurance::High,
        delegator_ages: AgeRange::ANY,
        max_sub_delegation_depth: 0,
        paper_allowed: true,
        request_allowed: true,
        publication: Publication::Published { from: DateTime::UNIX_EPOCH },
    }
}

/// Party 2 is to give `urn:dk:a` and `urn:dk:b` to party 3, for 30 days; caseworker 11 acts.
struct World {
    actor: Party,
    assurance: LevelOfAssurance,
    delegator: Party,
    cpr: Option<CprNumber>,
    representative: Party,
    privileges: Vec<Privilege>,
    period: Period,
    existing: Vec<Tree>,
    replace: bool,
}

impl World {
    fn gift(&self) -> Gift<'_> {
        Gift {
            actor: &self.actor,
            assurance: self.assurance,
            delegator: &self.delegator,
            delegator_cpr: self.cpr.as_ref(),
            representative: &self.representative,
            privileges: self.privileges.clone(),
            packages: Vec::new(),
            period: self.period,
            existing: self.existing.clone(),
            replace: self.replace,
        }
    }

    fn start(&self, starter: Starter) -> Result<(Step, Record), Refusal> {
        let id = DelegationId(Uuid::from_u128(7));
        start(self.gift(), starter, true, Rules::default(), (id, now()))
    }

    fn approve(&self, case: Case) -> Result<(Vec<Step>, Record), Refusal> {
        approve(case, self.gift(), Rules::default(), now())
    }
}

fn by(caseworker: u128) -> World {
    World {
        actor: somebody(caseworker, PartyKind::Employee),
        assurance: LevelOfAssurance::Substantial,
        delegator: somebody(2, PartyKind::Person),
        cpr: Some(CprNumber::parse("0501792275").unwrap()),
        representative: somebody(3, PartyKind::Person),
        privileges: vec![privilege("urn:dk:a"), privilege("urn:dk:b")],
        period: Period::new(now(), now() + TimeDelta::days(30)).unwrap(),
        existing: Vec::new(),
        replace: false,
    }
}

fn started() -> Case {
    let (step, record) = by(11).start(Starter::Caseworker).unwrap();
    Case { delegation: step.delegation, record }
}

fn returned() -> Returned {
    Returned { scan_digest: [5; 32], ticked: vec![uri("urn:dk:b")], signed_on: day("2026-06-15") }
}

fn register_by(caseworker: u128, case: Case, returned: Returned) -> Result<(Step, Record), Refusal> {
    let party = somebody(caseworker, PartyKind::Employee);
    register(case, Clerk { party: &party, assurance: LevelOfAssurance::Substantial }, returned, now())
}

/// Started by 11, registered by 12, `urn:dk:b` ticked.
fn registered() -> Case {
    let (step, record) = register_by(12, started(), returned()).unwrap();
    Case { delegation: step.delegation, record }
}

fn reject_by(caseworker: u128, case: Case) -> Result<(Step, Record), Refusal> {
    let party = somebody(caseworker, PartyKind::Employee);
    let clerk = Clerk { party: &party, assurance: LevelOfAssurance::Substantial };
    reject(case, clerk, PaperRejectReason::Signature, now())
}

/// A third caseworker who wants to give what was ticked.
fn approving() -> World {
    World { privileges: vec![privilege("urn:dk:b")], ..by(13) }
}

#[test]
fn a_case_goes_from_the_form_to_the_delegation_through_three_pairs_of_eyes() {
    let (step, record) = by(11).start(Starter::Caseworker).unwrap();
    assert_eq!((step.kind, step.delegation.status(now())), (EventKind::PaperStarted, Status::PaperStarted));
    assert_eq!(step.asks, [uri("urn:dk:a"), uri("urn:dk:b")]);
    assert_eq!((step.acting_for, step.grants.len()), (None, 0));
    assert_eq!(step.tells, [(party(2), NoticeKind::Paper), (party(3), NoticeKind::Paper)]);
    assert_eq!((record.started_by, record.form), (party(11), None));

    let (step, record) = register_by(12, started(), returned()).unwrap();
    assert_eq!(step.delegation.status(now()), Status::PaperRegistered);
    assert_eq!(step.delegation.privileges, [uri("urn:dk:b")]);
    assert_eq!((step.tells.len(), step.grants.len()), (0, 0));
    let form = record.form.unwrap();
    assert_eq!((form.registered_by, form.scan_digest), (party(12), [5; 32]));

    let (steps, record) = approving().approve(registered()).unwrap();
    let [step] = steps.as_slice() else { panic!("one step") };
    assert_eq!((step.kind, step.delegation.status(now())), (EventKind::PaperApproved, Status::Active));
    assert_eq!((step.grants.as_slice(), step.delegation.version), (&[uri("urn:dk:b")][..], 3));
    assert_eq!((step.acting_for, step.delegation.starts_on_acceptance), (None, false));
    assert_eq!(step.tells, [(party(2), NoticeKind::Paper), (party(3), NoticeKind::Paper)]);
    assert_eq!(record.decided, Some((party(13), now())));
}

#[test]
fn a_caseworker_may_start_and_register() {
    let (step, record) = register_by(11, started(), returned()).unwrap();
    let case = Case { delegation: step.delegation, record };
    assert!(approving().approve(case).is_ok());
}

#[test]
fn nobody_approves_what_they_started_registered_or_have_something_from() {
    for caseworker in [11, 12] {
        let world = World { actor: somebody(caseworker, PartyKind::Employee), ..approving() };
        assert_eq!(world.approve(registered()), Err(Refusal::NotSecond));
    }
    let mut world = approving();
    let mut case = registered();
    case.delegation.representative = world.actor.organisation.unwrap();
    assert_eq!(world.approve(case.clone()), Err(Refusal::NotSecond));
    case.delegation.representative = world.actor.id;
    world.representative = world.actor.clone();
    assert_eq!(world.approve(case), Err(Refusal::NotSecond));
}

#[test]
fn the_representative_starts_a_case_and_so_does_its_employee_and_nobody_else() {
    let mut world = World { actor: somebody(3, PartyKind::Person), ..by(11) };
    let (step, record) = world.start(Starter::Representative).unwrap();
    assert_eq!((step.acting_for, record.started_by), (Some(party(3)), party(3)));
    assert_eq!(step.tells, [(party(2), NoticeKind::Paper)]);
    world.actor = somebody(11, PartyKind::Employee);
    assert_eq!(world.start(Starter::Representative), Err(Refusal::NotForRepresentative));
    world.representative = Party { id: party(111), ..somebody(3, PartyKind::Organisation) };
    let (step, record) = world.start(Starter::Representative).unwrap();
    assert_eq!((step.acting_for, record.started_by), (Some(party(111)), party(11)));
}

#[test]
fn only_an_employee_in_good_standing_with_a_sure_login_handles_paper() {
    let low = LevelOfAssurance::Low;
    let too_low = Refusal::Giving(giving::Refusal::AssuranceTooLow);
    assert_eq!(World { assurance: low, ..by(11) }.start(Starter::Caseworker), Err(too_low.clone()));
    assert_eq!(World { assurance: low, ..approving() }.approve(registered()), Err(too_low.clone()));
    let mut suspended = somebody(14, PartyKind::Employee);
    suspended.standing = Standing::Suspended;
    for nobody in [somebody(14, PartyKind::Person), somebody(14, PartyKind::Organisation), suspended] {
        let refusal = Err(Refusal::NotCaseworker);
        let clerk = Clerk { party: &nobody, assurance: LevelOfAssurance::High };
        assert_eq!(register(started(), clerk, returned(), now()), refusal);
        assert_eq!(reject(started(), clerk, PaperRejectReason::Incomplete, now()), refusal);
        let world = World { actor: nobody.clone(), ..approving() };
        assert_eq!(world.start(Starter::Caseworker), refusal);
        assert_eq!(world.approve(registered()).map(|_| ()), Err(Refusal::NotCaseworker));
    }
    let party = somebody(14, PartyKind::Employee);
    let clerk = Clerk { party: &party, assurance: low };
    assert_eq!(register(started(), clerk, returned(), now()), Err(too_low.clone()));
    assert_eq!(reject(started(), clerk, PaperRejectReason::Incomplete, now()), Err(too_low));
}

#[test]
fn the_rules_of_giving_hold_when_it_is_started_and_when_it_is_approved() {
    type Change = fn(&mut World);
    let giving = Refusal::Giving;
    let cases: Vec<(Change, Refusal)> = vec![
        (|w| w.delegator = somebody(2, PartyKind::Organisation), Refusal::DelegatorIsNotPerson),
        (|w| w.delegator = somebody(2, PartyKind::Employee), Refusal::DelegatorIsNotPerson),
        (|w| w.representative = w.delegator.clone(), giving(giving::Refusal::ToOneself)),
        (|w| w.delegator.standing = Standing::Ended, giving(giving::Refusal::NotInGoodStanding)),
        (|w| w.representative.standing = Standing::Suspended, giving(giving::Refusal::NotInGoodStanding)),
        (|w| w.cpr = None, giving(giving::Refusal::AgeUnknown)),
        (|w| w.cpr = Some(CprNumber::parse("0101154000").unwrap()), giving(giving::Refusal::UnderAge)),
        (
            |w| w.privileges[0].publication = Publication::Draft,
            giving(giving::Refusal::NotPublished(uri("urn:dk:b"))),
        ),
        (|w| w.privileges[0].paper_allowed = false, Refusal::NotOnPaper(uri("urn:dk:b"))),
        (
            |w| w.privileges[0].representative_kinds = vec![PartyKind::Employee],
            giving(giving::Refusal::RepresentativeKind(uri("urn:dk:b"))),
        ),
    ];
    for (change, refusal) in cases {
        let mut world = approving();
        change(&mut world);
        assert_eq!(world.start(Starter::Caseworker), Err(refusal.clone()));
        assert_eq!(world.approve(registered()), Err(refusal));
    }
    let mut world = approving();
    world.privileges[0].max_period_days = std::num::NonZeroU32::new(10);
    let too_long = period::Error::TooLong;
    assert_eq!(world.start(Starter::Caseworker), Err(giving(giving::Refusal::Period(too_long))));
    // The caseworker who approves has said no period.
    assert_eq!(world.approve(registered()), Err(Refusal::Period(too_long)));
}

#[test]
fn what_is_ticked_is_on_the_form() {
    let foreign = Returned { ticked: vec![uri("urn:dk:b"), uri("urn:dk:c")], ..returned() };
    assert_eq!(register_by(12, started(), foreign), Err(Refusal::NotOnForm(uri("urn:dk:c"))));
}

#[test]
fn a_form_is_signed_between_its_start_and_today_and_at_most_180_days_ago() {
    let signed = |date: &str, started_at: &str| {
        let mut case = started();
        case.record.started_at = started_at.parse().unwrap();
        register_by(12, case, Returned { signed_on: day(date), ..returned() }).map(|_| ())
    };
    let long_ago = "2025-01-01T00:00:00Z";
    assert_eq!(signed("2026-06-16", long_ago), Err(Refusal::SignedInFuture));
    assert_eq!(signed("2026-06-15", long_ago), Ok(()));
    assert_eq!(signed("2025-12-17", long_ago), Ok(()));
    assert_eq!(signed("2025-12-16", long_ago), Err(Refusal::SignedTooLongAgo));
    // In Denmark the case was started on the 2nd.
    assert_eq!(signed("2026-06-02", "2026-06-01T22:00:00Z"), Ok(()));
    assert_eq!(signed("2026-06-01", "2026-06-01T22:00:00Z"), Err(Refusal::SignedBeforeStart));
}

#[test]
fn each_step_is_taken_once_and_in_order() {
    assert_eq!(approving().approve(started()), Err(Refusal::NotRegistered));
    assert_eq!(register_by(12, registered(), returned()), Err(Refusal::Registered));
    let (steps, record) = approving().approve(registered()).unwrap();
    let approved = Case { delegation: steps[0].delegation.clone(), record };
    let (step, record) = reject_by(11, registered()).unwrap();
    let rejected = Case { delegation: step.delegation, record };
    for case in [approved, rejected] {
        assert_eq!(register_by(14, case.clone(), returned()), Err(Refusal::Decided));
        assert_eq!(
            World { actor: somebody(14, PartyKind::Employee), ..approving() }.approve(case.clone()),
            Err(Refusal::Decided)
        );
        assert_eq!(reject_by(14, case), Err(Refusal::Decided));
    }
}

#[test]
fn a_rejection_says_why_and_withdraws_what_was_not_told_yet() {
    for case in [started(), registered()] {
        let (step, record) = reject_by(11, case).unwrap();
        assert_eq!(step.delegation.state, State::PaperRejected { at: now() });
        assert_eq!(step.reason, Some(Reason::PaperReject(PaperRejectReason::Signature)));
        assert_eq!(step.untells, [NoticeKind::Paper]);
        assert_eq!(step.tells.len(), 2);
        assert_eq!(record.decided, Some((party(11), now())));
    }
}

#[test]
fn what_is_approved_begins_when_the_form_says_or_at_once() {
    let on_form = |from: i64, to: i64, starts_on_acceptance| Delegation {
        starts_on_acceptance,
        ..delegation(from, to)
    };
    let period = |from, to| Ok(Period::new(instant(from), instant(to)).unwrap());
    assert_eq!(period_on_approval(&on_form(10, 100, false), instant(5)), period(10, 100));
    assert_eq!(period_on_approval(&on_form(10, 100, false), instant(50)), period(50, 100));
    assert_eq!(period_on_approval(&on_form(10, 100, true), instant(50)), period(50, 100));
    let over = Err(Refusal::Period(period::Error::InPast));
    assert_eq!(period_on_approval(&on_form(10, 100, true), instant(100)), over);
    assert_eq!(period_on_approval(&on_form(10, 100, false), instant(200)), over);
}

#[test]
fn what_is_given_already_is_replaced_when_that_is_said() {
    let old = Delegation {
        id: DelegationId(Uuid::from_u128(6)),
        period: Period::new(now() - TimeDelta::days(1), now() + TimeDelta::days(9)).unwrap(),
        created_at: now() - TimeDelta::days(1),
        ..delegation(0, 1)
    };
    let mut world = World { existing: vec![Tree { top: old.clone(), below: Vec::new() }], ..approving() };
    let overlaps = giving::Refusal::Overlaps(old.id);
    assert_eq!(world.approve(registered()), Err(Refusal::Giving(overlaps)));
    world.replace = true;
    let (steps, _) = world.approve(registered()).unwrap();
    assert_eq!(steps[0].delegation.links.supersedes, [old.id]);
    // Only what was ticked is taken out of the old one.
    assert_eq!((steps[1].kind, steps[1].takes.as_slice()), (EventKind::Superseded, &[uri("urn:dk:b")][..]));

    world.period = Period::new(now() + TimeDelta::days(5), now() + TimeDelta::days(30)).unwrap();
    assert_eq!(world.approve(registered()), Err(Refusal::ReplacementStartsLater));
}
