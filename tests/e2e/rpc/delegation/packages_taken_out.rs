//! Packages that are followed no longer: with their delegation, alone, or because of one privilege.

use fuldmagt_proto::v1::{
    CreateDelegationRequest, DelegationEventKind, DelegationStatus, DenialReason, RevokeDelegationRequest,
};
use fuldmagt_tests::World;
use fuldmagt_tests::world::{CHANGE, SEE, SIGN, days, followed, uris};

const ALL: &str = "income-all";
const MORE: &str = "income-more";

async fn world() -> World {
    let world = World::with_catalogue().await;
    world.package_of(ALL, &[SEE, CHANGE]).await;
    world.package_of(MORE, &[SIGN]).await;
    world
}

#[tokio::test]
async fn what_is_followed_ends_with_its_delegation() {
    for by_delegator in [true, false] {
        let world = world().await;
        let (from, to) = (world.person().await, world.person().await);
        let given = world.follow(&from, &to, &[ALL, MORE]).await;
        world.a_second_passes().await;
        let wanted = if by_delegator {
            world.revoke(&from, &given).await.unwrap();
            DenialReason::Revoked
        } else {
            world.renounce(&to, &given).await.unwrap();
            DenialReason::Renounced
        };
        for privilege in [SEE, CHANGE, SIGN] {
            assert_eq!(world.check_denied(&from, &to, privilege).await, wanted);
        }
        let seen = world.see(&to, &given).await.unwrap();
        assert_eq!(seen.packages, followed(&[ALL, MORE]), "as it was when it ended");
        // It can be given anew.
        world.follow(&from, &to, &[ALL]).await;
    }
}

#[tokio::test]
async fn a_package_is_taken_out_and_the_rest_lives_on() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let request =
        CreateDelegationRequest { privileges: uris(&[SEE]), ..world.following(&from, &to, &[ALL, MORE]) };
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    world.a_second_passes().await;
    let left = world.revoke_packages(&from, &given, &[ALL]).await.unwrap();
    assert_eq!((left.status(), left.etag.as_str()), (DelegationStatus::Active, "2"));
    assert_eq!((left.privileges.clone(), left.packages.clone()), (uris(&[SEE]), followed(&[MORE])));
    assert_eq!(world.granted(&from, &to, &[SEE, CHANGE, SIGN]).await, [SEE, SIGN]);
    assert_eq!(world.check_denied(&from, &to, CHANGE).await, DenialReason::Revoked);
    let kinds: Vec<_> = world.history(&to, &given).await.iter().map(|event| event.kind()).collect();
    assert_eq!(kinds, [DelegationEventKind::Created, DelegationEventKind::PrivilegesRevoked]);
    // Again, it succeeds and changes nothing.
    assert_eq!(world.revoke_packages(&from, &given, &[ALL]).await.unwrap(), left);
    let ended = world.revoke_packages(&from, &given, &[ALL, MORE]).await.unwrap();
    assert_eq!(ended.status(), DelegationStatus::Active, "the privilege is left");
    let ended = world.revoke_part(&from, &given, &[SEE]).await.unwrap();
    assert_eq!((ended.status(), ended.etag.as_str()), (DelegationStatus::Revoked, "4"));
}

