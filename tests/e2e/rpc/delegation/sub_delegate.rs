//! `DelegationService.SubDelegate`: who may give what on to whom.

use chrono::{Days, TimeDelta};
use fuldmagt_proto::v1::{
    CreateDelegationRequest, Delegation, DelegationEventKind, DelegationStatus, DenialReason,
    LevelOfAssurance, SubDelegateRequest,
};
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{
    CHANGE, FOREIGN, Registered, SEE, SIGN, UNKNOWN, days, instants, until_day, uris,
};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::fields::{Lines, SOME_UUID};
use crate::rpc::refusals::Refusals;

/// A delegator, a representative with a delegation of SEE, which may be given on twice, and CHANGE, which may not; and two
/// others.
async fn scene() -> (World, [Registered; 4], Delegation) {
    let world = World::with_catalogue().await;
    world.let_give_on(SEE, 2).await;
    let people = [world.person().await, world.person().await, world.person().await, world.person().await];
    let whole = world.give(&people[0], &people[1], &[SEE, CHANGE]).await;
    (world, people, whole)
}

#[tokio::test]
async fn a_part_is_given_on_in_the_first_delegators_name() {
    let (world, [from, to, colleague, _], whole) = scene().await;
    world.a_second_passes().await;
    let text = world.people.message().expose().to_owned();
    let request =
        SubDelegateRequest { message: text.clone(), ..world.giving_on(&to, &whole, &colleague, &[SEE]) };
    let part = world.try_give_on(request).await.unwrap();
    assert_eq!((&part.delegator_id, &part.representative_id), (&from.id, &colleague.id));
    assert_eq!((part.privileges.as_slice(), part.status()), (&uris(&[SEE])[..], DelegationStatus::Active));
    assert_eq!((&part.parent_id, part.depth, part.etag.as_str()), (&whole.delegation_id, 1, "1"));
    assert_eq!(part.message, "");
    let decision = world.check(&from, &colleague, SEE).await;
    assert_eq!((decision.granted, &decision.delegation_id), (true, &part.delegation_id));
    assert_eq!(world.check_denied(&from, &colleague, CHANGE).await, DenialReason::NoDelegation);
    assert_eq!(world.check_denied(&to, &colleague, SEE).await, DenialReason::NoDelegation);
    assert!(world.check(&from, &to, SEE).await.granted, "who gives on keeps it");
    let history = world.history(&colleague, &part).await;
    assert_eq!((history.len(), history[0].kind()), (1, DelegationEventKind::Created));
    assert_eq!((&history[0].actor_id, &history[0].acting_for_id), (&to.id, &to.id));
    for user in [&from, &to] {
        let last = world.history(user, &whole).await.pop().unwrap();
        assert_eq!((last.kind(), last.etag.as_str()), (DelegationEventKind::SubDelegated, "2"));
        assert_eq!((&last.related_id, &last.actor_id), (&part.delegation_id, &to.id));
        assert_eq!(world.see(user, &whole).await.unwrap().status(), DelegationStatus::Active);
    }
    assert_eq!(world.see(&colleague, &part).await.unwrap().message, text);
}

