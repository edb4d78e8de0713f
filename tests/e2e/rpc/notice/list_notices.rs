//! `NoticeService.ListNotices`.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{Delegation, ListNoticesRequest, Notice, NoticeKind};
use fuldmagt_tests::World;
use fuldmagt_tests::world::{CHANGE, Registered, SEE, timestamp};
use uuid::Uuid;

use crate::rpc::refusals::Refusals;

/// What the notice tells: kind and delegation of each item.
fn told(notice: &Notice) -> Vec<(NoticeKind, String)> {
    notice.items.iter().map(|item| (item.kind(), item.delegation_id.clone())).collect()
}

fn of(kind: NoticeKind, delegation: &Delegation) -> (NoticeKind, String) {
    (kind, delegation.delegation_id.clone())
}

/// Whom the notices are for.
fn receivers(notices: &[Notice]) -> Vec<&str> {
    notices.iter().map(|notice| notice.receiver_id.as_str()).collect()
}

async fn minutes_pass(world: &World, minutes: i64) {
    world.advance(TimeDelta::minutes(minutes)).await;
}

#[tokio::test]
async fn what_happens_is_told_a_quarter_of_an_hour_later_and_not_before() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    for seconds in [0, 14 * 60 + 59] {
        world.move_to("2026-06-15T10:00:00Z".parse().unwrap()).await;
        world.advance(TimeDelta::seconds(seconds)).await;
        assert_eq!(world.notices(10).await, []);
    }
    world.move_to("2026-06-15T10:15:01Z".parse().unwrap()).await;
    let notices = world.notices(10).await;
    let [notice] = notices.as_slice() else { panic!("one notice: {notices:?}") };
    assert_eq!((notice.receiver_id.as_str(), told(notice)), (&*to.id, vec![of(NoticeKind::Given, &given)]));
    assert_eq!(notice.items[0].event_time, timestamp("2026-06-15T10:00:00Z"));
}

#[tokio::test]
async fn what_happens_within_the_quarter_of_an_hour_is_told_together_and_what_comes_later_apart() {
    let world = World::with_catalogue().await;
    let (from, other, to) = (world.person().await, world.person().await, world.person().await);
    let first = world.give(&from, &to, &[SEE]).await;
    world.advance(TimeDelta::seconds(14 * 60 + 59)).await;
    let second = world.give(&other, &to, &[SEE]).await;
    world.advance(TimeDelta::seconds(1)).await;
    let third = world.give(&from, &to, &[CHANGE]).await;

    let notices = world.notices(10).await;
    let together = vec![of(NoticeKind::Given, &first), of(NoticeKind::Given, &second)];
    assert_eq!(notices.iter().map(told).collect::<Vec<_>>(), [together]);
    minutes_pass(&world, 14).await;
    assert_eq!(world.notices(10).await, notices, "the third is not due");
    minutes_pass(&world, 1).await;
    let notices = world.notices(10).await;
    assert_eq!(told(&notices[1]), [of(NoticeKind::Given, &third)]);
    assert_eq!(receivers(&notices), [&*to.id, &*to.id]);
}

#[tokio::test]
async fn what_nobody_asked_for_in_time_is_told_as_it_would_have_been() {
    let world = World::with_catalogue().await;
    let (from, other, to) = (world.person().await, world.person().await, world.person().await);
    let mut given = Vec::new();
    for (giver, privilege) in [(&from, SEE), (&other, SEE), (&from, CHANGE)] {
        given.push(world.give(giver, &to, &[privilege]).await);
        minutes_pass(&world, 10).await;
    }
    minutes_pass(&world, 600).await;
    // A receiver's next notice is made when the first is told.
    let first = world.notices(10).await;
    assert_eq!(told(&first[0]), [of(NoticeKind::Given, &given[0]), of(NoticeKind::Given, &given[1])]);
    let all = world.notices(10).await;
    assert_eq!(told(&all[1]), [of(NoticeKind::Given, &given[2])]);
    assert_eq!((all.len(), &all[0]), (2, &first[0]));
}

