//! Front ends that list, acknowledge and are outrun at once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use fuldmagt_proto::v1::{AcknowledgeNoticesRequest, ListNoticesRequest, Notice};
use fuldmagt_tests::World;
use fuldmagt_tests::world::{Client, SEE};

/// Rounds of each race.
const ROUNDS: usize = 60;
/// Receivers of each round.
const RECEIVERS: usize = 24;
/// Items of each receiver.
const ITEMS: usize = 5;

async fn list(client: &Client) -> Vec<Notice> {
    let request = ListNoticesRequest { page_size: 500 };
    client.notices().list_notices(request).await.unwrap().into_inner().notices
}

/// Everybody hears of something, several times within a few minutes.
async fn happen(world: &World, delegation_id: &str) {
    let rows = format!(
        "insert into notice_item (shard, item_id, receiver_id, kind, delegation_id, occurred_at)
         select 0, gen_random_uuid(), lpad(to_hex(1 + n % {RECEIVERS}), 32, '0')::uuid, 'revoked', '{delegation_id}',
                timestamptz '{}' + make_interval(secs => n)
         from generate_series(0, {RECEIVERS} * {ITEMS} - 1) n",
        world.now().to_rfc3339()
    );
    world.sql(&rows).await;
}

async fn crowd() -> (World, String) {
    let world = World::with_catalogue().await;
    let given = world.give(&world.person().await, &world.person().await, &[SEE]).await;
    world.hear_of_everything().await;
    let parties = format!(
        "insert into party (shard, party_id, kind, created_at)
         select 0, lpad(to_hex(n), 32, '0')::uuid, 'person', '2026-01-01' from generate_series(1, {RECEIVERS}) n"
    );
    world.sql(&parties).await;
    (world, given.delegation_id)
}

/// Each item of each receiver, by notice.
fn by_notice(answers: &[Vec<Notice>]) -> BTreeMap<String, Notice> {
    let mut all = BTreeMap::new();
    for notice in answers.iter().flatten() {
        let known = all.entry(notice.notice_id.clone()).or_insert_with(|| notice.clone());
        assert_eq!(known, notice, "a notice is the same for everybody");
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_front_ends_that_list_at_once_tell_each_item_in_one_notice_and_lose_none() {
    let (world, delegation_id) = crowd().await;
    let clients = [&world.front_end, &world.other_front_end].map(Client::reconnected);
    for _ in 0..ROUNDS {
        happen(&world, &delegation_id).await;
        world.advance(TimeDelta::minutes(20)).await;
        let (a, b, c, d) =
            tokio::join!(list(&clients[0]), list(&clients[1]), list(&clients[0]), list(&clients[1]));
        // What one left to another is in the other's answer, or in the next.
        let all = by_notice(&[a, b, c, d, list(&clients[0]).await]);
        let receivers: BTreeSet<_> = all.values().map(|notice| notice.receiver_id.clone()).collect();
        assert_eq!((all.len(), receivers.len()), (RECEIVERS, RECEIVERS), "one notice for each");
        assert!(all.values().all(|notice| notice.items.len() == ITEMS));
        acknowledge_at_once(&world, &clients, &all).await;
    }
    assert_eq!(world.count("notice_item where notice_id is null or acknowledged_at is null").await, 0);
    assert_eq!(
        world.count("(select notice_id from notice_item group by notice_id having count(distinct receiver_id) > 1) x").await,
        0
    );
}

/// Both acknowledge most of them, in opposite orders: each notice is counted once.
async fn acknowledge_at_once(world: &World, clients: &[Client; 2], all: &BTreeMap<String, Notice>) {
    let acknowledge = async |client: &Client, notice_ids: Vec<String>| {
        let request = AcknowledgeNoticesRequest { request_id: world.request_id(), notice_ids };
        client.notices().acknowledge_notices(request).await.unwrap().into_inner().acknowledged_count
    };
    let ids: Vec<String> = all.keys().cloned().collect();
    let (one, other) = tokio::join!(
        acknowledge(&clients[0], ids[..20].to_vec()),
        acknowledge(&clients[1], ids[4..].iter().rev().cloned().collect()),
    );
    assert_eq!(usize::try_from(one + other).unwrap(), ids.len());
    assert_eq!(list(&clients[0]).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_withdrawn_while_it_is_told_is_told_or_withdrawn_and_not_both() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let (mut told, mut withdrawn) = (0, 0);
    for round in 0..ROUNDS {
        let given = world.give(&from, &to, &[SEE]).await;
        world.advance(TimeDelta::minutes(15)).await;
        let late = std::time::Duration::from_micros([0, 2_000, 5_000][round % 3]);
        let (notices, revoked) = tokio::join!(
            async {
                tokio::time::sleep(late).await;
                list(&world.front_end).await
            },
            world.revoke(&from, &given)
        );
        revoked.unwrap();
        match notices.len() {
            0 => withdrawn += 1,
            _ => told += 1,
        }
        world.hear_of_everything().await;
    }
    assert_eq!(world.count("notice_item where kind = 'given' and notice_id is not null").await, told);
    assert_eq!(world.count("notice_item where kind = 'given' and cancelled_at is not null").await, withdrawn);
    assert_eq!(
        world.count("notice_item where kind = 'revoked' and notice_id is not null").await,
        told + withdrawn
    );
}
