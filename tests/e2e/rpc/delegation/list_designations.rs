//! `DelegationService.ListDesignations`.

use fuldmagt_proto::v1::{Delegation, Designation, ListDesignationsRequest};
use fuldmagt_service::rpc::to_proto;
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::UsageEntry;
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use super::designate_employee::{Company, company};
use crate::rpc::fields::SOME_UUID;
use crate::rpc::refusals::Refusals;
use crate::rpc::usage_log::{Traced, entry, id};

#[tokio::test]
async fn those_who_may_use_it_are_listed_to_its_parties_oldest_first() {
    let world = World::with_catalogue().await;
    let Company { from, organisation, manager, employee, held } = company(&world).await;
    let unit = world.unit_of(&organisation).await;
    let none = world.designations(world.listing_designations(&manager, &held)).await.unwrap();
    assert_eq!((none.designations, none.next_page_token.as_str()), (vec![], ""));
    let first = world.now();
    world.try_designate(world.designating_at(&manager, &held, (&employee, &unit))).await.unwrap();
    world.a_second_passes().await;
    world.designate(&manager, &held, &manager).await;
    let wanted = [
        Designation {
            employee_id: employee.id.clone(),
            p_number: unit.expose().to_owned(),
            create_time: Some(to_proto::timestamp(first)),
        },
        Designation {
            employee_id: manager.id.clone(),
            p_number: String::new(),
            create_time: Some(to_proto::timestamp(world.now())),
        },
    ];
    for user in [&from, &organisation, &manager, &employee] {
        let listed = world.designations(world.listing_designations(user, &held)).await.unwrap();
        assert_eq!((&listed.designations[..], listed.next_page_token.as_str()), (&wanted[..], ""));
    }
    world.try_remove(world.removing(&manager, &held, &employee)).await.unwrap();
    let listed = world.designations(world.listing_designations(&from, &held)).await.unwrap();
    assert_eq!(listed.designations, wanted[1..]);
    // With the delegation all of them end.
    world.revoke(&from, &held).await.unwrap();
    let listed = world.designations(world.listing_designations(&from, &held)).await.unwrap();
    assert_eq!(listed.designations, []);
}

#[tokio::test]
async fn pages_of_one_show_each_once() {
    let world = World::with_catalogue().await;
    let Company { organisation, manager, held, .. } = company(&world).await;
    let mut wanted = Vec::new();
    // All at one instant: then by id.
    for _ in 0..4 {
        let employee = world.employee_of(&organisation).await;
        world.designate(&manager, &held, &employee).await;
        wanted.push(employee.id);
    }
    wanted.sort();
    let (mut listed, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListDesignationsRequest {
            page_size: 1,
            page_token,
            ..world.listing_designations(&manager, &held)
        };
        let page = world.designations(request).await.unwrap();
        assert_eq!(page.designations.len(), 1);
        listed.push(page.designations[0].employee_id.clone());
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(listed, wanted);
}

#[tokio::test]
async fn nobody_elses_are_told_and_none_at_all_look_alike() {
    let world = World::with_catalogue().await;
    let Company { manager, held, .. } = company(&world).await;
    let stranger = company(&world).await.manager;
    let unknown = Delegation { delegation_id: SOME_UUID.to_owned(), ..held.clone() };
    let missing = world.designations(world.listing_designations(&manager, &unknown)).await.unwrap_err();
    assert_eq!(Refused::of(&missing), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    let status = world.designations(world.listing_designations(&stranger, &held)).await.unwrap_err();
    assert_alike(&missing, &status);
}

#[tokio::test]
async fn each_call_and_each_employee_who_is_told_of_is_logged() {
    let world = World::with_catalogue().await;
    let Company { from, organisation, manager, employee, held } = company(&world).await;
    let traces: Vec<_> = (1..=5).map(Traced::new).collect();
    let mut client = world.front_end.delegations();
    let [d, o, e, m] = [&from, &organisation, &employee, &manager].map(|party| id(&party.id));
    let of = id(&held.delegation_id);
    let designating = world.designating(&manager, &held, &employee);
    client.designate_employee(traces[0].request(designating.clone())).await.unwrap();
    client.designate_employee(traces[1].request(designating)).await.unwrap();
    let listing = world.listing_designations(&manager, &held);
    client.list_designations(traces[2].request(listing)).await.unwrap();
    client.remove_designation(traces[3].request(world.removing(&manager, &held, &employee))).await.unwrap();
    let unknown = Delegation { delegation_id: SOME_UUID.to_owned(), ..held };
    let listing = world.listing_designations(&manager, &unknown);
    client.list_designations(traces[4].request(listing)).await.unwrap_err();
    let told = [
        ("DesignateEmployee", vec![(d, o, of, "employee_designated")]),
        ("DesignateEmployee", vec![(None, None, of, "repeated")]),
        ("ListDesignations", vec![(d, o, of, "listed"), (d, e, of, "shown")]),
        ("RemoveDesignation", vec![(d, o, of, "designation_removed")]),
        ("ListDesignations", vec![(None, None, None, "not_found")]),
    ];
    for ((rpc, told), traced) in told.into_iter().zip(&traces) {
        let logged = traced.logged(&world).await;
        let wanted: Vec<_> = told
            .iter()
            .map(|(delegator_id, representative_id, delegation_id, outcome)| UsageEntry {
                actor_id: m,
                delegator_id: *delegator_id,
                representative_id: *representative_id,
                delegation_id: *delegation_id,
                ..entry(&logged[0], "front-end", &format!("DelegationService/{rpc}"), outcome)
            })
            .collect();
        assert_eq!(logged, wanted);
    }
    world.sql("drop table usage_log_2026_06").await;
    let before = world.snapshot().await;
    let listed = world.designations(world.listing_designations(&manager, &unknown)).await.map(drop);
    let designated = world.try_designate(world.designating(&manager, &unknown, &employee)).await.map(drop);
    let removed = world.try_remove(world.removing(&manager, &unknown, &employee)).await.map(drop);
    for answer in [listed, designated, removed] {
        assert_eq!(
            Refused::of(&answer.unwrap_err()).reason,
            "INTERNAL",
            "what cannot be logged has no answer"
        );
    }
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let Company { organisation, manager, employee, held, from } = company(&world).await;
    for designated in [&manager, &employee] {
        world.designate(&manager, &held, designated).await;
    }
    let other = world.give(&from, &organisation, &[fuldmagt_tests::world::FOREIGN]).await;
    let first = ListDesignationsRequest { page_size: 1, ..world.listing_designations(&manager, &held) };
    let good = world.designations(first.clone()).await.unwrap().next_page_token;
    let colleagues = ListDesignationsRequest { actor: employee.actor(), ..first.clone() };
    let foreign = [world.designations(colleagues).await.unwrap().next_page_token, format!("{good}=")];
    assert!(!foreign[0].is_empty());
    let request = ListDesignationsRequest { page_token: good, ..first };
    Refusals::of(request.clone())
        .actor(|request| &mut request.actor)
        .uuid("delegation_id", |request, text| request.delegation_id = text)
        .page_size(|request, size| request.page_size = size)
        .page_token(&foreign, |request, token| request.page_token = token)
        .field("page_token", "PAGE_TOKEN_INVALID", move |request| {
            request.delegation_id = other.delegation_id.clone();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            (request.delegation_id, request.page_token) = (SOME_UUID.to_owned(), String::new());
        })
        .sent_by(&world, async |request| world.designations(request).await)
        .await;
    let status = world.other_front_end.delegations().list_designations(request).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("page_token", "PAGE_TOKEN_INVALID"));
}
