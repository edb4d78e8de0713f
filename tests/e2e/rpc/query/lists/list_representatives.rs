//! `QueryService.ListRepresentatives`.

use fuldmagt_proto::v1::ListRepresentativesRequest;
use fuldmagt_tests::world::{CHANGE, FOREIGN, HIDDEN, PURPOSE, Registered, SEE, SIGN, UNKNOWN, uris};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use super::{PAGE_SIZE, Page, Scene, scene, told, turn_pages};
use crate::rpc::refusals::Refusals;

fn listing(subject: &Registered) -> ListRepresentativesRequest {
    ListRepresentativesRequest {
        delegator: subject.identifier(),
        privileges: Vec::new(),
        purpose: PURPOSE.to_owned(),
        page_size: 500,
        page_token: String::new(),
    }
}

async fn page(world: &World, request: ListRepresentativesRequest) -> Page {
    let page = world.authority.query().list_representatives(request).await.unwrap().into_inner();
    let (entries, next_page_token) = (page.entries, page.next_page_token);
    Page { entries, next_page_token, evaluate_time: page.evaluate_time }
}

#[tokio::test]
async fn a_list_equals_checks() {
    let world = World::with_catalogue().await;
    let scene = scene(&world, true).await;
    let listed = page(&world, listing(&scene.subject)).await;
    assert_eq!(told(&listed.entries), scene.wanted());
    assert_eq!(listed.next_page_token, "");
    for (other, privilege) in &scene.in_force {
        let decision = world.check(&scene.subject, other, privilege).await;
        let entry = listed
            .entries
            .iter()
            .find(|entry| entry.party == other.identifier() && entry.privilege == *privilege)
            .unwrap();
        assert!(decision.granted);
        assert_eq!((&entry.delegation_id, entry.valid_to), (&decision.delegation_id, decision.valid_to));
    }
}

#[tokio::test]
async fn a_list_may_be_narrowed_to_some_privileges() {
    let world = World::with_catalogue().await;
    let scene = scene(&world, true).await;
    for wanted in [vec![SEE], vec![SIGN, CHANGE], vec![HIDDEN]] {
        let request = ListRepresentativesRequest { privileges: uris(&wanted), ..listing(&scene.subject) };
        let listed = page(&world, request).await;
        let mut expected = scene.wanted();
        expected.retain(|(_, privilege)| wanted.contains(privilege));
        assert_eq!(told(&listed.entries), expected);
    }
}

#[tokio::test]
async fn three_pages_of_two_show_each_entry_once() {
    let world = World::with_catalogue().await;
    let scene = scene(&world, true).await;
    let late = world.person().await;
    let page = async |page_token| {
        page(
            &world,
            ListRepresentativesRequest { page_size: PAGE_SIZE, page_token, ..listing(&scene.subject) },
        )
        .await
    };
    let meanwhile = async || {
        let other = &late;
        world.give(&scene.subject, other, &[SEE]).await;
    };
    turn_pages(&world, &scene, page, meanwhile).await;
}

#[tokio::test]
async fn a_hidden_privilege_is_in_no_list_until_it_is_published_again() {
    let world = World::with_catalogue().await;
    let scene = scene(&world, true).await;
    world.hide(SEE).await;
    let listed = page(&world, listing(&scene.subject)).await;
    assert!(listed.entries.iter().all(|entry| entry.privilege != SEE) && listed.entries.len() == 2);
    world.publish(SEE).await;
    assert_eq!(told(&page(&world, listing(&scene.subject)).await.entries), scene.wanted());
}

#[tokio::test]
async fn nobody_is_listed_for_somebody_unknown_or_with_nothing_or_for_another_authority() {
    let world = World::with_catalogue().await;
    let Scene { subject, .. } = scene(&world, true).await;
    let other = world.person().await;
    assert!(page(&world, listing(&other)).await.entries.is_empty());
    let unknown = world.people.organisation();
    let unknown = fuldmagt_service::rpc::to_proto::identifier(&unknown.identifiers()[0]);
    let request = ListRepresentativesRequest { delegator: Some(unknown), ..listing(&other) };
    assert!(page(&world, request).await.entries.is_empty());
    let foreign =
        world.other_authority.query().list_representatives(listing(&subject)).await.unwrap().into_inner();
    let privileges: Vec<_> = foreign.entries.iter().map(|entry| entry.privilege.as_str()).collect();
    assert_eq!(privileges, [FOREIGN]);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let Scene { subject, .. } = scene(&world, true).await;
    let other = world.person().await;
    let small = |subject| ListRepresentativesRequest { page_size: 1, ..listing(subject) };
    let good = page(&world, small(&subject)).await.next_page_token;
    let mut foreign = vec![format!("{good}A"), good[1..].to_owned(), good.to_uppercase()];
    let narrowed = ListRepresentativesRequest { privileges: uris(&[SEE]), ..small(&subject) };
    foreign.push(page(&world, narrowed).await.next_page_token);
    foreign.push({
        let other_subject =
            ListRepresentativesRequest { delegator: subject.identifiers.last().cloned(), ..small(&subject) };
        page(&world, other_subject).await.next_page_token
    });
    assert!(foreign.iter().all(|token| !token.is_empty()));
    let not_found = Refused::because(Code::NotFound, "PRIVILEGE_NOT_FOUND").naming("privileges");
    let others = not_found.clone();
    Refusals::of(ListRepresentativesRequest { page_token: good.clone(), ..listing(&subject) })
        .identifier("delegator", |request, identifier| request.delegator = identifier)
        .privileges(false, |request, privileges| request.privileges = privileges)
        .purpose(|request, purpose| request.purpose = purpose)
        .page_size(|request, size| request.page_size = size)
        .page_token(&foreign, |request, token| request.page_token = token)
        .field("page_token", "PAGE_TOKEN_INVALID", move |request| {
            request.delegator = other.identifier();
        })
        .refused(not_found, |request| {
            (request.page_token, request.privileges) = (String::new(), uris(&[SEE, UNKNOWN]));
        })
        .refused(others, |request| {
            (request.page_token, request.privileges) = (String::new(), uris(&[FOREIGN]));
        })
        .sent_by(&world, async |request| world.authority.query().list_representatives(request).await)
        .await;
    let request = ListRepresentativesRequest { page_token: good, ..listing(&subject) };
    let status = world.other_authority.query().list_representatives(request).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("page_token", "PAGE_TOKEN_INVALID"));
}
