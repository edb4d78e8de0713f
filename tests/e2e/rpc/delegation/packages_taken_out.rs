//! Packages that are followed no longer: with their delegation, alone, or because of one privilege.

use fuldmagt_proto::v1::{
    CreateDelegationRequest, DelegationEventKind, DelegationStatus, DenialReason, ListRepresentativesRequest,
    Privilege, PublishPackageVersionRequest, RevokeDelegationRequest,
};
use fuldmagt_store::revision::Revision;
use fuldmagt_tests::world::{
    CHANGE, HeadStart, PURPOSE, SEE, SIGN, SYSTEM, Signable as _, days, followed, privilege, rounds,
    timestamp, uris,
};
use fuldmagt_tests::{Refused, World};

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

#[tokio::test]
async fn what_is_kept_of_a_package_is_not_given_on_as_it_was_not_before() {
    let world = world().await;
    let uri = "urn:dk:example:videre";
    world.put_privilege(Privilege { max_sub_delegation_depth: 2, ..privilege(uri, SYSTEM) }).await.unwrap();
    world.publish(uri).await;
    world.package_of("on", &[SEE, uri]).await;
    let (from, to, third) = (world.person().await, world.person().await, world.person().await);
    let given = world.follow(&from, &to, &["on"]).await;
    let refused = async || {
        let giving_on = world.giving_on(&to, &given, &third, &[uri]);
        Refused::of(&world.preview(giving_on.actor.clone(), giving_on.agreement()).await.unwrap_err())
    };
    let not_delegated = Refused::field("privileges[0]", "PRIVILEGE_NOT_DELEGATED");
    assert_eq!(refused().await, not_delegated);
    world.a_second_passes().await;
    let left = world.revoke_part(&from, &given, &[SEE]).await.unwrap();
    assert_eq!(left.privileges, uris(&[uri]));
    assert_eq!(refused().await, not_delegated);
}

#[tokio::test]
async fn a_package_that_is_announced_to_hold_a_privilege_is_left_with_it() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.follow(&from, &to, &[ALL, MORE]).await;
    let later = PublishPackageVersionRequest {
        publish_time: timestamp("2026-06-20T10:00:00Z"),
        ..world.publishing_version(MORE, &[SIGN, SEE])
    };
    world.publish_version(later).await;
    world.a_second_passes().await;
    let left = world.revoke_part(&from, &given, &[SEE]).await.unwrap();
    assert_eq!((left.privileges, left.packages), (uris(&[SIGN, CHANGE]), Vec::new()));
    world.move_to("2026-06-20T10:00:00Z".parse().unwrap()).await;
    assert_eq!(world.granted(&from, &to, &[SEE, CHANGE, SIGN]).await, [CHANGE, SIGN]);
}

#[tokio::test]
async fn a_list_that_was_begun_before_a_package_was_taken_apart_goes_on() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[SIGN]).await;
    let given = world.follow(&from, &to, &[ALL]).await;
    let first = ListRepresentativesRequest {
        delegator: from.identifier(),
        purpose: PURPOSE.to_owned(),
        page_size: 1,
        ..ListRepresentativesRequest::default()
    };
    let list = async |request| {
        world.authority.query().list_representatives(request).await.map(tonic::Response::into_inner)
    };
    let page = list(first.clone()).await.unwrap();
    world.a_second_passes().await;
    world.revoke_part(&from, &given, &[SEE]).await.unwrap();
    // As of the first page what is kept was not granted yet; and the package is followed no longer.
    let rest = ListRepresentativesRequest { page_token: page.next_page_token, ..first.clone() };
    assert_eq!(list(rest).await.unwrap().entries, []);
    world.a_second_passes().await;
    let anew = list(ListRepresentativesRequest { page_size: 9, ..first }).await.unwrap().entries;
    let privileges: Vec<_> = anew.into_iter().map(|entry| entry.privilege).collect();
    assert_eq!(privileges, uris(&[SIGN, CHANGE]));
}

fn number(token: &str) -> i64 {
    Revision::parse(token).unwrap().number
}

/// A revocation that comes after a version knows what it holds: whoever revoked a privilege last does not have it.
#[tokio::test(flavor = "multi_thread")]
async fn a_privilege_that_comes_to_a_package_at_the_same_time_is_revoked_or_comes_after() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let mut start = HeadStart::default();
    let mut outcomes = [0; 2];
    for round in 0..rounds(24) {
        let id = format!("race-{round}");
        world.package_of(&id, &[SEE]).await;
        // Of its own it has the privilege in every other round: in the others there is nothing to revoke yet, which is
        // refused unless the version has come.
        let own = if round % 2 == 0 { vec![CHANGE] } else { Vec::new() };
        let request =
            CreateDelegationRequest { privileges: uris(&own), ..world.following(&from, &to, &[&id]) };
        let given = world.try_give(request).await.unwrap().delegation.unwrap();
        world.a_second_passes().await;
        let version = world.publishing_version(&id, &[SEE, CHANGE]);
        let revoke = world.front_end.delegations();
        let revoking = world.revoking_part(&from, &given, &[CHANGE]);
        let (published, revoked) = start
            .race(async { world.authority.catalogue().publish_package_version(version).await }, async {
                revoke.clone().revoke_delegation(revoking).await
            })
            .await;
        let published = number(&published.unwrap().into_inner().revision);
        let is_revoked_last = match revoked {
            Ok(revoked) => published < number(&revoked.into_inner().revision),
            Err(status) => {
                assert_eq!((own.len(), Refused::of(&status).reason.as_str()), (0, "PRIVILEGE_NOT_DELEGATED"));
                false
            }
        };
        start.won(is_revoked_last);
        outcomes[usize::from(is_revoked_last)] += 1;
        world.a_second_passes().await;
        assert_eq!(world.check(&from, &to, CHANGE).await.granted, !is_revoked_last, "round {round}");
        world.revoke_all(&from, &to).await.unwrap();
    }
    assert!(outcomes.iter().all(|times| *times > 0), "{outcomes:?}");
}
