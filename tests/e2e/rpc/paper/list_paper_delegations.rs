//! `PaperService.ListPaperDelegations`.

use fuldmagt_proto::v1::{
    DelegationStatus, ListPaperDelegationsRequest, ListPaperDelegationsResponse, PaperCase,
};
use fuldmagt_tests::world::{CHANGE, Registered, SEE};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Response, Status};

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

fn listing(caseworker: &Registered, page_size: i32, page_token: &str) -> ListPaperDelegationsRequest {
    ListPaperDelegationsRequest { actor: caseworker.actor(), page_size, page_token: page_token.to_owned() }
}

async fn list(
    world: &World,
    request: ListPaperDelegationsRequest,
) -> Result<ListPaperDelegationsResponse, Status> {
    world.caseworker_system.paper().list_paper_delegations(request).await.map(Response::into_inner)
}

fn ids(cases: &[PaperCase]) -> Vec<String> {
    cases.iter().map(|case| case.delegation.clone().unwrap().delegation_id).collect()
}

#[tokio::test]
async fn the_cases_that_wait_are_listed_oldest_first_to_any_caseworker_without_names() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    world.give(&from, &to, &[CHANGE]).await;
    let started = world.start_paper(&from, &to, &[SEE]).await;
    let rejected = world.start_paper(&from, &to, &[SEE]).await;
    let registered = world.register_paper(&from, &to, &[SEE]).await;
    let approved = world.register_paper(&from, &to, &[SEE]).await;
    world.reject(world.rejecting(&caseworker, &rejected)).await.unwrap();
    world.approve(world.approving(&caseworker, &approved)).await.unwrap();
    let listed = list(&world, listing(&caseworker, 10, "")).await.unwrap();
    assert_eq!(listed.paper_cases, [started.told.clone(), registered.told.clone()]);
    let told = listed.paper_cases[1].delegation.clone().unwrap();
    assert_eq!((told.status(), told.delegator_name.as_str()), (DelegationStatus::PaperRegistered, ""));
    assert_eq!(listed.next_page_token, "");
}

#[tokio::test]
async fn pages_follow_each_other() {
    let world = World::with_paper().await;
    let caseworker = world.caseworker().await;
    let mut wanted = Vec::new();
    for _ in 0..5 {
        wanted.push(world.start_paper(&world.person().await, &world.person().await, &[SEE]).await.id());
    }
    let (mut found, mut token, mut sizes) = (Vec::new(), String::new(), Vec::new());
    loop {
        let page = list(&world, listing(&caseworker, 2, &token)).await.unwrap();
        sizes.push(page.paper_cases.len());
        found.extend(ids(&page.paper_cases));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!((found, sizes), (wanted, vec![2, 2, 1]));
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    for _ in 0..2 {
        world.start_paper(&from, &to, &[SEE]).await;
    }
    let other = world.caseworker().await;
    let foreign = list(&world, listing(&other, 1, "")).await.unwrap().next_page_token;
    assert_ne!(foreign, "");
    Refusals::of(listing(&caseworker, 10, ""))
        .actor(|request| &mut request.actor)
        .page_size(|request, number| request.page_size = number)
        .page_token(&[foreign], |request, token| request.page_token = token)
        .because(Code::NotFound, "PARTY_NOT_FOUND", |request| {
            request.actor.as_mut().unwrap().party_id = SOME_UUID.to_owned();
        })
        .because(Code::PermissionDenied, "ACTOR_IS_NOT_CASEWORKER", move |request| request.actor = to.actor())
        .sent_by(&world, async |request| list(&world, request).await)
        .await;
}

#[tokio::test]
async fn a_caseworker_whose_employment_has_ended_sees_nothing() {
    let world = World::with_paper().await;
    world.start_paper(&world.person().await, &world.person().await, &[SEE]).await;
    let caseworker = world.caseworker().await;
    world.sql(&format!("update party set standing = 'ended' where party_id = '{}'", caseworker.id)).await;
    let status = list(&world, listing(&caseworker, 10, "")).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::PermissionDenied, "ACTOR_IS_NOT_CASEWORKER"));
}