#[tokio::test]
async fn a_notice_is_told_until_it_is_acknowledged_to_each_front_end_and_stays_as_it_was() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    minutes_pass(&world, 15).await;
    let notices = world.notices(10).await;
    // It was told: nothing is taken out of it, and what comes after is another notice.
    world.revoke(&from, &given).await.unwrap();
    minutes_pass(&world, 15).await;
    let request = ListNoticesRequest { page_size: 10 };
    let later = world.other_front_end.notices().list_notices(request).await.unwrap().into_inner().notices;
    assert_eq!(later[0], notices[0]);
    assert_eq!(told(&later[1]), [of(NoticeKind::Revoked, &given)]);
    assert_eq!(world.acknowledge(&later[..1]).await.unwrap(), 1);
    assert_eq!(world.notices(10).await, later[1..]);
    assert_eq!(world.acknowledge(&later[1..]).await.unwrap(), 1);
    assert_eq!(world.notices(10).await, []);
}

#[tokio::test]
async fn what_is_withdrawn_before_it_is_told_is_never_told() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let request = world.request(&helper, &citizen, &[SEE]).await;
    minutes_pass(&world, 5).await;
    world.withdraw(&helper, &request).await.unwrap();
    // Given and revoked in ten minutes: that it was given is not told.
    let given = world.give(&citizen, &helper, &[CHANGE]).await;
    minutes_pass(&world, 5).await;
    world.revoke(&citizen, &given).await.unwrap();
    minutes_pass(&world, 20).await;
    let notices = world.notices(10).await;
    assert_eq!(receivers(&notices), [&*helper.id]);
    assert_eq!(told(&notices[0]), [of(NoticeKind::Revoked, &given)]);
    assert_eq!(world.count("notice_item where cancelled_at is not null").await, 2);
    assert_eq!(world.count("notice_item where notice_id is null and cancelled_at is null").await, 0);
}

#[tokio::test]
async fn the_quarter_of_an_hour_begins_with_the_first_item_that_is_not_withdrawn() {
    let world = World::with_catalogue().await;
    let (helper, citizen, other) = (world.person().await, world.person().await, world.person().await);
    let request = world.request(&helper, &citizen, &[SEE]).await;
    minutes_pass(&world, 10).await;
    let given = world.give(&other, &citizen, &[SEE]).await;
    world.withdraw(&helper, &request).await.unwrap();
    minutes_pass(&world, 14).await;
    assert_eq!(world.notices(10).await, []);
    minutes_pass(&world, 1).await;
    assert_eq!(told(&world.notices(10).await[0]), [of(NoticeKind::Given, &given)]);
}

#[tokio::test]
async fn the_oldest_notices_come_first_and_no_more_than_are_asked_for() {
    let world = World::with_catalogue().await;
    let from = world.person().await;
    let mut wanted: Vec<Registered> = Vec::new();
    for _ in 0..5 {
        let to = world.person().await;
        world.give(&from, &to, &[SEE]).await;
        wanted.push(to);
        world.a_second_passes().await;
    }
    minutes_pass(&world, 15).await;
    let ids = |parties: &[Registered]| parties.iter().map(|party| party.id.clone()).collect::<Vec<_>>();
    let first = world.notices(2).await;
    assert_eq!(receivers(&first), ids(&wanted[..2]));
    // Without an acknowledgement the same again, and no more is made ready than is told.
    assert_eq!(world.notices(2).await, first);
    assert_eq!(world.count("notice_item where notice_id is not null").await, 2);
    assert_eq!(receivers(&world.notices(4).await), ids(&wanted[..4]));
    world.acknowledge(&first).await.unwrap();
    assert_eq!(receivers(&world.notices(2).await), ids(&wanted[2..4]));
    assert_eq!(receivers(&world.notices(500).await), ids(&wanted[2..]));
}

