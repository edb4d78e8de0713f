//! `DelegationService.RevokeDelegation` of some privileges: the rest lives on.

use fuldmagt_proto::v1::{
    DelegationEventKind, DelegationStatus, DenialReason, EndReason, LevelOfAssurance, RevokeDelegationRequest,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{CHANGE, FOREIGN, SEE, SIGN, UNKNOWN, uris};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::refusals::Refusals;

#[tokio::test]
async fn a_privilege_that_is_taken_out_is_over_at_the_next_check_and_the_rest_lives_on() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE, CHANGE, SIGN]).await;
    world.a_second_passes().await;
    let left = world.revoke_part(&from, &given, &[SIGN, SEE]).await.unwrap();
    assert_eq!((left.status(), left.etag.as_str()), (DelegationStatus::Active, "2"));
    assert_eq!(
        (left.privileges.clone(), left.revoked_privileges.clone()),
        (uris(&[CHANGE]), uris(&[SEE, SIGN]))
    );
    assert_eq!((left.end_time, left.valid_to), (None, given.valid_to));
    assert!(world.check(&from, &to, CHANGE).await.granted);
    for privilege in [SEE, SIGN] {
        assert_eq!(world.check_denied(&from, &to, privilege).await, DenialReason::Revoked);
    }
    for user in [&from, &to] {
        let seen = world.see(user, &given).await.unwrap();
        assert_eq!((seen.privileges, seen.revoked_privileges), (uris(&[CHANGE]), uris(&[SEE, SIGN])));
        let kinds: Vec<_> = world.history(user, &given).await.iter().map(|event| event.kind()).collect();
        assert_eq!(kinds, [DelegationEventKind::Created, DelegationEventKind::PrivilegesRevoked]);
    }
}

#[tokio::test]
async fn to_take_out_what_is_left_is_to_revoke_it() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE, CHANGE]).await;
    world.a_second_passes().await;
    world.revoke_part(&from, &given, &[SEE]).await.unwrap();
    world.a_second_passes().await;
    // What is gone already is passed over.
    let ended = world.revoke_part(&from, &given, &[SEE, CHANGE]).await.unwrap();
    assert_eq!((ended.status(), ended.etag.as_str()), (DelegationStatus::Revoked, "3"));
    assert_eq!((ended.privileges.clone(), ended.revoked_privileges.clone()), (uris(&[CHANGE]), uris(&[SEE])));
    let seen = world.see(&to, &given).await.unwrap();
    assert_eq!((seen.privileges, seen.revoked_privileges), (ended.privileges, ended.revoked_privileges));
    assert_eq!(world.check_denied(&from, &to, CHANGE).await, DenialReason::Revoked);
}

#[tokio::test]
async fn taking_out_again_succeeds_and_changes_nothing() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE, CHANGE]).await;
    let first = world.revoke_part(&from, &given, &[SEE]).await.unwrap();
    let whole = world.give(&from, &to, &[SIGN]).await;
    world.revoke(&from, &whole).await.unwrap();
    let mut before = world.snapshot().await;
    world.a_second_passes().await;
    assert_eq!(world.revoke_part(&from, &given, &[SEE]).await.unwrap(), first);
    let ended = world.revoke_part(&from, &whole, &[SIGN]).await.unwrap();
    assert_eq!(ended.status(), DelegationStatus::Revoked);
    let mut after = world.snapshot().await;
    // That the requests were answered is all that is new.
    assert_ne!(before.remove("idempotency"), after.remove("idempotency"));
    assert_eq!(before, after);
}

#[tokio::test]
async fn what_was_taken_out_can_be_given_anew() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE, CHANGE]).await;
    world.a_second_passes().await;
    world.revoke_part(&from, &given, &[SEE]).await.unwrap();
    let anew = world.give(&from, &to, &[SEE]).await;
    let decision = world.check(&from, &to, SEE).await;
    assert_eq!((decision.granted, decision.delegation_id), (true, anew.delegation_id));
    let status = world.try_give(world.giving(&from, &to, &[CHANGE])).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::AlreadyExists, "DELEGATION_OVERLAPS"));
}

#[tokio::test]
async fn a_privilege_that_it_never_had_is_refused_by_its_place() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE, CHANGE]).await;
    world.revoke_part(&from, &given, &[CHANGE]).await.unwrap();
    let not_delegated = |place| Refused::field(place, "PRIVILEGE_NOT_DELEGATED");
    Refusals::of(world.revoking_part(&from, &given, &[CHANGE, SEE]))
        .refused(not_delegated("privileges[1]"), |request| request.privileges = uris(&[SEE, SIGN]))
        // Nor does it tell whether there is such a privilege.
        .refused(not_delegated("privileges[0]"), |request| request.privileges = uris(&[UNKNOWN]))
        .refused(not_delegated("privileges[2]"), |request| request.privileges = uris(&[SEE, CHANGE, FOREIGN]))
        .sent_by(&world, async |request| world.front_end.delegations().revoke_delegation(request).await)
        .await;
    // Ended or not.
    let status = world.revoke_part(&from, &given, &[SIGN]).await.unwrap_err();
    assert_eq!(Refused::of(&status), not_delegated("privileges[0]"));
}

#[tokio::test]
async fn a_stranger_learns_nothing_of_what_it_has() {
    let world = World::with_catalogue().await;
    let (from, to, stranger) = (world.person().await, world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE, CHANGE]).await;
    let refused = async |user, privilege| world.revoke_part(user, &given, &[privilege]).await.unwrap_err();
    let not_found = refused(&stranger, SIGN).await;
    assert_eq!(Refused::of(&not_found), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    for user in [&stranger, &to] {
        for privilege in [SEE, SIGN, UNKNOWN] {
            assert_alike(&not_found, &refused(user, privilege).await);
        }
    }
    assert!(world.check(&from, &to, SEE).await.granted);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE, CHANGE]).await;
    let good = RevokeDelegationRequest {
        actor: from.actor_at(LevelOfAssurance::Low),
        reason: EndReason::Misuse.into(),
        ..world.revoking_part(&from, &given, &[SEE])
    };
    Refusals::of(good)
        .privileges(false, |request, uris| request.privileges = uris)
        .field("packages[0]", "PACKAGE_NOT_DELEGATED", |request| request.packages = uris(&["alt"]))
        .sent_by(&world, async |request| world.front_end.delegations().revoke_delegation(request).await)
        .await;
}
