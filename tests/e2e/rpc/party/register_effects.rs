//! What a copy of the CPR register has happen to parties and their delegations.

use fuldmagt_proto::v1::{
    CprEffects, CprRecord, Delegation, DelegationEventKind, DelegationStatus, DenialReason,
    GetCprImportRequest, TerminationReason, identifier::Value,
};
use fuldmagt_tests::cpr_register::Register;
use fuldmagt_tests::world::{CHANGE, Registered, SEE, until};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use super::feed::Copy;
use super::resolve_suspension::{reinstate, reinstate_as_of};

pub(super) const DAYS: [&str; 4] = ["2026-06-12", "2026-06-13", "2026-06-14", "2026-06-15"];

/// Others whom the register tells of begin here: far from the people of the tests.
const FILLER: u64 = 20_000_000;

pub(super) fn number(party: &Registered) -> String {
    match party.identifier().and_then(|identifier| identifier.value) {
        Some(Value::CprNumber(number)) => number,
        other => panic!("no CPR number: {other:?}"),
    }
}

pub(super) fn said(cpr_number: &str, status: &str, new: &str) -> CprRecord {
    CprRecord {
        cpr_number: cpr_number.to_owned(),
        status: status.to_owned(),
        new_cpr_number: new.to_owned(),
        is_protected: true,
        name: "Havgerd Teglstrup-Enemærke".to_owned(),
        address_lines: vec!["Søndre Ringvej 17".to_owned(), "5970 Ærøskøbing".to_owned()],
        country_code: "DK".to_owned(),
    }
}

/// A copy that says this among other things.
pub(super) fn copy_of(world: &World, day: &str, words: &[CprRecord]) -> Copy {
    let mut all: Vec<_> = (0..40).map(|place| Register { seed: 1 }.record(FILLER + place)).collect();
    all.extend_from_slice(words);
    Copy::of(world, day, &all)
}

/// Imports it.
pub(super) async fn import(world: &World, day: &str, words: &[CprRecord]) -> Copy {
    let copy = copy_of(world, day, words);
    copy.send(world).await.unwrap();
    copy
}

/// What the import did, once all of it is written.
pub(super) async fn effects(world: &World, copy: &Copy) -> CprEffects {
    let told = async || {
        let request = GetCprImportRequest { import_id: copy.import_id.clone() };
        let answer = world.register_feed.parties().get_cpr_import(request).await.unwrap();
        answer.into_inner().effects.unwrap()
    };
    until("the import is written out", async || told().await.pending_count == 0).await;
    told().await
}

async fn assert_ended(world: &World, by: &Registered, delegations: &[&Delegation], why: TerminationReason) {
    for delegation in delegations {
        let seen = world.see(by, delegation).await.unwrap();
        assert_eq!((seen.status(), seen.termination_reason()), (DelegationStatus::Terminated, why));
        let kinds = world.event_kinds(by, delegation).await;
        assert_eq!(kinds.iter().filter(|kind| **kind == DelegationEventKind::Terminated).count(), 1);
    }
}

#[tokio::test]
async fn a_death_ends_what_the_person_gave_holds_and_was_asked_for() {
    let world = World::with_catalogue().await;
    let (dead, other, third) = (world.person().await, world.person().await, world.person().await);
    world.let_give_on(SEE, 1).await;
    let (given, held) = (world.give(&dead, &other, &[SEE]).await, world.give(&other, &dead, &[CHANGE]).await);
    let given_on = world.give_on(&other, &given, &third, &[SEE]).await;
    let asked = world.request(&third, &dead, &[CHANGE]).await;
    let copy = import(&world, DAYS[0], &[said(&number(&dead), "90", "")]).await;
    // At once, whatever is written yet.
    for (from, to, privilege) in [(&dead, &other, SEE), (&other, &dead, CHANGE), (&dead, &third, SEE)] {
        let denied = world.check_denied(from, to, privilege).await;
        let reasons = [DenialReason::PartyNotInGoodStanding, DenialReason::Terminated];
        assert!(reasons.contains(&denied), "{denied:?}");
    }
    assert_eq!(effects(&world, &copy).await, CprEffects { ended_count: 1, ..CprEffects::default() });
    assert_ended(&world, &other, &[&given, &held], TerminationReason::Death).await;
    assert_ended(&world, &third, &[&given_on], TerminationReason::ParentEnded).await;
    assert_ended(&world, &third, &[&asked], TerminationReason::Death).await;
    let told = world.waiting_notices(&other).await;
    assert_eq!(told.iter().filter(|(kind, _)| kind == "ended_by_death").count(), 2);
    // The register did it, to the party and to each delegation, and the feed tells each.
    let by_register = "event where channel = 'register' and kind in ('died', 'terminated')";
    assert_eq!(world.count(by_register).await, 5);
    assert_eq!(
        world
            .count(
                "change c join event e using (entity_kind, entity_id, version) where e.channel = 'register'"
            )
            .await,
        5
    );
    assert_eq!(world.count("usage_log where outcome = 'died'").await, 1);
    // Nothing brings them back.
    let again = import(&world, DAYS[1], &[said(&number(&dead), "01", "")]).await;
    assert_eq!(effects(&world, &again).await, CprEffects::default());
    assert_eq!(world.check_denied(&dead, &other, SEE).await, DenialReason::Terminated);
}

