//! Packages in requests and acceptances.

use fuldmagt_proto::v1::{
    AcceptDelegationRequest, DelegatedPackage, DelegationStatus, Privilege, RequestDelegationRequest,
};
use fuldmagt_tests::world::{
    CHANGE, DRAFT, Registered, SEE, SIGN, SYSTEM, Signable as _, followed, pinned, privilege, uris,
};
use fuldmagt_tests::{Refused, World};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::rpc::refusals::Refusals;

const ALL: &str = "income-all";
const MORE: &str = "income-more";

async fn world() -> World {
    let world = World::with_catalogue().await;
    world.package_of(ALL, &[SEE, CHANGE]).await;
    world.package_of(MORE, &[SIGN]).await;
    world
}

fn asking(world: &World, to: &Registered, from: &Registered, packages: &[&str]) -> RequestDelegationRequest {
    RequestDelegationRequest { packages: followed(packages), ..world.requesting(to, from, &[]) }
}

#[tokio::test]
async fn what_is_asked_for_is_followed_when_it_is_accepted() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = world.try_request(asking(&world, &to, &from, &[MORE, ALL])).await.unwrap();
    assert_eq!((request.packages.clone(), request.privileges.len()), (followed(&[ALL, MORE]), 0));
    assert_eq!(world.see(&from, &request).await.unwrap().packages, followed(&[ALL, MORE]));
    assert_eq!(world.granted(&from, &to, &[SEE, SIGN]).await, [] as [&str; 0]);
    world.a_second_passes().await;
    let accepted = world.accept(&from, &request).await;
    assert_eq!((accepted.status(), accepted.packages), (DelegationStatus::Active, followed(&[ALL, MORE])));
    assert_eq!(world.granted(&from, &to, &[SEE, CHANGE, SIGN]).await, [SEE, CHANGE, SIGN]);
}

#[tokio::test]
async fn a_pinned_package_asks_for_its_privileges() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let asking = RequestDelegationRequest {
        packages: vec![pinned(ALL, 1), pinned(MORE, 0)],
        ..world.requesting(&to, &from, &[])
    };
    let request = world.try_request(asking).await.unwrap();
    assert_eq!(
        (request.privileges.clone(), request.packages.clone()),
        (uris(&[SEE, CHANGE]), followed(&[MORE]))
    );
    let part = AcceptDelegationRequest { privileges: uris(&[SEE]), ..world.accepting(&from, &request) };
    let accepted = world.try_accept(part).await.unwrap();
    // Named alone, the privilege is all that is accepted.
    assert_eq!((accepted.privileges.clone(), accepted.packages.len()), (uris(&[SEE]), 0));
    assert_eq!(world.see(&to, &request).await.unwrap().packages.len(), 0);
    assert_eq!(world.granted(&from, &to, &[SEE, CHANGE, SIGN]).await, [SEE]);
}

#[tokio::test]
async fn an_acceptance_may_drop_a_package_or_take_what_it_holds_now() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = world.try_request(asking(&world, &to, &from, &[ALL, MORE])).await.unwrap();
    let narrower =
        AcceptDelegationRequest { packages: vec![pinned(ALL, 1)], ..world.accepting(&from, &request) };
    let preview = world.preview(narrower.actor.clone(), narrower.agreement()).await.unwrap();
    let text = preview.agreement.unwrap().text_da;
    assert!(text.contains("   Pakke: income-all\n   Version: 1\n") && !text.contains(MORE), "{text}");
    let accepted = world.try_accept(narrower).await.unwrap();
    assert_eq!((accepted.privileges.clone(), accepted.packages.len()), (uris(&[SEE, CHANGE]), 0));
    world.a_second_passes().await;
    world.publish_version(world.publishing_version(ALL, &[SIGN])).await;
    assert_eq!(world.granted(&from, &to, &[SEE, CHANGE, SIGN]).await, [SEE, CHANGE]);

    let request = world.try_request(asking(&world, &to, &from, &[ALL, MORE])).await.unwrap();
    let one = AcceptDelegationRequest { packages: followed(&[MORE]), ..world.accepting(&from, &request) };
    let accepted = world.try_accept(one).await.unwrap();
    assert_eq!((accepted.packages.clone(), accepted.privileges.len()), (followed(&[MORE]), 0));
    assert_eq!(world.see(&to, &request).await.unwrap().packages, followed(&[MORE]));
}

