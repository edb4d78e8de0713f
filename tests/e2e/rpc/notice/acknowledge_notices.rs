//! `NoticeService.AcknowledgeNotices`.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{AcknowledgeNoticesRequest, Notice};
use fuldmagt_tests::world::{CHANGE, SEE};
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use crate::rpc::fields::SOME_UUID;
use crate::rpc::idempotency::replays;
use crate::rpc::refusals::Refusals;

/// Notices to that many receivers, told.
async fn told(world: &World, receivers: usize) -> Vec<Notice> {
    let from = world.person().await;
    for _ in 0..receivers {
        let to = world.person().await;
        world.give(&from, &to, &[SEE]).await;
        world.give(&from, &to, &[CHANGE]).await;
    }
    world.advance(TimeDelta::minutes(15)).await;
    let notices = world.notices(500).await;
    assert_eq!(notices.len(), receivers);
    notices
}

fn acknowledging(world: &World, notices: &[Notice]) -> AcknowledgeNoticesRequest {
    AcknowledgeNoticesRequest {
        request_id: world.request_id(),
        notice_ids: notices.iter().map(|notice| notice.notice_id.clone()).collect(),
    }
}

#[tokio::test]
async fn what_is_acknowledged_is_told_no_more_and_acknowledging_again_changes_nothing() {
    let world = World::with_catalogue().await;
    let notices = told(&world, 3).await;
    assert_eq!(world.acknowledge(&notices[..2]).await.unwrap(), 2);
    assert_eq!(world.notices(10).await, notices[2..]);
    let mut before = world.snapshot().await;
    assert_eq!(world.acknowledge(&notices[..2]).await.unwrap(), 0);
    let mut after = world.snapshot().await;
    // That the request was answered is all that is new.
    assert_ne!(before.remove("idempotency"), after.remove("idempotency"));
    assert_eq!(before, after);
    // What was not yet is counted, though the others were.
    assert_eq!(world.acknowledge(&notices).await.unwrap(), 1);
    assert_eq!(world.notices(10).await, []);
}

#[tokio::test]
async fn one_notice_that_there_is_not_and_nothing_is_acknowledged() {
    let world = World::with_catalogue().await;
    let notices = told(&world, 2).await;
    let mut request = acknowledging(&world, &notices);
    request.notice_ids.push(SOME_UUID.to_owned());
    let before = world.snapshot().await;
    let status = world.front_end.notices().acknowledge_notices(request).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::because(Code::NotFound, "NOTICE_NOT_FOUND"));
    assert_eq!(world.snapshot().await, before);
    assert_eq!(world.notices(10).await, notices);
}

#[tokio::test]
async fn an_item_is_no_notice_and_one_front_end_acknowledges_for_all() {
    let world = World::with_catalogue().await;
    let notices = told(&world, 1).await;
    let item: uuid::Uuid = sqlx::query_scalar("select item_id from notice_item limit 1")
        .fetch_one(&world.database.pool)
        .await
        .unwrap();
    let request =
        AcknowledgeNoticesRequest { request_id: world.request_id(), notice_ids: vec![item.to_string()] };
    let status = world.front_end.notices().acknowledge_notices(request).await.unwrap_err();
    assert_eq!(Refused::of(&status).reason, "NOTICE_NOT_FOUND");
    let request = acknowledging(&world, &notices);
    world.other_front_end.notices().acknowledge_notices(request).await.unwrap();
    assert_eq!(world.notices(10).await, []);
}

#[tokio::test]
async fn the_same_request_gets_its_first_answer_again() {
    let world = World::with_catalogue().await;
    let notices = told(&world, 2).await;
    let request = acknowledging(&world, &notices[..1]);
    let other = AcknowledgeNoticesRequest {
        request_id: request.request_id.clone(),
        ..acknowledging(&world, &notices)
    };
    let send = async |request| world.front_end.notices().acknowledge_notices(request).await;
    replays(&world, (request, other), send, async || {
        world.acknowledge(&notices).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn each_receiver_is_in_the_usage_log() {
    let world = World::with_catalogue().await;
    let notices = told(&world, 2).await;
    world.acknowledge(&notices).await.unwrap();
    world.acknowledge(&notices[..1]).await.unwrap();
    let rpc = "fuldmagt.v1.NoticeService/AcknowledgeNotices";
    let all = world.usage().await.into_iter().filter(|entry| entry.rpc == rpc);
    let mut logged: Vec<_> =
        all.map(|entry| (entry.delegator_id.unwrap().to_string(), entry.outcome)).collect();
    logged.sort();
    let entry = |n: usize| (notices[n].receiver_id.clone(), "acknowledged".to_owned());
    let mut wanted = vec![entry(0), entry(0), entry(1)];
    wanted.sort();
    assert_eq!(logged, wanted);
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let notices = told(&world, 2).await;
    let good = acknowledging(&world, &notices);
    let many = |count: u128| (1..=count).map(|n| uuid::Uuid::from_u128(n).to_string()).collect::<Vec<_>>();
    let first = good.notice_ids[0].clone();
    Refusals::of(good)
        .request_id(|request, text| request.request_id = text)
        .uuid("notice_ids[1]", |request, text| request.notice_ids[1] = text)
        .field("notice_ids", "NOTICES_COUNT", |request| request.notice_ids.clear())
        .field("notice_ids", "NOTICES_COUNT", move |request| request.notice_ids = many(501))
        .field("notice_ids[2]", "NOTICE_DUPLICATE", move |request| {
            request.notice_ids.push(first.to_uppercase())
        })
        .because(Code::NotFound, "NOTICE_NOT_FOUND", |request| request.notice_ids[0] = SOME_UUID.to_owned())
        .sent_by(&world, async |request| world.front_end.notices().acknowledge_notices(request).await)
        .await;
}