#[tokio::test]
async fn who_has_disappeared_rests_until_the_register_finds_them_again() {
    let world = World::with_catalogue().await;
    let (gone, other) = (world.person().await, world.person().await);
    let (given, held) = (world.give(&gone, &other, &[SEE]).await, world.give(&other, &gone, &[SEE]).await);
    let both = [(&gone, &other), (&other, &gone)];
    let copy = import(&world, DAYS[0], &[said(&number(&gone), "70", "")]).await;
    for (from, to) in both {
        assert_eq!(world.check_denied(from, to, SEE).await, DenialReason::PartyNotInGoodStanding);
    }
    assert_eq!(effects(&world, &copy).await, CprEffects { suspended_count: 1, ..CprEffects::default() });
    for delegation in [&given, &held] {
        assert_eq!(world.see(&other, delegation).await.unwrap().status(), DelegationStatus::Suspended);
    }
    let told = world.waiting_notices(&other).await;
    assert_eq!(told.iter().filter(|(kind, _)| kind == "suspension").count(), 2);
    // To have left the country changes nothing.
    let copy = import(&world, DAYS[1], &[said(&number(&gone), "80", "")]).await;
    assert_eq!(effects(&world, &copy).await, CprEffects::default());
    world.check_denied(&gone, &other, SEE).await;
    let copy = import(&world, DAYS[2], &[said(&number(&gone), "1", "")]).await;
    for (from, to) in both {
        assert!(world.check(from, to, SEE).await.granted);
    }
    assert_eq!(effects(&world, &copy).await, CprEffects { reinstated_count: 1, ..CprEffects::default() });
    for delegation in [&given, &held] {
        assert_eq!(world.see(&other, delegation).await.unwrap().status(), DelegationStatus::Active);
        let kinds = world.event_kinds(&other, delegation).await;
        assert_eq!(kinds[1..], [DelegationEventKind::Suspended, DelegationEventKind::Resumed]);
    }
}

#[tokio::test]
async fn whose_number_is_no_more_rests_until_a_caseworker_has_looked_into_it() {
    for status in ["30", "50"] {
        let world = World::with_catalogue().await;
        let (party, other) = (world.person().await, world.person().await);
        world.give(&party, &other, &[SEE]).await;
        let copy = import(&world, DAYS[0], &[said(&number(&party), status, "")]).await;
        assert_eq!(world.check_denied(&party, &other, SEE).await, DenialReason::PartyNotInGoodStanding);
        assert_eq!(effects(&world, &copy).await.suspended_count, 1);
        // The register alone does not lift it.
        let copy = import(&world, DAYS[1], &[said(&number(&party), "01", "")]).await;
        assert_eq!(effects(&world, &copy).await, CprEffects::default());
        world.check_denied(&party, &other, SEE).await;
        reinstate(&world, &party).await.unwrap();
        assert!(world.check(&party, &other, SEE).await.granted);
        // The same again does not suspend; after something else it does.
        let copy = import(&world, DAYS[2], &[said(&number(&party), status, "")]).await;
        assert_eq!(effects(&world, &copy).await, CprEffects::default(), "{status}");
        assert!(world.check(&party, &other, SEE).await.granted);
        let copy = import(&world, DAYS[3], &[said(&number(&party), "70", "")]).await;
        assert_eq!(effects(&world, &copy).await.suspended_count, 1);
        world.check_denied(&party, &other, SEE).await;
    }
}

#[tokio::test]
async fn what_the_register_has_said_since_is_not_resolved_unseen() {
    let world = World::with_catalogue().await;
    let (party, other) = (world.person().await, world.person().await);
    world.give(&party, &other, &[SEE]).await;
    let copy = import(&world, DAYS[0], &[said(&number(&party), "70", "")]).await;
    assert_eq!(effects(&world, &copy).await.suspended_count, 1);
    let seen = world.etag_of(&party).await;
    let copy = import(&world, DAYS[1], &[said(&number(&party), "30", "")]).await;
    assert_eq!(effects(&world, &copy).await, CprEffects::default());
    let stale = Refused::because(Code::Aborted, "ETAG_MISMATCH");
    assert_eq!(Refused::of(&reinstate_as_of(&world, &party, seen).await.unwrap_err()), stale);
    world.check_denied(&party, &other, SEE).await;
    assert_eq!(world.count("event where kind = 'stays_suspended' and channel = 'register'").await, 1);
    // The same again is nothing new.
    let seen = world.etag_of(&party).await;
    import(&world, DAYS[2], &[said(&number(&party), "30", "")]).await;
    reinstate_as_of(&world, &party, seen).await.unwrap();
    assert!(world.check(&party, &other, SEE).await.granted);
}