#[tokio::test]
async fn the_delegator_and_all_in_the_chain_see_it_and_nobody_else_does() {
    let (world, [from, to, colleague, last], whole) = scene().await;
    let part = world.give_on(&to, &whole, &colleague, &[SEE]).await;
    let deep = world.give_on(&colleague, &part, &last, &[SEE]).await;
    assert_eq!((&deep.parent_id, deep.depth), (&part.delegation_id, 2));
    for user in [&from, &to, &colleague, &last] {
        assert_eq!(world.see(user, &deep).await.unwrap().representative_id, last.id);
        assert_eq!(world.history(user, &deep).await.len(), 1);
    }
    let stranger = world.person().await;
    let hidden = world.see(&stranger, &deep).await.unwrap_err();
    assert_eq!(Refused::of(&hidden), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    assert_alike(&hidden, &world.see(&last, &part).await.unwrap_err());
    assert_alike(&hidden, &world.see(&colleague, &whole).await.unwrap_err());
    let given = world.listed(&from, fuldmagt_proto::v1::PartySide::Given).await;
    let chain: Vec<_> = given.iter().map(|d| (d.depth, d.parent_id.as_str())).collect();
    assert_eq!(chain, [(2, &*part.delegation_id), (1, &*whole.delegation_id), (0, "")]);
    let held = world.listed(&last, fuldmagt_proto::v1::PartySide::Held).await;
    assert_eq!(held.iter().map(|d| &d.delegation_id).collect::<Vec<_>>(), [&deep.delegation_id]);
    assert!(world.check(&from, &last, SEE).await.granted);
}

#[tokio::test]
async fn each_privilege_is_given_on_as_deep_as_it_allows() {
    let (world, [_, to, colleague, last], whole) = scene().await;
    let refused = async |user, parent, to, privileges: &[&str]| {
        let status = world.try_give_on(world.giving_on(user, parent, to, privileges)).await.unwrap_err();
        let named =
            tonic_types::StatusExt::get_details_error_info(&status).unwrap().metadata["privilege"].clone();
        (Refused::of(&status), named)
    };
    let not_allowed = Refused::because(Code::FailedPrecondition, "SUB_DELEGATION_NOT_ALLOWED");
    let told = (not_allowed.clone(), CHANGE.to_owned());
    assert_eq!(refused(&to, &whole, &colleague, &[SEE, CHANGE]).await, told);
    world.let_give_on(CHANGE, 1).await;
    let part = world.give_on(&to, &whole, &colleague, &[SEE, CHANGE]).await;
    assert_eq!(refused(&colleague, &part, &last, &[CHANGE, SEE]).await, told);
    let deep = world.give_on(&colleague, &part, &last, &[SEE]).await;
    let other = world.person().await;
    assert_eq!(refused(&last, &deep, &other, &[SEE]).await, (not_allowed, SEE.to_owned()));
}

#[tokio::test]
async fn the_employees_of_an_organisation_give_on_what_it_holds() {
    let (world, [from, _, colleague, _], _) = scene().await;
    let organisation = world.organisation().await;
    let clerk = world.employee_of(&organisation).await;
    let held = world.give(&from, &organisation, &[SEE]).await;
    let part = world.give_on(&clerk, &held, &colleague, &[SEE]).await;
    let history = world.history(&clerk, &part).await;
    assert_eq!((&history[0].actor_id, &history[0].acting_for_id), (&clerk.id, &organisation.id));
    let stranger = world.employee_of(&world.organisation().await).await;
    let status = world.try_give_on(world.giving_on(&stranger, &held, &colleague, &[SEE])).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    // To an employee, who gives on in turn.
    let deep = world.give_on(&colleague, &part, &clerk, &[SEE]).await;
    assert_eq!(deep.depth, 2);
}

#[tokio::test]
async fn only_the_representative_gives_on_and_others_learn_nothing() {
    let (world, [from, to, colleague, stranger], whole) = scene().await;
    let unknown = Delegation { delegation_id: SOME_UUID.to_owned(), ..whole.clone() };
    let nobody = Registered { id: SOME_UUID.to_owned(), ..colleague.clone() };
    let refused = async |user, parent, to, privilege| {
        world.try_give_on(world.giving_on(user, parent, to, &[privilege])).await.unwrap_err()
    };
    let not_found = refused(&to, &unknown, &colleague, SEE).await;
    assert_eq!(Refused::of(&not_found), Refused::because(Code::NotFound, "DELEGATION_NOT_FOUND"));
    for user in [&from, &colleague, &stranger] {
        for (receiver, privilege) in
            [(&stranger, SEE), (&nobody, SEE), (&stranger, SIGN), (&stranger, UNKNOWN)]
        {
            assert_alike(&not_found, &refused(user, &whole, receiver, privilege).await);
        }
    }
    let party_not_found = Refused::because(Code::NotFound, "PARTY_NOT_FOUND");
    assert_eq!(Refused::of(&refused(&to, &whole, &nobody, SEE).await), party_not_found);
}

#[tokio::test]
async fn nobody_above_gets_it_back() {
    let (world, [from, to, colleague, _], whole) = scene().await;
    let part = world.give_on(&to, &whole, &colleague, &[SEE]).await;
    let is_above = Refused::field("representative_id", "REPRESENTATIVE_IS_ABOVE");
    for (user, parent, receiver) in
        [(&to, &whole, &from), (&to, &whole, &to), (&colleague, &part, &from), (&colleague, &part, &to)]
    {
        let status = world.try_give_on(world.giving_on(user, parent, receiver, &[SEE])).await.unwrap_err();
        assert_eq!(Refused::of(&status), is_above);
    }
    assert_eq!(world.count("delegation").await, 2);
}

#[tokio::test]
async fn it_lies_within_the_period_of_its_parent() {
    let (world, [from, _, colleague, _], _) = scene().await;
    // From 20 June to and including 10 July.
    let request = CreateDelegationRequest {
        period: days("2026-06-20", "2026-07-10"),
        ..world.giving(&from, &colleague, &[SEE])
    };
    let whole = world.try_give(request).await.unwrap().delegation.unwrap();
    let other = world.person().await;
    let giving_on = |period| SubDelegateRequest {
        request_id: world.request_id(),
        period,
        ..world.giving_on(&colleague, &whole, &other, &[SEE])
    };
    let refused = async |period| Refused::of(&world.try_give_on(giving_on(period)).await.unwrap_err());
    let not_in_force = Refused::because(Code::FailedPrecondition, "DELEGATION_NOT_IN_FORCE");
    assert_eq!(refused(days("2026-06-20", "2026-07-10")).await, not_in_force);
    world.move_to(world.now() + Days::new(6)).await;
    assert_eq!(refused(until_day("2026-07-11")).await, Refused::field("period", "PERIOD_BEYOND_PARENT"));
    let part = world.try_give_on(giving_on(days("2026-06-25", "2026-07-10"))).await.unwrap();
    assert_eq!((part.status(), part.valid_to), (DelegationStatus::Scheduled, whole.valid_to));
    world.advance(TimeDelta::days(30)).await;
    assert_eq!(refused(until_day("2026-08-01")).await, not_in_force);
    assert_eq!(world.check_denied(&from, &other, SEE).await, DenialReason::Expired);
}

#[tokio::test]
async fn what_the_representative_has_already_is_not_given_on_again() {
    let (world, [from, to, colleague, _], whole) = scene().await;
    world.give_on(&to, &whole, &colleague, &[SEE]).await;
    let overlaps = Refused::because(Code::AlreadyExists, "DELEGATION_OVERLAPS");
    let status = world.try_give_on(world.giving_on(&to, &whole, &colleague, &[SEE])).await.unwrap_err();
    assert_eq!(Refused::of(&status), overlaps);
    let status = world.try_give(world.giving(&from, &colleague, &[SEE])).await.unwrap_err();
    assert_eq!(Refused::of(&status), overlaps);
    // The delegator is above the part, and may take its place.
    let direct = world.replace(&from, &colleague, &[SEE]).await;
    assert_eq!(world.check(&from, &colleague, SEE).await.delegation_id, direct.delegation_id);
}

#[tokio::test]
async fn five_hundred_given_on_are_enough_and_all_end_with_the_whole() {
    let (world, [from, to, colleague, other], whole) = scene().await;
    let first = world.give_on(&to, &whole, &colleague, &[SEE]).await;
    // As if given on through the service, to people of whom nothing else is known.
    world
        .sql(&format!(
            "insert into party (shard, party_id, kind, created_at)
             select 0, md5('given on ' || n)::uuid, 'person', created_at from party, generate_series(1, 499) n
             where party_id = '{}';
             insert into delegation (shard, delegation_id, delegator_id, representative_id, valid_from, valid_to, created_at,
                                     parent_id, depth, chain)
             select 0, md5('part ' || n)::uuid, delegator_id, md5('given on ' || n)::uuid, valid_from, valid_to, created_at,
                    parent_id, depth, chain
             from delegation, generate_series(1, 499) n where delegation_id = '{}';
             insert into delegation_privilege (shard, delegation_id, privilege_id, delegator_id, representative_id,
                                               valid_from, valid_to, depth)
             select d.shard, d.delegation_id, p.privilege_id, d.delegator_id, d.representative_id, d.valid_from,
                    d.valid_to, d.depth
             from delegation d, privilege p
             where p.uri = '{SEE}'
               and not exists (select from delegation_privilege g where g.delegation_id = d.delegation_id)",
            to.id, first.delegation_id,
        ))
        .await;
    let exhausted = Refused::because(Code::ResourceExhausted, "SUB_DELEGATIONS_EXHAUSTED");
    for (user, parent) in [(&to, &whole), (&colleague, &first)] {
        let status = world.try_give_on(world.giving_on(user, parent, &other, &[SEE])).await.unwrap_err();
        assert_eq!(Refused::of(&status), exhausted);
    }
    world.revoke(&to, &first).await.unwrap();
    world.give_on(&to, &whole, &other, &[SEE]).await;
    world.a_second_passes().await;
    world.revoke(&from, &whole).await.unwrap();
    assert_eq!(world.count("delegation where ended_at is null").await, 0);
    assert_eq!(world.count("delegation_privilege where ended_at is null").await, 0);
    assert_eq!(world.count("change where revision = (select revision from feed_head)").await, 501);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let (world, [_, to, colleague, stranger], whole) = scene().await;
    let good = world.signed(world.giving_on(&to, &whole, &colleague, &[SEE])).await;
    let beyond = instants(world.now(), world.now() + Days::new(40));
    let (giver, holder) = (to.id.clone(), whole.delegator_id.clone());
    let not_delegated = |place| Refused::field(place, "PRIVILEGE_NOT_DELEGATED");
    Refusals::of(good)
        .request_id(|request, text| request.request_id = text)
        .actor(|request| &mut request.actor)
        .uuid("parent_id", |request, text| request.parent_id = text)
        .uuid("representative_id", |request, text| request.representative_id = text)
        .privileges(true, |request, uris| request.privileges = uris)
        .optional_text("message", 1_000, Lines::Several, |request, text| request.message = text)
        .period(|request, period| request.period = period)
        .signature(|request| &mut request.signature)
        .field("period", "PERIOD_BEYOND_PARENT", move |request| request.period = beyond.clone())
        .field("representative_id", "REPRESENTATIVE_IS_ABOVE", move |request| {
            request.representative_id = giver.clone()
        })
        .field("representative_id", "REPRESENTATIVE_IS_ABOVE", move |request| {
            request.representative_id = holder.clone()
        })
        .refused(not_delegated("privileges[1]"), |request| request.privileges = uris(&[SEE, SIGN]))
        .refused(not_delegated("privileges[0]"), |request| request.privileges = uris(&[UNKNOWN, FOREIGN]))
        .because(Code::FailedPrecondition, "SUB_DELEGATION_NOT_ALLOWED", |request| {
            request.privileges = uris(&[CHANGE])
        })
        .because(Code::FailedPrecondition, "ASSURANCE_TOO_LOW", |request: &mut SubDelegateRequest| {
            request.actor.as_mut().unwrap().level_of_assurance = LevelOfAssurance::Low.into();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| request.parent_id = SOME_UUID.to_owned())
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", |request| {
            request.actor.as_mut().unwrap().party_id = SOME_UUID.to_owned();
        })
        .because(Code::NotFound, "DELEGATION_NOT_FOUND", move |request| request.actor = stranger.actor())
        .because(Code::NotFound, "PARTY_NOT_FOUND", |request| {
            request.representative_id = SOME_UUID.to_owned()
        })
        .sent_by(&world, async |request| world.front_end.delegations().sub_delegate(request).await)
        .await;
}
