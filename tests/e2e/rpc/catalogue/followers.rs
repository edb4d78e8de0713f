//! What a package that delegations follow may take up: nothing that their delegators may not have given.

use fuldmagt_proto::v1::{
    CreateDelegationRequest, ExistingGrants, HidePrivilegeRequest, LevelOfAssurance,
    ListRepresentativesRequest, Package, PartyKind, Privilege, PublishPackageVersionRequest,
    PublishPackageVersionResponse, PublishPrivilegeRequest,
};
use fuldmagt_tests::world::{
    AUTHORITY_CVR, CHANGE, DRAFT, HIDDEN, PURPOSE, Registered, SEE, SIGN, SYSTEM, kinds, package, privilege,
    timestamp, until_day,
};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Response, Status};

const ALL: &str = "income-all";

async fn world() -> World {
    let world = World::with_catalogue().await;
    world.package_of(ALL, &[SEE]).await;
    world
}

async fn publish(
    world: &World,
    request: PublishPackageVersionRequest,
) -> Result<PublishPackageVersionResponse, Status> {
    world.authority.catalogue().publish_package_version(request).await.map(Response::into_inner)
}

fn not_for_followers(place: usize) -> Refused {
    Refused::because(Code::FailedPrecondition, "PRIVILEGE_NOT_FOR_FOLLOWERS")
        .naming(&format!("privileges[{place}]"))
}

/// What is asked about is refused as what is done.
async fn assert_refused(world: &World, request: PublishPackageVersionRequest, refused: Refused) {
    let before = world.snapshot().await;
    for validate_only in [true, false] {
        let request = PublishPackageVersionRequest { validate_only, ..request.clone() };
        assert_eq!(Refused::of(&publish(world, request).await.unwrap_err()), refused, "{validate_only}");
    }
    assert_eq!(world.snapshot().await, before);
}

/// A privilege with another rule, published.
async fn with_rule(world: &World, uri: &str, change: impl FnOnce(&mut Privilege)) {
    let mut put = privilege(uri, SYSTEM);
    change(&mut put);
    world.put_privilege(put).await.unwrap();
    world.publish(uri).await;
}

#[tokio::test]
async fn a_package_takes_up_only_what_all_who_follow_it_may_have_given() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    type Change = fn(&mut Privilege);
    let rules: [(&str, Change); 7] = [
        ("urn:dk:example:regel:giver", |p| p.delegator_kinds = kinds(&[PartyKind::Organisation])),
        ("urn:dk:example:regel:haver", |p| p.representative_kinds = kinds(&[PartyKind::Employee])),
        ("urn:dk:example:regel:kort", |p| p.max_period_days = 29),
        ("urn:dk:example:regel:ung", |p| p.max_delegator_age_years = 99),
        ("urn:dk:example:regel:voksen", |p| p.min_delegator_age_years = 16),
        ("urn:dk:example:regel:sikker", |p| p.level_of_assurance = LevelOfAssurance::High.into()),
        // As much as was demanded of who follows.
        ("urn:dk:example:regel:passer", |p| {
            p.delegator_kinds = kinds(&[PartyKind::Person]);
            p.representative_kinds = kinds(&[PartyKind::Person]);
            p.max_period_days = 30;
            p.min_delegator_age_years = 15;
        }),
    ];
    for (uri, change) in rules {
        with_rule(&world, uri, change).await;
    }
    let given = world.follow(&from, &to, &[ALL]).await;
    world.a_second_passes().await;
    let (fits, others) = rules.split_last().unwrap();
    for (uri, _) in others {
        assert_refused(&world, world.publishing_version(ALL, &[SEE, uri]), not_for_followers(1)).await;
    }
    for uri in [DRAFT, HIDDEN] {
        assert_refused(&world, world.publishing_version(ALL, &[uri, SEE]), not_for_followers(0)).await;
    }
    publish(&world, world.publishing_version(ALL, &[SEE, CHANGE, fits.0])).await.unwrap();
    assert_eq!(world.granted(&from, &to, &[SEE, CHANGE, fits.0]).await.len(), 3);
    // Nobody follows any more: anything may come.
    world.a_second_passes().await;
    world.revoke(&from, &given).await.unwrap();
    for (uri, _) in others {
        publish(&world, world.publishing_version(ALL, &[SEE, uri])).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_held_already_is_not_asked_again_and_what_went_is() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    world.follow(&from, &to, &[ALL]).await;
    world.a_second_passes().await;
    // Whoever follows had it given to them as it was.
    world
        .put_privilege(Privilege {
            representative_kinds: kinds(&[PartyKind::Employee]),
            ..privilege(SEE, SYSTEM)
        })
        .await
        .unwrap();
    publish(&world, world.publishing_version(ALL, &[SEE, CHANGE])).await.unwrap();
    assert_eq!(world.granted(&from, &to, &[SEE, CHANGE]).await, [SEE, CHANGE]);
    world.a_second_passes().await;
    publish(&world, world.publishing_version(ALL, &[CHANGE])).await.unwrap();
    world.a_second_passes().await;
    assert_refused(&world, world.publishing_version(ALL, &[CHANGE, SEE]), not_for_followers(1)).await;
}