#[tokio::test]
async fn a_privilege_of_a_package_is_taken_out_and_the_others_are_kept_as_they_are_now() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.follow(&from, &to, &[ALL, MORE]).await;
    world.move_to("2026-06-20T10:00:00Z".parse().unwrap()).await;
    world.publish_version(world.publishing_version(ALL, &[SEE, CHANGE, SIGN])).await;
    world.move_to("2026-06-25T10:00:00Z".parse().unwrap()).await;
    let left = world.revoke_part(&from, &given, &[SEE]).await.unwrap();
    assert_eq!((left.privileges.clone(), left.packages.clone()), (uris(&[SIGN, CHANGE]), followed(&[MORE])));
    assert_eq!(left.status(), DelegationStatus::Active);
    assert_eq!(world.granted(&from, &to, &[SEE, CHANGE, SIGN]).await, [CHANGE, SIGN]);
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::Revoked);
    // What comes to the package later does not come to the delegation.
    world.a_second_passes().await;
    world.publish_version(world.publishing_version(ALL, &[SEE])).await;
    assert_eq!(world.granted(&from, &to, &[SEE, CHANGE, SIGN]).await, [CHANGE, SIGN]);
    let seen = world.see(&to, &given).await.unwrap();
    assert_eq!((seen.privileges, seen.packages), (left.privileges.clone(), left.packages.clone()));
    // Again, it succeeds and changes nothing.
    assert_eq!(world.revoke_part(&from, &given, &[SEE]).await.unwrap().etag, left.etag);
    // What is kept is granted from the revocation on, and not as if it had been all along.
    let kept: Vec<(String, bool)> = sqlx::query_as(
        "select p.uri, g.valid_from = '2026-06-25T10:00:00Z' from delegation_privilege g
         join privilege p using (shard, privilege_id) order by p.uri",
    )
    .fetch_all(&world.database.pool)
    .await
    .unwrap();
    assert_eq!(kept, [(SIGN.to_owned(), true), (CHANGE.to_owned(), true)]);
}

#[tokio::test]
async fn what_the_representative_has_otherwise_is_not_kept_twice() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let other = world.give(&from, &to, &[CHANGE]).await;
    let given = world.follow(&from, &to, &[ALL]).await;
    world.a_second_passes().await;
    // Nothing of it is left.
    let left = world.revoke_part(&from, &given, &[SEE]).await.unwrap();
    assert_eq!(left.status(), DelegationStatus::Revoked);
    let decision = world.check(&from, &to, CHANGE).await;
    assert_eq!((decision.granted, decision.delegation_id), (true, other.delegation_id));
}

#[tokio::test]
async fn a_package_goes_whole_also_where_one_of_its_privileges_is_named_besides() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.follow(&from, &to, &[ALL, MORE]).await;
    world.a_second_passes().await;
    let both = RevokeDelegationRequest {
        packages: vec![ALL.to_owned()],
        ..world.revoking_part(&from, &given, &[SEE])
    };
    let left = world.front_end.delegations().revoke_delegation(both).await.unwrap().into_inner().delegation;
    let left = left.unwrap();
    assert_eq!((left.privileges.len(), left.packages), (0, followed(&[MORE])));
    assert_eq!(world.granted(&from, &to, &[SEE, CHANGE, SIGN]).await, [SIGN]);
}

#[tokio::test]
async fn what_has_not_begun_is_taken_apart_too() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = CreateDelegationRequest {
        period: days("2026-06-20", "2026-06-30"),
        ..world.following(&from, &to, &[ALL])
    };
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    let left = world.revoke_part(&from, &given, &[SEE]).await.unwrap();
    assert_eq!((left.status(), left.privileges), (DelegationStatus::Scheduled, uris(&[CHANGE])));
    assert_eq!(world.granted(&from, &to, &[CHANGE]).await, [] as [&str; 0]);
    world.move_to("2026-06-20T10:00:00Z".parse().unwrap()).await;
    assert_eq!(world.granted(&from, &to, &[SEE, CHANGE]).await, [CHANGE]);
}

#[tokio::test]
async fn all_is_revoked_at_once_whatever_it_is() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    world.follow(&from, &to, &[ALL]).await;
    world.follow(&from, &to, &[MORE]).await;
    world.give(&from, &to, &[SEE]).await;
    world.a_second_passes().await;
    let ended = world.revoke_all(&from, &to).await.unwrap();
    assert_eq!(ended.delegations.len(), 3);
    assert_eq!(world.granted(&from, &to, &[SEE, CHANGE, SIGN]).await, [] as [&str; 0]);
    assert_eq!(world.count("delegation_package where ended_as = 'revoked'").await, 2);
}
