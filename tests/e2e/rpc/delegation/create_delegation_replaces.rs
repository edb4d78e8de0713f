//! `DelegationService.CreateDelegation` in place of what overlaps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{Days, TimeDelta};
use fuldmagt_proto::v1::{
    CreateDelegationRequest, Delegation, DelegationEventKind, DelegationStatus, DenialReason, PartySide,
};
use fuldmagt_tests::world::{CHANGE, SEE, SIGN, days, instants, uris};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::refusals::Refusals;

/// How often the same is given again while it is asked about.
const REPLACEMENTS: usize = 30;

#[tokio::test]
async fn what_overlaps_is_replaced_in_one_step_with_links_both_ways() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let old = world.give(&from, &to, &[SEE, CHANGE]).await;
    world.a_second_passes().await;
    let before = world.count("change").await;
    let new = world.replace(&from, &to, &[SEE, CHANGE]).await;
    assert_eq!((new.supersedes.clone(), new.superseded_by.as_str()), (vec![old.delegation_id.clone()], ""));
    assert_eq!(world.count("change where revision = (select revision from feed_head)").await, 2);
    assert_eq!(world.count("change").await, before + 2);
    for user in [&from, &to] {
        let (side, of) = if user.id == from.id { (PartySide::Given, &from) } else { (PartySide::Held, &to) };
        let listed = world.listed(of, side).await;
        assert_eq!(
            listed.iter().map(|d| &d.delegation_id).collect::<Vec<_>>(),
            [&new.delegation_id, &old.delegation_id]
        );
        for seen in [world.see(user, &old).await.unwrap(), listed[1].clone()] {
            assert_eq!((seen.status(), seen.end_time), (DelegationStatus::Superseded, new.create_time));
            assert_eq!(
                (seen.superseded_by, seen.privileges),
                (new.delegation_id.clone(), old.privileges.clone())
            );
        }
        for seen in [world.see(user, &new).await.unwrap(), listed[0].clone()] {
            assert_eq!((seen.status(), seen.supersedes), (DelegationStatus::Active, new.supersedes.clone()));
        }
    }
    let decision = world.check(&from, &to, SEE).await;
    assert_eq!((decision.granted, decision.delegation_id), (true, new.delegation_id.clone()));
    let history = world.history(&to, &old).await;
    let last = history.last().unwrap();
    assert_eq!((last.kind(), last.etag.as_str()), (DelegationEventKind::Superseded, "2"));
    assert_eq!((&last.related_id, &last.actor_id), (&new.delegation_id, &from.id));
    let history = world.history(&to, &new).await;
    assert_eq!(history.iter().map(|event| event.kind()).collect::<Vec<_>>(), [DelegationEventKind::Created]);
}

#[tokio::test]
async fn a_part_that_is_replaced_leaves_the_rest() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let old = world.give(&from, &to, &[SEE, CHANGE]).await;
    world.a_second_passes().await;
    let new = world.replace(&from, &to, &[SEE, SIGN]).await;
    assert_eq!(new.supersedes, std::slice::from_ref(&old.delegation_id));
    let seen = world.see(&from, &old).await.unwrap();
    assert_eq!((seen.status(), seen.superseded_by.as_str()), (DelegationStatus::Active, ""));
    assert_eq!((seen.privileges, seen.revoked_privileges), (uris(&[CHANGE]), uris(&[SEE])));
    let history = world.history(&from, &old).await;
    let last = history.last().unwrap();
    assert_eq!((last.kind(), &last.related_id), (DelegationEventKind::Superseded, &new.delegation_id));
    for (privilege, delegation) in [(SEE, &new), (SIGN, &new), (CHANGE, &old)] {
        let decision = world.check(&from, &to, privilege).await;
        assert_eq!((decision.granted, &decision.delegation_id), (true, &delegation.delegation_id));
    }
    // The new one is revoked: what it replaced does not come back.
    world.a_second_passes().await;
    world.revoke(&from, &new).await.unwrap();
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::Revoked);
    assert!(world.check(&from, &to, CHANGE).await.granted);
}

