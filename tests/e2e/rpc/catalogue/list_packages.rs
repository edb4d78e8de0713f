//! `CatalogueService.ListPackages`.

use fuldmagt_proto::v1::{
    ListPackagesRequest, PublicationState, PublishPackageVersionRequest, PutPackageRequest,
};
use fuldmagt_tests::world::{
    AUTHORITY_CVR, CHANGE, Client, FOREIGN, OTHER_AUTHORITY_CVR, SEE, instant, package, timestamp,
};
use fuldmagt_tests::{Refused, World};

use crate::rpc::refusals::Refusals;

/// Of the authority: one that may be given, one to come, a draft and a hidden one; and one of the other authority.
async fn world() -> World {
    let world = World::with_catalogue().await;
    for id in ["available", "scheduled", "draft", "hidden"] {
        world.put_package(package(id, AUTHORITY_CVR)).await.unwrap();
    }
    world.publish_version(world.publishing_version("available", &[SEE])).await;
    world.publish_version(world.publishing_version("hidden", &[SEE])).await;
    world.authority.catalogue().hide_package(world.hiding_package("hidden")).await.unwrap();
    for id in ["available", "scheduled"] {
        let july = PublishPackageVersionRequest {
            publish_time: timestamp("2026-07-01T00:00:00Z"),
            ..world.publishing_version(id, &[CHANGE])
        };
        world.publish_version(july).await;
    }
    let put = PutPackageRequest {
        request_id: world.request_id(),
        package: Some(package("foreign", OTHER_AUTHORITY_CVR)),
        ..PutPackageRequest::default()
    };
    let other = world.other_authority.catalogue();
    other.clone().put_package(put).await.unwrap();
    other.clone().publish_package_version(world.publishing_version("foreign", &[FOREIGN])).await.unwrap();
    world
}

async fn ids(client: &Client, page_size: i32, page_token: String) -> (Vec<String>, String) {
    let request = ListPackagesRequest { page_size, page_token };
    let page = client.catalogue().list_packages(request).await.unwrap().into_inner();
    (page.packages.into_iter().map(|package| package.package_id).collect(), page.next_page_token)
}

#[tokio::test]
async fn an_authority_sees_its_own_an_operator_all_a_front_end_what_may_be_given() {
    let world = world().await;
    for (client, wanted) in [
        (&world.authority, &["available", "draft", "hidden", "scheduled"][..]),
        (&world.other_authority, &["foreign"]),
        (&world.operator, &["available", "draft", "foreign", "hidden", "scheduled"]),
        (&world.front_end, &["available", "foreign"]),
    ] {
        assert!(wanted.is_sorted());
        assert_eq!(ids(client, 20, String::new()).await.0, wanted);
    }
    world.move_to(instant("2026-07-01T00:00:00Z")).await;
    assert_eq!(ids(&world.front_end, 20, String::new()).await.0, ["available", "foreign", "scheduled"]);
}

#[tokio::test]
async fn a_front_end_sees_the_current_version_and_the_next() {
    let world = world().await;
    let request = ListPackagesRequest { page_size: 1, page_token: String::new() };
    let page = world.front_end.catalogue().list_packages(request).await.unwrap().into_inner();
    let available = &page.packages[0];
    assert_eq!(
        (available.package_id.as_str(), available.state()),
        ("available", PublicationState::Published)
    );
    let (current, upcoming) = (available.current.as_ref().unwrap(), available.upcoming.as_ref().unwrap());
    assert_eq!((current.version, &current.privileges[..]), (1, &[SEE.to_owned()][..]));
    assert_eq!((upcoming.version, &upcoming.privileges[..]), (2, &[CHANGE.to_owned()][..]));
    assert_eq!(upcoming.publish_time, timestamp("2026-07-01T00:00:00Z"));
}

#[tokio::test]
async fn three_pages_of_two_show_each_package_once() {
    let world = world().await;
    let (mut found, mut sizes, mut token) = (Vec::new(), Vec::new(), String::new());
    loop {
        let (page, next) = ids(&world.operator, 2, token).await;
        sizes.push(page.len());
        found.extend(page);
        token = next;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(
        (sizes, found),
        (vec![2, 2, 1], ["available", "draft", "foreign", "hidden", "scheduled"].map(str::to_owned).to_vec())
    );
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = world().await;
    let (_, good) = ids(&world.authority, 1, String::new()).await;
    let (_, operators) = ids(&world.operator, 1, String::new()).await;
    let foreign = [operators, format!("{good}A"), good[1..].to_owned()];
    let request = ListPackagesRequest { page_size: 1, page_token: good };
    Refusals::of(request.clone())
        .page_size_up_to(20, |request, size| request.page_size = size)
        .page_token(&foreign, |request, token| request.page_token = token)
        .sent_by(&world, async |request| world.authority.catalogue().list_packages(request).await)
        .await;
    let status = world.other_authority.catalogue().list_packages(request).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("page_token", "PAGE_TOKEN_INVALID"));
}