#[tokio::test]
async fn each_field_of_a_request_has_its_refusal() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let unasked = "urn:dk:example:ikke-paa-anmodning";
    let put = Privilege { requests_forbidden: true, ..privilege(unasked, SYSTEM) };
    world.put_privilege(put).await.unwrap();
    world.publish(unasked).await;
    world.package_of("unasked", &[unasked]).await;
    world.package_of("draft", &[DRAFT]).await;
    let add = |one: DelegatedPackage| {
        move |request: &mut RequestDelegationRequest| request.packages.push(one.clone())
    };
    let many: Vec<_> = (0..21).map(|number| pinned(&format!("p{number}"), 0)).collect();
    let refused = |reason| Refused::because(Code::FailedPrecondition, reason);
    Refusals::of(asking(&world, &to, &from, &[ALL]))
        .field("packages[1].package_id", "REQUIRED", add(pinned("", 0)))
        .field("packages[1].package_id", "PACKAGE_ID_MALFORMED", add(pinned("A", 0)))
        .field("packages[1].package_id", "PACKAGE_DUPLICATE", add(pinned(ALL, 1)))
        .field("packages[1].version", "PACKAGE_VERSION_NEGATIVE", add(pinned(MORE, -1)))
        .field("packages", "PACKAGES_COUNT", move |request| request.packages = many.clone())
        .field("privileges", "PRIVILEGES_COUNT", |request| request.packages.clear())
        .refused(
            Refused::because(Code::NotFound, "PACKAGE_NOT_FOUND").naming("packages[1]"),
            add(pinned("unknown", 0)),
        )
        .refused(refused("PACKAGE_VERSION_NOT_CURRENT").naming("packages[1].version"), add(pinned(MORE, 2)))
        .refused(refused("REQUEST_NOT_ALLOWED"), add(pinned("unasked", 0)))
        .refused(refused("REQUEST_NOT_ALLOWED"), add(pinned("unasked", 1)))
        .refused(refused("PRIVILEGE_NOT_PUBLISHED"), add(pinned("draft", 0)))
        .sent_by(&world, async |request| world.try_request(request).await)
        .await;
}

#[tokio::test]
async fn each_field_of_an_acceptance_has_its_refusal() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let request = world.try_request(asking(&world, &to, &from, &[ALL])).await.unwrap();
    let add =
        |one: DelegatedPackage| move |accept: &mut AcceptDelegationRequest| accept.packages.push(one.clone());
    let many: Vec<_> = (0..21).map(|number| pinned(&format!("p{number}"), 0)).collect();
    let good = AcceptDelegationRequest { packages: followed(&[ALL]), ..world.accepting(&from, &request) };
    let good = world.signed(good).await;
    Refusals::of(good)
        .field("packages[1].package_id", "REQUIRED", add(pinned("", 0)))
        .field("packages[1].package_id", "PACKAGE_ID_MALFORMED", add(pinned("A", 0)))
        .field("packages[1].package_id", "PACKAGE_DUPLICATE", add(pinned(ALL, 1)))
        .field("packages[1].version", "PACKAGE_VERSION_NEGATIVE", add(pinned(MORE, -1)))
        .field("packages", "PACKAGES_COUNT", move |accept| accept.packages = many.clone())
        .field("packages", "ACCEPTANCE_WIDER", add(pinned(MORE, 0)))
        .field("packages", "ACCEPTANCE_WIDER", add(pinned("unknown", 0)))
        .refused(
            Refused::because(Code::FailedPrecondition, "PACKAGE_VERSION_NOT_CURRENT")
                .naming("packages[0].version"),
            |accept| accept.packages = vec![pinned(ALL, 7)],
        )
        .sent_by(&world, async |accept| world.try_accept(accept).await)
        .await;
}

#[tokio::test]
async fn a_package_that_was_hidden_meanwhile_is_accepted_no_more_and_the_rest_is() {
    let world = world().await;
    let (from, to) = (world.person().await, world.person().await);
    let asking = RequestDelegationRequest { privileges: uris(&[SIGN]), ..asking(&world, &to, &from, &[ALL]) };
    let request = world.try_request(asking).await.unwrap();
    world.a_second_passes().await;
    world.authority.catalogue().hide_package(world.hiding_package(ALL)).await.unwrap();
    let status = world.try_accept(world.accepting(&from, &request)).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::NotFound, "PACKAGE_NOT_FOUND"));
    assert!(status.get_details_error_info().unwrap().metadata.is_empty());
    let rest = AcceptDelegationRequest { privileges: uris(&[SIGN]), ..world.accepting(&from, &request) };
    assert_eq!(world.try_accept(rest).await.unwrap().privileges, uris(&[SIGN]));
}