#[tokio::test]
async fn several_are_replaced_by_one_and_what_does_not_overlap_stays() {
    let world = World::with_catalogue().await;
    let (from, to, other) = (world.person().await, world.person().await, world.person().await);
    let given = async |first: &str, last: &str, privileges: &[&str]| {
        let period = days(first, last);
        let request = CreateDelegationRequest { period, ..world.giving(&from, &to, privileges) };
        world.try_give(request).await.unwrap().delegation.unwrap()
    };
    let now = given("2026-06-15", "2026-06-20", &[SEE]).await;
    let next = given("2026-06-21", "2026-06-30", &[SEE, CHANGE]).await;
    let later = given("2026-08-01", "2026-08-31", &[SEE]).await;
    let elses = world.give(&from, &other, &[SEE]).await;
    let unlike = given("2026-06-15", "2026-06-20", &[CHANGE]).await;
    world.a_second_passes().await;
    // To and including 15 July.
    let new = world.replace(&from, &to, &[SEE]).await;
    assert_eq!(new.supersedes, [now.delegation_id.clone(), next.delegation_id.clone()]);
    let seen = async |delegation: &Delegation| world.see(&from, delegation).await.unwrap();
    assert_eq!(seen(&now).await.status(), DelegationStatus::Superseded);
    assert_eq!(
        (seen(&next).await.status(), seen(&next).await.privileges),
        (DelegationStatus::Scheduled, uris(&[CHANGE]))
    );
    assert_eq!(seen(&later).await.status(), DelegationStatus::Scheduled);
    for stays in [&elses, &unlike] {
        assert_eq!(seen(stays).await.etag, "1");
    }
}

#[tokio::test]
async fn without_overlap_there_is_nothing_to_replace() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let old = world.give(&from, &to, &[SEE]).await;
    let new = world.replace(&from, &to, &[CHANGE]).await;
    assert_eq!(new.supersedes, Vec::<String>::new());
    assert_eq!(world.see(&from, &old).await.unwrap().etag, "1");
}

#[tokio::test]
async fn a_replacement_that_would_leave_a_gap_is_refused() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    // From now to and including 15 July.
    world.give(&from, &to, &[SEE]).await;
    let scheduled = CreateDelegationRequest {
        period: days("2026-09-01", "2026-09-30"),
        ..world.giving(&from, &to, &[CHANGE])
    };
    world.try_give(scheduled).await.unwrap();
    world.a_second_passes().await;
    let later = |from, to| instants(world.now() + from, world.now() + to);
    Refusals::of(CreateDelegationRequest {
        replace_existing: true,
        ..world.giving(&from, &to, &[SEE, CHANGE])
    })
    .field("period", "REPLACEMENT_STARTS_LATER", move |request| {
        request.period = days("2026-07-15", "2026-07-31")
    })
    .field("period", "REPLACEMENT_STARTS_LATER", move |request| {
        request.period = days("2026-09-02", "2026-10-31")
    })
    .field("period", "REPLACEMENT_STARTS_LATER", {
        let period = later(TimeDelta::seconds(1), TimeDelta::days(9));
        move |request| request.period = period.clone()
    })
    .because(Code::AlreadyExists, "DELEGATION_OVERLAPS", |request| request.replace_existing = false)
    .sent_by(&world, async |request| {
        let signed = world.signed(request).await;
        world.front_end.delegations().create_delegation(signed).await
    })
    .await;
}

#[tokio::test]
async fn what_is_scheduled_is_replaced_by_what_begins_no_later() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let scheduled = |first: &str, replace_existing| CreateDelegationRequest {
        period: days(first, "2026-09-30"),
        replace_existing,
        ..world.giving(&from, &to, &[SEE])
    };
    let old = world.try_give(scheduled("2026-09-01", false)).await.unwrap().delegation.unwrap();
    assert_eq!(old.status(), DelegationStatus::Scheduled);
    let new = world.try_give(scheduled("2026-08-01", true)).await.unwrap().delegation.unwrap();
    assert_eq!(
        (new.status(), new.supersedes.as_slice()),
        (DelegationStatus::Scheduled, &[old.delegation_id.clone()][..])
    );
    assert_eq!(world.see(&to, &old).await.unwrap().status(), DelegationStatus::Superseded);
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::NotYetValid);
    world.advance(TimeDelta::days(60)).await;
    assert_eq!(world.check(&from, &to, SEE).await.delegation_id, new.delegation_id);
}

