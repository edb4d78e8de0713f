//! That a delegation is about to end.

use chrono::{DateTime, Days, TimeDelta, Utc};
use fuldmagt_proto::v1::{CreateDelegationRequest, Delegation, NoticeKind};
use fuldmagt_service::app::App;
use fuldmagt_tests::World;
use fuldmagt_tests::world::{CHANGE, Registered, SEE, instant, instants};

/// How long before the end the parties are told.
const LEAD: u32 = 40;

/// Given now for so many days, exactly.
async fn give_for(
    world: &World,
    from: &Registered,
    to: &Registered,
    privilege: &str,
    days: u64,
) -> Delegation {
    let period = instants(world.now(), world.now() + Days::new(days));
    let request = CreateDelegationRequest { period, ..world.giving(from, to, &[privilege]) };
    world.try_give(request).await.unwrap().delegation.unwrap()
}

/// Looks as often as there is something to tell of; how many items that made.
async fn look(app: &App, days: u32) -> i64 {
    let mut told = 0;
    loop {
        let expiry = app.tell_of_expiry(days).await.unwrap();
        told += expiry.told;
        if !expiry.has_more {
            return told;
        }
    }
}

/// The receivers of what is told as expiring, a quarter of an hour later.
async fn told(world: &World) -> Vec<String> {
    world.advance(TimeDelta::minutes(15)).await;
    let notices = world.notices(500).await;
    world.acknowledge(&notices).await.unwrap();
    let is_expiring = |notice: &&fuldmagt_proto::v1::Notice| {
        notice.items.iter().any(|item| item.kind() == NoticeKind::Expiring)
    };
    let mut receivers: Vec<_> =
        notices.iter().filter(is_expiring).map(|notice| notice.receiver_id.clone()).collect();
    receivers.sort();
    receivers
}

#[tokio::test]
async fn both_parties_are_told_once_forty_days_before_the_end() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let app = world.another_app().await;
    let given = world.now();
    give_for(&world, &from, &to, SEE, 100).await;
    world.hear_of_everything().await;
    world.move_to(given + TimeDelta::days(60) - TimeDelta::seconds(1)).await;
    assert_eq!(look(&app, LEAD).await, 0);
    world.move_to(given + TimeDelta::days(60)).await;
    assert_eq!(look(&app, LEAD).await, 2);
    let mut both = vec![from.id.clone(), to.id.clone()];
    both.sort();
    assert_eq!(told(&world).await, both);
    for days in [0, 1, 39] {
        world.move_to(given + TimeDelta::days(61 + days)).await;
        assert_eq!(look(&app, LEAD).await, 0);
    }
}

#[tokio::test]
async fn being_late_changes_who_is_told_only_when_it_has_ended() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let app = world.another_app().await;
    let given = world.now();
    give_for(&world, &from, &to, SEE, 100).await;
    give_for(&world, &from, &to, CHANGE, 70).await;
    // The job has not run for months: the second is over, the first lasts another hour.
    world.move_to(given + TimeDelta::days(100) - TimeDelta::hours(1)).await;
    assert_eq!(look(&app, LEAD).await, 2);
}

#[tokio::test]
async fn what_is_given_for_forty_days_or_less_is_not_told_of_whenever_it_is_given() {
    let world = World::with_catalogue().await;
    let (from, other, to) = (world.person().await, world.person().await, world.person().await);
    let app = world.another_app().await;
    give_for(&world, &from, &to, SEE, 40).await;
    give_for(&world, &from, &to, CHANGE, 10).await;
    assert_eq!(look(&app, LEAD).await, 0);
    // The same after it has told of something, and of a longer one it still tells.
    give_for(&world, &other, &to, SEE, 41).await;
    world.advance(TimeDelta::days(1)).await;
    assert_eq!(look(&app, LEAD).await, 2);
    give_for(&world, &other, &to, CHANGE, 40).await;
    assert_eq!(look(&app, LEAD).await, 0);
    give_for(&world, &to, &other, CHANGE, 41).await;
    world.advance(TimeDelta::days(1)).await;
    assert_eq!(look(&app, LEAD).await, 2);
}

#[tokio::test]
async fn how_many_days_before_is_for_the_owner_of_the_installation_to_say() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let app = world.another_app().await;
    give_for(&world, &from, &to, SEE, 100).await;
    world.advance(TimeDelta::days(80)).await;
    assert_eq!(look(&app, 10).await, 0);
    assert_eq!(look(&app, 20).await, 2);
}