#[tokio::test]
async fn a_version_to_come_is_for_those_who_follow_then() {
    let world = world().await;
    let (from, to) = (world.person().await, world.organisation().await);
    let short =
        CreateDelegationRequest { period: until_day("2026-06-30"), ..world.following(&from, &to, &[ALL]) };
    world.try_give(short).await.unwrap();
    let at = |time| PublishPackageVersionRequest {
        publish_time: timestamp(time),
        ..world.publishing_version(ALL, &[SEE, SIGN])
    };
    // The last instant of June in Denmark.
    assert_refused(&world, at("2026-06-30T21:59:59Z"), not_for_followers(1)).await;
    publish(&world, at("2026-06-30T22:00:00Z")).await.unwrap();
    // What is to be published by then may come then.
    let later = PublishPrivilegeRequest {
        publish_time: timestamp("2026-06-29T00:00:00Z"),
        ..world.publishing(DRAFT)
    };
    world.authority.catalogue().publish_privilege(later).await.unwrap();
    let with_draft = |time| PublishPackageVersionRequest {
        publish_time: timestamp(time),
        ..world.publishing_version(ALL, &[SEE, DRAFT])
    };
    assert_refused(&world, with_draft("2026-06-28T23:59:59Z"), not_for_followers(1)).await;
    publish(&world, with_draft("2026-06-29T00:00:00Z")).await.unwrap();
}

#[tokio::test]
async fn ages_are_asked_of_persons_by_what_was_demanded_of_them() {
    let world = World::with_catalogue().await;
    let grown = Package { min_delegator_age_years: 18, ..package("grown", AUTHORITY_CVR) };
    world.put_package(grown).await.unwrap();
    world.publish_version(world.publishing_version("grown", &[SEE])).await;
    let (from, to, organisation) = (world.person().await, world.person().await, world.organisation().await);
    let clerk = world.employee_of(&organisation).await;
    world.follow(&from, &to, &["grown"]).await;
    let of_organisation =
        CreateDelegationRequest { actor: clerk.actor(), ..world.following(&organisation, &to, &["grown"]) };
    world.try_give(of_organisation).await.unwrap();
    with_rule(&world, "urn:dk:example:regel:18", |p| p.min_delegator_age_years = 18).await;
    with_rule(&world, "urn:dk:example:regel:19", |p| p.min_delegator_age_years = 19).await;
    world.a_second_passes().await;
    let version = |uri| world.publishing_version("grown", &[SEE, uri]);
    assert_refused(&world, version("urn:dk:example:regel:19"), not_for_followers(1)).await;
    let answer = publish(&world, version("urn:dk:example:regel:18")).await.unwrap();
    assert_eq!(answer.impact.unwrap().delegations_following, 2);
}

#[tokio::test]
async fn who_follows_is_counted_with_those_that_name_a_privilege_each_once() {
    let world = world().await;
    world.package_of("more", &[SEE, CHANGE]).await;
    let (from, to, other) = (world.person().await, world.person().await, world.organisation().await);
    // Both packages hold it, and the delegation names it besides.
    let all = CreateDelegationRequest {
        privileges: vec![SEE.to_owned()],
        ..world.following(&from, &to, &[ALL, "more"])
    };
    world.try_give(all).await.unwrap();
    let year = CreateDelegationRequest {
        period: until_day("2027-06-01"),
        ..world.following(&from, &other, &["more"])
    };
    world.try_give(year).await.unwrap();
    let gone = world.follow(&to, &from, &["more"]).await;
    world.revoke(&to, &gone).await.unwrap();
    let put = fuldmagt_proto::v1::PutPrivilegeRequest {
        request_id: world.request_id(),
        privilege: Some(Privilege {
            max_period_days: 60,
            representative_kinds: kinds(&[PartyKind::Person]),
            max_delegator_age_years: 90,
            ..privilege(SEE, SYSTEM)
        }),
        validate_only: true,
        ..fuldmagt_proto::v1::PutPrivilegeRequest::default()
    };
    let impact = world.authority.catalogue().put_privilege(put).await.unwrap().into_inner().impact.unwrap();
    assert_eq!((impact.delegations_in_force, impact.packages), (2, 2));
    assert_eq!((impact.delegations_beyond_period, impact.delegations_outside_kinds), (1, 1));
    assert_eq!(impact.delegations_age_not_known, 2);
    let request = fuldmagt_proto::v1::PutPackageRequest {
        request_id: world.request_id(),
        package: Some(package("more", AUTHORITY_CVR)),
        validate_only: true,
        ..fuldmagt_proto::v1::PutPackageRequest::default()
    };
    let impact = world.authority.catalogue().put_package(request).await.unwrap().into_inner().impact.unwrap();
    assert_eq!(impact.delegations_following, 2);
    let hiding = fuldmagt_proto::v1::HidePackageRequest { validate_only: true, ..world.hiding_package(ALL) };
    let impact = world.authority.catalogue().hide_package(hiding).await.unwrap().into_inner().impact.unwrap();
    assert_eq!(impact.delegations_following, 1);
}