#[tokio::test]
async fn a_paper_case_is_told_to_both_but_not_to_who_started_it_and_what_is_stale_is_left_out() {
    let world = World::with_paper().await;
    let (from, to, caseworker) = (world.person().await, world.person().await, world.caseworker().await);
    let kinds = |notices: &[Notice]| {
        let mut told: Vec<_> =
            notices.iter().map(|notice| (notice.receiver_id.clone(), told(notice).len())).collect();
        told.sort();
        told
    };
    let mut both = vec![(from.id.clone(), 1), (to.id.clone(), 1)];
    both.sort();

    world.start_paper(&from, &to, &[SEE]).await;
    minutes_pass(&world, 15).await;
    let notices = world.notices(10).await;
    assert_eq!(kinds(&notices), both);
    assert!(notices.iter().all(|notice| notice.items[0].kind() == NoticeKind::Paper));
    world.hear_of_everything().await;

    let request = world.starting(&to, &from, &to, &[SEE]);
    world.front_end.paper().start_paper_delegation(request).await.unwrap();
    minutes_pass(&world, 15).await;
    assert_eq!(kinds(&world.notices(10).await), [(from.id.clone(), 1)]);
    world.hear_of_everything().await;

    // Started and rejected, and started and approved, within the quarter of an hour: only the outcome is told.
    let rejected = world.start_paper(&from, &to, &[SEE]).await;
    world.reject(world.rejecting(&caseworker, &rejected)).await.unwrap();
    minutes_pass(&world, 15).await;
    assert_eq!(kinds(&world.notices(10).await), both);
    world.hear_of_everything().await;
    let approved = world.register_paper(&from, &to, &[SEE]).await;
    world.approve(world.approving(&caseworker, &approved)).await.unwrap();
    minutes_pass(&world, 15).await;
    assert_eq!(kinds(&world.notices(10).await), both);
}

#[tokio::test]
async fn what_one_receiver_should_hear_of_at_once_is_told_in_parts_that_fit() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    let many = format!(
        "insert into notice_item (shard, item_id, receiver_id, kind, delegation_id, occurred_at)
         select 0, gen_random_uuid(), '{}', 'revoked', '{}', '2026-06-15T10:00:01Z' from generate_series(1, 1200)",
        to.id, given.delegation_id
    );
    world.sql(&many).await;
    minutes_pass(&world, 30).await;
    let mut sizes = Vec::new();
    loop {
        let notices = world.notices(10).await;
        if notices.is_empty() {
            break;
        }
        sizes.extend(notices.iter().map(|notice| notice.items.len()));
        world.acknowledge(&notices).await.unwrap();
    }
    assert_eq!(sizes, [500, 500, 201]);
}

#[tokio::test]
async fn an_answer_takes_no_further_notice_once_it_has_five_thousand_items() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    // 20 receivers of 400 items each.
    let many = format!(
        "insert into party (shard, party_id, kind, created_at)
         select 0, lpad(to_hex(n), 32, '0')::uuid, 'person', '2026-01-01' from generate_series(1, 20) n;
         insert into notice_item (shard, item_id, receiver_id, kind, delegation_id, occurred_at)
         select 0, gen_random_uuid(), lpad(to_hex(1 + n % 20), 32, '0')::uuid, 'revoked', '{}',
                timestamptz '2026-06-15T09:00:00Z' + make_interval(secs => n % 20)
         from generate_series(0, 7999) n",
        given.delegation_id
    );
    world.sql(&many).await;
    minutes_pass(&world, 1).await;
    let mut answers = Vec::new();
    for _ in 0..2 {
        let notices = world.notices(500).await;
        answers.push((notices.len(), notices.iter().map(|notice| notice.items.len()).sum::<usize>()));
        world.acknowledge(&notices).await.unwrap();
    }
    assert_eq!(answers, [(13, 5_200), (7, 2_800)]);
}

#[tokio::test]
async fn each_receiver_that_is_told_of_is_in_the_usage_log_once_and_nobody_else() {
    let world = World::with_catalogue().await;
    let (from, other, to) = (world.person().await, world.person().await, world.person().await);
    let entries = async || {
        let rpc = "fuldmagt.v1.NoticeService/ListNotices";
        let all = world.usage().await.into_iter().filter(|entry| entry.rpc == rpc);
        all.map(|entry| (entry.client_id, entry.delegator_id, entry.outcome)).collect::<Vec<_>>()
    };
    world.give(&from, &to, &[SEE]).await;
    world.give(&from, &to, &[CHANGE]).await;
    world.give(&from, &other, &[SEE]).await;
    world.notices(10).await;
    assert_eq!(entries().await, []);
    minutes_pass(&world, 15).await;
    world.notices(10).await;
    let mut receivers: Vec<Uuid> = [&to, &other].map(|party| party.id.parse().unwrap()).to_vec();
    receivers.sort();
    let wanted: Vec<_> =
        receivers.iter().map(|id| ("front-end".to_owned(), Some(*id), "shown".to_owned())).collect();
    assert_eq!(entries().await, wanted);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    Refusals::of(ListNoticesRequest { page_size: 500 })
        .page_size(|request, number| request.page_size = number)
        .sent_by(&world, async |request| world.front_end.notices().list_notices(request).await)
        .await;
}
