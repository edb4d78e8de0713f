//! `PartyService.MergeParties` of a party that is suspended: the survivor has the worse standing of the two.

use fuldmagt_proto::v1::{DelegationEventKind, DelegationStatus, DenialReason};
use fuldmagt_tests::World;
use fuldmagt_tests::world::{CHANGE, SEE, until};

use super::resolve_suspension::reinstate;

#[tokio::test]
async fn a_suspension_of_the_absorbed_party_is_the_survivors_until_a_caseworker_lifts_it() {
    let world = World::with_catalogue().await;
    let ((survivor, absorbed), other) = (world.one_person_twice().await, world.person().await);
    let given = world.give(&absorbed, &other, &[SEE]).await;
    let (moved, own) =
        (world.give(&other, &absorbed, &[SEE]).await, world.give(&other, &survivor, &[CHANGE]).await);
    world.suspend(&absorbed).await;
    let (whole, did) = world.merge(&survivor, &absorbed).await;
    assert_eq!(did.party.unwrap().etag, "2", "one event tells of both");
    for (from, to, privilege) in [(&whole, &other, SEE), (&other, &whole, SEE), (&other, &whole, CHANGE)] {
        let denied = world.check_denied(from, to, privilege).await;
        assert_eq!(denied, DenialReason::PartyNotInGoodStanding);
    }
    // And it is written into the history of all, as any suspension.
    until("it is written out", async || world.count("standing_effect").await == 0).await;
    for delegation in [&given, &moved, &own] {
        assert_eq!(world.see(&other, delegation).await.unwrap().status(), DelegationStatus::Suspended);
        let history = world.event_kinds(&other, delegation).await;
        assert_eq!(history.last(), Some(&DelegationEventKind::Suspended));
    }
    let told = world.waiting_notices(&other).await;
    assert_eq!(told.iter().filter(|(kind, _)| kind == "suspension").count(), 3);
    reinstate(&world, &survivor).await.unwrap();
    for (from, to, privilege) in [(&whole, &other, SEE), (&other, &whole, SEE), (&other, &whole, CHANGE)] {
        assert!(world.check(from, to, privilege).await.granted);
    }
    let history = world.event_kinds(&other, &own).await;
    assert_eq!(history[1..], [DelegationEventKind::Suspended, DelegationEventKind::Resumed]);
}

#[tokio::test]
async fn a_suspended_survivor_stays_so() {
    let world = World::with_catalogue().await;
    let ((survivor, absorbed), other) = (world.one_person_twice().await, world.person().await);
    world.give(&absorbed, &other, &[SEE]).await;
    world.suspend(&survivor).await;
    let (whole, _) = world.merge(&survivor, &absorbed).await;
    assert_eq!(world.check_denied(&whole, &other, SEE).await, DenialReason::PartyNotInGoodStanding);
    reinstate(&world, &survivor).await.unwrap();
    assert!(world.check(&whole, &other, SEE).await.granted);
}