/// Whichever comes first: either nobody follows who may not have what comes, or it does not come.
#[tokio::test(flavor = "multi_thread")]
async fn who_follows_and_a_version_that_is_not_for_them_never_both_come() {
    let world = world().await;
    let (from, to) = (world.person().await, world.organisation().await);
    for round in 0..12 {
        let id = format!("race-{round}");
        world.package_of(&id, &[SEE]).await;
        let give = world.signed(world.following(&from, &to, &[&id])).await;
        let version = world.publishing_version(&id, &[SEE, SIGN]);
        let (given, published) = tokio::join!(world.try_give(give), publish(&world, version));
        assert!(given.is_ok() != published.is_ok(), "{given:?} {published:?}");
        if let Err(status) = published {
            assert_eq!(Refused::of(&status).reason, "PRIVILEGE_NOT_FOR_FOLLOWERS");
        }
        assert_eq!(world.granted(&from, &to, &[SIGN]).await, [] as [&str; 0]);
    }
}

/// What comes after a delegation has ended is demanded of nobody who gave it, and so nobody is known to fulfil it.
#[tokio::test]
async fn what_was_announced_for_later_than_the_delegation_is_not_taken_for_fulfilled() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let uri = "urn:dk:example:regel:sikker";
    with_rule(&world, uri, |p| p.level_of_assurance = LevelOfAssurance::High.into()).await;
    let later = PublishPackageVersionRequest {
        publish_time: timestamp("2026-07-10T10:00:00Z"),
        ..world.publishing_version(ALL, &[SEE, uri])
    };
    publish(&world, later).await.unwrap();
    let short =
        CreateDelegationRequest { period: until_day("2026-06-30"), ..world.following(&from, &to, &[ALL]) };
    world.try_give(short).await.unwrap();
    world.a_second_passes().await;
    assert_refused(&world, world.publishing_version(ALL, &[SEE, uri]), not_for_followers(1)).await;
}

#[tokio::test]
async fn what_is_hidden_before_it_comes_to_a_package_does_not_come_though_grants_are_kept() {
    let world = world().await;
    let (from, to, other) = (world.person().await, world.person().await, world.person().await);
    let later = PublishPackageVersionRequest {
        publish_time: timestamp("2026-06-20T10:00:00Z"),
        ..world.publishing_version(ALL, &[SEE, CHANGE])
    };
    publish(&world, later).await.unwrap();
    world.follow(&from, &to, &[ALL]).await;
    world.give(&from, &other, &[CHANGE]).await;
    world.a_second_passes().await;
    let hide = HidePrivilegeRequest {
        existing_grants: ExistingGrants::Keep.into(),
        hide_time: timestamp("2026-06-20T10:00:00Z"),
        ..world.hiding(CHANGE)
    };
    world.authority.catalogue().hide_privilege(hide).await.unwrap();
    world.move_to("2026-06-20T10:00:00Z".parse().unwrap()).await;
    assert_eq!(world.granted(&from, &to, &[SEE, CHANGE]).await, [SEE]);
    assert_eq!(world.granted(&from, &other, &[CHANGE]).await, [CHANGE], "it was given before");
    let listed = async || listed(&world, &from).await;
    assert_eq!(listed().await, [SEE, CHANGE]);
    // Published again, it is in the package as everything else.
    world.a_second_passes().await;
    world.publish(CHANGE).await;
    assert_eq!(world.granted(&from, &to, &[SEE, CHANGE]).await, [SEE, CHANGE]);
    assert_eq!(listed().await, [SEE, CHANGE, CHANGE]);
}

#[tokio::test]
async fn what_is_hidden_before_it_is_published_was_given_to_nobody_and_comes_to_nobody() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let soon = PublishPrivilegeRequest {
        publish_time: timestamp("2026-06-20T10:00:00Z"),
        ..world.publishing(DRAFT)
    };
    world.authority.catalogue().publish_privilege(soon).await.unwrap();
    let later = PublishPackageVersionRequest {
        publish_time: timestamp("2026-06-25T10:00:00Z"),
        ..world.publishing_version(ALL, &[SEE, DRAFT])
    };
    publish(&world, later).await.unwrap();
    world.follow(&from, &to, &[ALL]).await;
    let hide = HidePrivilegeRequest { existing_grants: ExistingGrants::Keep.into(), ..world.hiding(DRAFT) };
    world.authority.catalogue().hide_privilege(hide).await.unwrap();
    world.move_to("2026-06-25T10:00:00Z".parse().unwrap()).await;
    assert_eq!(world.granted(&from, &to, &[SEE, DRAFT]).await, [SEE]);
}

/// What the authority is told that the person's representatives may do, all together.
async fn listed(world: &World, from: &Registered) -> Vec<String> {
    let request = ListRepresentativesRequest {
        delegator: from.identifier(),
        purpose: PURPOSE.to_owned(),
        page_size: 500,
        ..ListRepresentativesRequest::default()
    };
    let page = world.authority.query().list_representatives(request).await.unwrap().into_inner();
    let mut told: Vec<_> = page.entries.into_iter().map(|entry| entry.privilege).collect();
    told.sort();
    told
}