#[tokio::test]
async fn a_scheduled_delegation_begins_by_itself_unless_it_is_revoked_before() {
    let world = World::with_catalogue().await;
    let (from, to, other) = (world.person().await, world.person().await, world.person().await);
    let start = world.now() + Days::new(10);
    let scheduled = |to| CreateDelegationRequest {
        period: instants(start, start + Days::new(10)),
        ..world.giving(&from, to, &[SEE])
    };
    let kept = world.try_give(scheduled(&to)).await.unwrap().delegation.unwrap();
    let revoked = world.try_give(scheduled(&other)).await.unwrap().delegation.unwrap();
    for (delegation, to) in [(&kept, &to), (&revoked, &other)] {
        assert_eq!(delegation.status(), DelegationStatus::Scheduled);
        assert_eq!(world.check_denied(&from, to, SEE).await, DenialReason::NotYetValid);
    }
    world.a_second_passes().await;
    let answer = world.revoke(&from, &revoked).await.unwrap().delegation.unwrap();
    assert_eq!(answer.status(), DelegationStatus::Revoked);
    assert_eq!(world.check_denied(&from, &other, SEE).await, DenialReason::Revoked);
    world.move_to(start - TimeDelta::microseconds(1)).await;
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::NotYetValid);
    world.move_to(start).await;
    assert!(world.check(&from, &to, SEE).await.granted);
    assert_eq!(world.see(&to, &kept).await.unwrap().status(), DelegationStatus::Active);
    assert_eq!(world.check_denied(&from, &other, SEE).await, DenialReason::Revoked);
    // It stands in nobody's way.
    world
        .try_give(CreateDelegationRequest { request_id: world.request_id(), ..scheduled(&other) })
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_meanwhile_is_never_told_no() {
    let world = Arc::new(World::with_catalogue().await);
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[SEE, CHANGE]).await;
    let done = Arc::new(AtomicBool::new(false));
    let askers: Vec<_> = (0..2)
        .map(|_| {
            let (world, from, to, done) = (Arc::clone(&world), from.clone(), to.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let mut asked = 0;
                while !done.load(Ordering::SeqCst) {
                    let decision = world.check(&from, &to, SEE).await;
                    assert!(decision.granted, "{decision:?}");
                    asked += 1;
                }
                asked
            })
        })
        .collect();
    for number in 0..REPLACEMENTS {
        world.clock.advance(TimeDelta::milliseconds(1));
        // Now and then a part of it.
        world.replace(&from, &to, if number % 3 == 0 { &[SEE] } else { &[SEE, CHANGE] }).await;
    }
    done.store(true, Ordering::SeqCst);
    for asker in askers {
        assert!(asker.await.unwrap() > 0);
    }
    assert_eq!(world.assert_never_twice_and_no_gap(&from, &to, SEE).await, REPLACEMENTS + 1);
    world.assert_never_twice_and_no_gap(&from, &to, CHANGE).await;
}

#[tokio::test]
async fn two_hundred_between_two_are_enough_and_can_be_revoked_at_once() {
    let world = World::with_catalogue().await;
    let (from, to, other) = (world.person().await, world.person().await, world.person().await);
    let hour = |n: i64| world.now() + TimeDelta::hours(n);
    let giving = |n: i64, to| CreateDelegationRequest {
        period: instants(hour(n), hour(n + 1)),
        ..world.giving(&from, to, &[SEE])
    };
    world.try_give(giving(0, &to)).await.unwrap();
    // As if given through the service, which would take a while.
    world
        .sql(
            "insert into delegation (shard, delegation_id, delegator_id, representative_id, valid_from, valid_to, created_at)
             select shard, gen_random_uuid(), delegator_id, representative_id, valid_from + n * interval '1 hour',
                    valid_to + n * interval '1 hour', created_at
             from delegation, generate_series(1, 199) as n;
             insert into delegation_privilege (shard, delegation_id, privilege_id, delegator_id, representative_id,
                                               valid_from, valid_to)
             select d.shard, d.delegation_id, p.privilege_id, d.delegator_id, d.representative_id, d.valid_from, d.valid_to
             from delegation d, privilege p
             where p.uri = 'urn:dk:example:indkomst:se'
               and not exists (select from delegation_privilege g where g.delegation_id = d.delegation_id)",
        )
        .await;
    let before = world.snapshot().await;
    let status = world.try_give(giving(200, &to)).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::ResourceExhausted, "DELEGATIONS_EXHAUSTED"));
    assert_eq!(world.snapshot().await, before);
    world.try_give(giving(0, &other)).await.unwrap();
    // In place of some, or when one is over, there is room.
    let replacing = CreateDelegationRequest { replace_existing: true, ..giving(100, &to) };
    world.try_give(replacing).await.unwrap();
    world.advance(TimeDelta::hours(1)).await;
    world.try_give(giving(300, &to)).await.unwrap();
    let revoked = world.revoke_all(&from, &to).await.unwrap();
    assert_eq!(revoked.delegations.len(), 200);
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::Revoked);
    assert!(world.listed(&from, PartySide::Given).await.len() > 200);
}
