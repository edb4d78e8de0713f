//! `DelegationService.ListDelegations`.

use fuldmagt_proto::v1::{
    Actor, CreateDelegationRequest, Delegation, DelegationStatus, LevelOfAssurance, ListDelegationsRequest,
    ListDelegationsResponse, PartySide,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{CHANGE, Registered, SEE};
use fuldmagt_tests::{Refused, World};
use tonic::{Code, Status};

use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;

fn listing(user: &Registered, party: &Registered, side: PartySide) -> ListDelegationsRequest {
    ListDelegationsRequest {
        actor: user.actor(),
        party_id: party.id.clone(),
        side: side.into(),
        page_size: 500,
        page_token: String::new(),
    }
}

async fn list(world: &World, request: ListDelegationsRequest) -> Result<ListDelegationsResponse, Status> {
    world.front_end.delegations().list_delegations(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_party_lists_what_it_has_given_and_what_it_holds_newest_first_with_names() {
    let world = World::with_catalogue().await;
    let (me, other) = (world.person().await, world.person().await);
    let message = world.people.message().expose().to_owned();
    let request = CreateDelegationRequest { message, ..world.giving(&me, &other, &[SEE]) };
    let first = world.try_give(request).await.unwrap().delegation.unwrap();
    world.a_second_passes().await;
    let ended = world.give(&me, &other, &[CHANGE]).await;
    let ended = world.revoke(&me, &ended).await.unwrap().delegation.unwrap();
    let held = world.give(&other, &me, &[CHANGE]).await;
    let named = |delegation: &Delegation, from: &Registered, to: &Registered| Delegation {
        delegator_name: from.name.clone(),
        representative_name: to.name.clone(),
        ..delegation.clone()
    };
    // The message is for `GetDelegation` alone.
    let given = [named(&ended, &me, &other), named(&first, &me, &other)];
    let held = [named(&held, &other, &me)];
    for (user, side, wanted) in [
        (&me, PartySide::Given, &given[..]),
        (&me, PartySide::Held, &held[..]),
        (&other, PartySide::Held, &given[..]),
        (&other, PartySide::Given, &held[..]),
    ] {
        let page = list(&world, listing(user, user, side)).await.unwrap();
        assert_eq!((page.delegations.as_slice(), page.next_page_token.as_str()), (wanted, ""));
    }
    assert_eq!(given[0].status(), DelegationStatus::Revoked);
}

#[tokio::test]
async fn three_pages_of_two_show_each_delegation_once() {
    let world = World::with_catalogue().await;
    let organisation = world.organisation().await;
    let clerk = world.employee_of(&organisation).await;
    let mut wanted = Vec::new();
    for _ in 0..5 {
        let from = world.person().await;
        wanted.insert(0, world.give(&from, &organisation, &[SEE]).await.delegation_id);
    }
    let (mut found, mut sizes, mut page_token) = (Vec::new(), Vec::new(), String::new());
    loop {
        let request = ListDelegationsRequest {
            page_size: 2,
            page_token,
            ..listing(&clerk, &organisation, PartySide::Held)
        };
        let page = list(&world, request).await.unwrap();
        sizes.push(page.delegations.len());
        found.extend(page.delegations.into_iter().map(|delegation| delegation.delegation_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
        // What is given meanwhile is newer than all of the list.
        let from = world.person().await;
        world.give(&from, &organisation, &[SEE]).await;
    }
    assert_eq!((sizes, found), (vec![2, 2, 1], wanted));
}

#[tokio::test]
async fn nobody_elses_delegations_are_listed_and_an_unknown_party_looks_alike() {
    let world = World::with_catalogue().await;
    let (from, to, organisation) = (world.person().await, world.person().await, world.organisation().await);
    let clerk = world.employee_of(&organisation).await;
    world.give(&from, &to, &[SEE]).await;
    let nobody = Registered { id: SOME_UUID.to_owned(), ..to.clone() };
    let missing = list(&world, listing(&from, &nobody, PartySide::Given)).await.unwrap_err();
    assert_eq!(Refused::of(&missing), Refused::because(Code::NotFound, "PARTY_NOT_FOUND"));
    // Neither a person for another, nor the organisation for its employee.
    for (user, party) in [(&to, &from), (&organisation, &clerk), (&nobody, &from), (&nobody, &nobody)] {
        let refused = list(&world, listing(user, party, PartySide::Given)).await.unwrap_err();
        assert_alike(&missing, &refused);
    }
    let own = list(&world, listing(&clerk, &organisation, PartySide::Given)).await.unwrap();
    assert!(own.delegations.is_empty());
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let organisation = world.organisation().await;
    let (clerk, colleague) = (world.employee_of(&organisation).await, world.employee_of(&organisation).await);
    for _ in 0..3 {
        let from = world.person().await;
        world.give(&from, &organisation, &[SEE]).await;
    }
    let held = ListDelegationsRequest { page_size: 1, ..listing(&clerk, &organisation, PartySide::Held) };
    let good = list(&world, held.clone()).await.unwrap().next_page_token;
    let colleagues = ListDelegationsRequest { actor: colleague.actor(), ..held.clone() };
    let foreign =
        [list(&world, colleagues).await.unwrap().next_page_token, format!("{good}A"), good[2..].to_owned()];
    let request = ListDelegationsRequest { page_token: good.clone(), ..held.clone() };
    let own = clerk.id.clone();
    Refusals::of(request.clone())
        .actor(|request| &mut request.actor)
        .uuid("party_id", |request, text| request.party_id = text)
        .number("side", 4, true, |request, number| request.side = number)
        .page_size(|request, size| request.page_size = size)
        .page_token(&foreign, |request, token| request.page_token = token)
        .field("page_token", "PAGE_TOKEN_INVALID", |request| request.side = PartySide::Given.into())
        .field("page_token", "PAGE_TOKEN_INVALID", move |request| request.party_id = own.clone())
        .because(Code::NotFound, "PARTY_NOT_FOUND", |request| {
            (request.party_id, request.page_token) = (SOME_UUID.to_owned(), String::new());
        })
        .because(Code::NotFound, "PARTY_NOT_FOUND", |request| {
            request.page_token.clear();
            request.actor = Some(Actor {
                party_id: SOME_UUID.to_owned(),
                level_of_assurance: LevelOfAssurance::High.into(),
            });
        })
        .sent_by(&world, async |request| list(&world, request).await)
        .await;
    let status = world.other_front_end.delegations().list_delegations(request).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("page_token", "PAGE_TOKEN_INVALID"));
}