#[tokio::test]
async fn whoever_lives_here_or_abroad_protected_or_not_stays_as_they_are() {
    let world = World::with_catalogue().await;
    let mut people = Vec::new();
    let mut words = Vec::new();
    for (place, status) in ["01", "03", "05", "07", "20", "80"].into_iter().enumerate() {
        let (from, to) = (world.person().await, world.person().await);
        let given = world.give(&from, &to, &[SEE]).await;
        words.push(CprRecord { is_protected: place % 2 == 0, ..said(&number(&from), status, "") });
        words.push(CprRecord { is_protected: place % 2 == 1, ..said(&number(&to), status, "") });
        people.push((from, to, given));
    }
    let events = world.count("event").await;
    let copy = import(&world, DAYS[0], &words).await;
    assert_eq!(effects(&world, &copy).await, CprEffects::default());
    assert_eq!(world.count("event").await, events + 1, "the switch alone");
    for (from, to, given) in &people {
        assert!(world.check(from, to, SEE).await.granted);
        // Neither name nor address of the register is shown to anybody.
        let seen = format!("{:?}", world.see(to, given).await.unwrap());
        assert!(!seen.contains("Teglstrup") && !seen.contains("Ringvej"), "{seen}");
    }
}

#[tokio::test]
async fn whoever_registers_later_is_looked_up_as_well() {
    let world = World::with_catalogue().await;
    let people = [world.people.person(), world.people.person()];
    let words: Vec<_> = people.iter().map(|person| said(person.cpr.expose(), "70", "")).collect();
    let copy = import(&world, DAYS[0], &words).await;
    // One by the number, the other learns it.
    let [by_number, ..] = fuldmagt_tests::world::all(&people[0]);
    let one = world.known_by(&[by_number], people[0].name.expose()).await;
    let [late_number, _, late_uuid] = fuldmagt_tests::world::all(&people[1]);
    let late = world.known_by(&[late_uuid], people[1].name.expose()).await;
    assert_eq!(effects(&world, &copy).await.suspended_count, 1);
    world.link(&late, &late_number).await;
    assert_eq!(effects(&world, &copy).await.suspended_count, 2);
    for party in [&one, &late] {
        let suspended = format!("party where standing = 'suspended' and party_id = '{}'", party.id);
        assert_eq!(world.count(&suspended).await, 1);
    }
}

#[tokio::test]
async fn the_register_counts_from_the_switch_and_not_before() {
    let world = World::with_catalogue().await;
    let (dead, other) = (world.person().await, world.person().await);
    world.give(&dead, &other, &[SEE]).await;
    let copy = Copy::of(&world, DAYS[0], &[said(&number(&dead), "90", "")]);
    let held = world.hold_writes().await;
    let sending = tokio::spawn({
        let (messages, parties) = (copy.messages.clone(), world.register_feed.clone());
        async move { parties.parties().import_cpr_snapshot(tokio_stream::iter(messages)).await }
    });
    world.until_waiting(1).await;
    // The switch waits, and checks are answered as before.
    assert!(world.check(&dead, &other, SEE).await.granted);
    held.rollback().await.unwrap();
    sending.await.unwrap().unwrap();
    world.check_denied(&dead, &other, SEE).await;
}

#[tokio::test]
async fn what_is_done_at_the_same_time_as_an_import_is_decided_before_it_or_after() {
    let world = World::with_catalogue().await;
    let other = world.person().await;
    let mut people = Vec::new();
    for _ in 0..12 {
        people.push(world.person().await);
    }
    let words: Vec<_> = people.iter().map(|person| said(&number(person), "90", "")).collect();
    let mut gifts = Vec::new();
    for person in &people {
        gifts.push(world.signed(world.giving(person, &other, &[SEE])).await);
    }
    let gifts = async {
        for gift in gifts {
            // Before the switch it is given, after it is refused.
            if let Err(refused) = world.try_give(gift).await {
                let reason = Refused::because(Code::FailedPrecondition, "PARTY_NOT_IN_GOOD_STANDING");
                assert_eq!(Refused::of(&refused), reason);
            }
        }
    };
    let (copy, ()) = tokio::join!(import(&world, DAYS[0], &words), gifts);
    assert_eq!(effects(&world, &copy).await.ended_count, 12);
    for person in &people {
        world.check_denied(person, &other, SEE).await;
    }
    assert_eq!(world.count("delegation where status = 'active'").await, 0);
}