#[tokio::test]
async fn what_has_ended_or_ends_before_it_is_told_is_not_told_of() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let app = world.another_app().await;
    let given = world.now();
    let revoked = give_for(&world, &from, &to, SEE, 50).await;
    let renounced = give_for(&world, &from, &to, CHANGE, 50).await;
    world.hear_of_everything().await;
    world.move_to(given + TimeDelta::days(10)).await;
    world.revoke(&from, &revoked).await.unwrap();
    assert_eq!(look(&app, LEAD).await, 2);
    world.advance(TimeDelta::minutes(5)).await;
    world.renounce(&to, &renounced).await.unwrap();
    assert_eq!(told(&world).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_running_service_tells_by_itself() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    give_for(&world, &from, &to, SEE, 100).await;
    world.advance(TimeDelta::days(60)).await;
    let process = world.another_process().await;
    world.until_sql("select count(*) from notice_item where kind = 'expiring'", 2).await;
    process.stop().await.unwrap();
}

/// Delegations of a hundred days that end within a minute, each from a party of its own to person `to`.
async fn many(world: &World, to: &Registered, count: usize) {
    let rows = format!(
        "insert into party (shard, party_id, kind, created_at)
         select 0, lpad(to_hex(n), 32, '0')::uuid, 'person', '2026-01-01' from generate_series(1, {count}) n;
         insert into delegation (shard, delegation_id, delegator_id, representative_id, valid_from, valid_to, created_at)
         select 0, lpad(to_hex(1000000 + n), 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid, '{}', t.start,
                t.start + interval '2400 hours' + make_interval(secs => n % 60), t.start
         from generate_series(1, {count}) n, (select timestamptz '{}' as start) t",
        to.id,
        world.now().to_rfc3339()
    );
    world.sql(&rows).await;
}

#[tokio::test]
async fn thousands_that_end_together_are_told_of_in_batches_by_two_processes_at_once_and_none_twice() {
    const MANY: usize = 1_700;
    let world = World::with_catalogue().await;
    let to = world.person().await;
    many(&world, &to, MANY).await;
    world.advance(TimeDelta::days(60) + TimeDelta::minutes(1)).await;
    let (one, other) = (world.another_app().await, world.another_app().await);
    let (first, second) = tokio::join!(look(&one, LEAD), look(&other, LEAD));
    assert_eq!(first + second, 2 * MANY as i64);
    let told: i64 = sqlx::query_scalar(
        "select count(distinct (delegation_id, receiver_id)) from notice_item where kind = 'expiring'",
    )
    .fetch_one(&world.database.pool)
    .await
    .unwrap();
    assert_eq!(told, 2 * MANY as i64);
    assert_eq!(look(&one, LEAD).await, 0);
}

#[tokio::test]
async fn one_that_stops_after_a_batch_is_gone_on_with() {
    let world = World::with_catalogue().await;
    let to = world.person().await;
    many(&world, &to, 600).await;
    world.advance(TimeDelta::days(60) + TimeDelta::minutes(1)).await;
    let first = world.another_app().await.tell_of_expiry(LEAD).await.unwrap();
    assert_eq!((first.told, first.has_more), (1_000, true));
    let second = world.another_app().await.tell_of_expiry(LEAD).await.unwrap();
    assert_eq!((second.told, second.has_more), (200, false));
}

#[tokio::test]
async fn what_is_ended_while_it_is_looked_is_told_of_as_ended_only() {
    const ROUNDS: usize = 40;
    let world = World::with_catalogue().await;
    let to = world.person().await;
    let (app, given): (App, DateTime<Utc>) = (world.another_app().await, world.now());
    let mut delegations = Vec::new();
    for _ in 0..ROUNDS {
        let from = world.person().await;
        delegations.push((give_for(&world, &from, &to, SEE, 100).await, from));
        world.advance(TimeDelta::seconds(1)).await;
    }
    // One more is about to end in each round: it is told of and revoked at once.
    let mut told = 0;
    for (round, (delegation, from)) in delegations.iter().enumerate() {
        world.move_to(given + TimeDelta::days(60) + TimeDelta::seconds(round as i64)).await;
        let (expiry, revoked) = tokio::join!(app.tell_of_expiry(LEAD), world.revoke(from, delegation));
        told += expiry.unwrap().told;
        revoked.unwrap();
    }
    let waiting = "notice_item where kind = 'expiring' and notice_id is null and cancelled_at is null";
    assert_eq!(world.count(waiting).await, 0);
    assert_eq!(world.count("notice_item where kind = 'expiring'").await, told);
}

#[tokio::test]
async fn an_idle_look_writes_nothing_where_there_was_never_anything_to_tell_of() {
    let world = World::with_catalogue().await;
    let before = world.snapshot().await;
    let app = world.another_app().await;
    assert_eq!(look(&app, LEAD).await, 0);
    assert_eq!(world.snapshot().await, before);
    assert_eq!(world.now(), instant("2026-06-15T10:00:00Z"));
}
