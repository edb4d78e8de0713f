//! `QueryService.BatchCheckDelegations`.

use fuldmagt_proto::v1::{
    BatchCheckDelegationsRequest, BatchCheckItem, CheckDelegationRequest, CreateDelegationRequest,
    DenialReason, identifier::Value,
};
use fuldmagt_tests::world::{
    CHANGE, FOREIGN, PURPOSE, Registered, SEE, SIGN, UNKNOWN, asking, days, identifier, until_day,
};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::refusals::Refusals;

/// The most items of one batch.
const MAX_ITEMS: usize = 1_000;

fn item(from: &Registered, to: &Registered, privilege: &str) -> BatchCheckItem {
    BatchCheckItem {
        delegator: from.identifier(),
        representative: to.identifier(),
        privilege: privilege.to_owned(),
        p_number: String::new(),
    }
}

fn batch(items: Vec<BatchCheckItem>) -> BatchCheckDelegationsRequest {
    BatchCheckDelegationsRequest { items, purpose: PURPOSE.to_owned() }
}

/// Every reason for a no, and a yes.
async fn every_answer(world: &World) -> Vec<BatchCheckItem> {
    let (from, to) = (world.person().await, world.person().await);
    let (revoked, renounced) = (world.person().await, world.person().await);
    let (expired, scheduled) = (world.person().await, world.person().await);
    for (to, period) in [(&expired, until_day("2026-06-15")), (&scheduled, days("2026-07-01", "2026-08-01"))]
    {
        let request = CreateDelegationRequest { period, ..world.giving(&from, to, &[SEE]) };
        world.try_give(request).await.unwrap();
    }
    world.give(&from, &to, &[SEE, CHANGE]).await;
    let given = world.give(&from, &revoked, &[SEE]).await;
    world.revoke(&from, &given).await.unwrap();
    let given = world.give(&from, &renounced, &[SEE]).await;
    world.renounce(&renounced, &given).await.unwrap();
    world.hide(CHANGE).await;
    world.advance(chrono::TimeDelta::days(1)).await;
    let unknown = identifier(Value::CprNumber(world.people.person().cpr.expose().to_owned()));
    vec![
        item(&from, &to, SEE),
        item(&from, &to, SIGN),
        item(&from, &to, CHANGE),
        item(&from, &revoked, SEE),
        item(&from, &renounced, SEE),
        item(&from, &expired, SEE),
        item(&from, &scheduled, SEE),
        BatchCheckItem { delegator: unknown, ..item(&from, &to, SEE) },
        // The same question again has the same answer.
        item(&from, &to, SEE),
    ]
}

#[tokio::test]
async fn a_batch_equals_single_checks_in_their_order() {
    let world = World::with_catalogue().await;
    let items = every_answer(&world).await;
    let mut single = Vec::new();
    for BatchCheckItem { delegator, representative, privilege, p_number } in items.clone() {
        let purpose = PURPOSE.to_owned();
        let request = CheckDelegationRequest { delegator, representative, privilege, purpose, p_number };
        single.push(world.authority.query().check_delegation(request).await.unwrap().into_inner());
    }
    let answer = world.authority.query().batch_check_delegations(batch(items)).await.unwrap().into_inner();
    let decisions: Vec<_> = single.iter().map(|answer| answer.decision.clone().unwrap()).collect();
    assert_eq!(answer.decisions, decisions);
    assert_eq!((&answer.evaluate_time, &answer.revision), (&single[0].evaluate_time, &single[0].revision));
    let reasons: Vec<_> = decisions.iter().map(|decision| decision.denial_reason()).collect();
    assert_eq!(
        reasons,
        [
            DenialReason::Unspecified,
            DenialReason::NoDelegation,
            DenialReason::PrivilegeNotPublished,
            DenialReason::Revoked,
            DenialReason::Renounced,
            DenialReason::Expired,
            DenialReason::NotYetValid,
            DenialReason::NoDelegation,
            DenialReason::Unspecified,
        ]
    );
}

#[tokio::test]
async fn a_thousand_questions_have_a_thousand_answers() {
    let world = World::with_catalogue().await;
    let (from, to, other) = (world.person().await, world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    let items = (0..MAX_ITEMS).map(|n| item(&from, if n % 3 == 0 { &to } else { &other }, SEE)).collect();
    let answer = world.authority.query().batch_check_delegations(batch(items)).await.unwrap().into_inner();
    let granted: Vec<_> = answer.decisions.iter().map(|decision| decision.granted).collect();
    assert_eq!(granted, (0..MAX_ITEMS).map(|n| n % 3 == 0).collect::<Vec<_>>());
    assert_eq!(world.usage().await.iter().filter(|entry| entry.purpose.is_some()).count(), MAX_ITEMS);
}

#[tokio::test]
async fn one_wrong_item_refuses_the_batch_and_is_named() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let not_found = Refused::because(Code::NotFound, "PRIVILEGE_NOT_FOUND").naming("items[1].privilege");
    let other = not_found.clone();
    let many = item(&from, &to, SEE);
    Refusals::of(batch(vec![item(&from, &to, SEE), item(&from, &to, CHANGE), item(&to, &from, SEE)]))
        .identifier("items[1].delegator", |request, identifier| request.items[1].delegator = identifier)
        .identifier("items[2].representative", |request, identifier| {
            request.items[2].representative = identifier;
        })
        .privilege("items[0].privilege", |request, uri| request.items[0].privilege = uri)
        .purpose(|request, purpose| request.purpose = purpose)
        .field("items", "ITEMS_COUNT", |request| request.items.clear())
        .field("items", "ITEMS_COUNT", move |request| request.items = vec![many.clone(); MAX_ITEMS + 1])
        .field("items[2].representative", "DELEGATOR_IS_REPRESENTATIVE", |request| {
            request.items[2].representative = request.items[2].delegator.clone();
        })
        .refused(not_found, |request| request.items[1].privilege = UNKNOWN.to_owned())
        .refused(other, |request| request.items[1].privilege = FOREIGN.to_owned())
        .sent_by(&world, async |request| world.authority.query().batch_check_delegations(request).await)
        .await;
}

#[tokio::test]
async fn of_many_wrong_items_the_first_sixteen_are_named() {
    let world = World::start().await;
    let request = batch(vec![BatchCheckItem::default(); MAX_ITEMS]);
    let status = world.authority.query().batch_check_delegations(request).await.unwrap_err();
    let fields = Refused::of(&status).fields;
    assert_eq!(fields.len(), 16);
    assert_eq!(fields[0], ("items[0].delegator".to_owned(), "REQUIRED".to_owned()));
}

#[tokio::test]
async fn an_item_that_is_denied_changes_no_other() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.organisation().await);
    world.give(&from, &to, &[SEE]).await;
    let items = vec![item(&to, &from, SEE), item(&from, &to, SEE), item(&to, &from, SEE)];
    let answer = world.authority.query().batch_check_delegations(batch(items)).await.unwrap().into_inner();
    let granted: Vec<_> = answer.decisions.iter().map(|decision| decision.granted).collect();
    assert_eq!(granted, [false, true, false]);
    let single = world.authority.query().check_delegation(asking(&from, &to, SEE)).await.unwrap();
    assert_eq!(single.into_inner().decision.as_ref(), answer.decisions.get(1));
}
