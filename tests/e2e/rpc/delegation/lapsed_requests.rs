//! Requests that nobody answers: lapsed by computation, and written down later so that history and notices tell it.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{
    Channel, Delegation, DelegationEvent, DelegationEventKind, DelegationStatus, PartySide,
    RequestDelegationRequest,
};
use fuldmagt_service::app::App;
use fuldmagt_tests::World;
use fuldmagt_tests::world::{CHANGE, Registered, SEE, SIGN, until_day};

/// More than are looked up at once.
const MANY: i64 = 120;

fn lapses_after() -> TimeDelta {
    TimeDelta::days(30)
}

/// Writes down all that has lapsed, as the job does. How many requests it has seen to.
async fn written_down(app: &App) -> usize {
    let (mut settled, mut after) = (0, None);
    loop {
        let batch = app.lapse_requests(after).await.unwrap();
        assert_eq!(batch.failed, 0);
        settled += batch.settled;
        after = batch.next;
        if after.is_none() {
            return settled;
        }
    }
}

/// Asks for many delegations, as many as each requester may. Everybody who asks or is asked.
async fn many_requests(world: &World) -> Vec<Registered> {
    let mut everybody = Vec::new();
    for _ in 0..4 {
        everybody.push(world.person().await);
    }
    for _ in 0..MANY / 20 {
        let helper = world.person().await;
        for citizen in &everybody[..4] {
            for _ in 0..5 {
                world.request(&helper, citizen, &[SEE]).await;
            }
        }
        everybody.push(helper);
    }
    everybody
}

#[tokio::test]
async fn a_lapse_that_is_written_down_changes_no_answer_but_the_history() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let asking = |privilege| RequestDelegationRequest {
        period: until_day("2026-12-24"),
        ..world.requesting(&helper, &citizen, &[privilege])
    };
    let request = world.try_request(asking(SEE)).await.unwrap();
    // Neither what was answered nor what can be answered still has lapsed.
    let answered = world.try_request(asking(CHANGE)).await.unwrap();
    world.accept(&citizen, &answered).await;
    world.a_second_passes().await;
    let younger = world.request(&helper, &citizen, &[SIGN]).await;
    world.advance(lapses_after() - TimeDelta::seconds(1)).await;

    let before = [world.see(&helper, &request).await.unwrap(), world.see(&citizen, &request).await.unwrap()];
    let listed = world.listed(&helper, PartySide::RequestsMade).await;
    let app = world.another_app().await;
    assert_eq!((written_down(&app).await, written_down(&app).await), (1, 0));
    let written = |told: Delegation| Delegation { etag: "2".to_owned(), ..told };
    let after = [world.see(&helper, &request).await.unwrap(), world.see(&citizen, &request).await.unwrap()];
    assert_eq!(after, before.map(written));
    assert_eq!(after[0].status(), DelegationStatus::Lapsed);
    assert_eq!((after[0].end_time, after[0].lapse_time), (request.lapse_time, request.lapse_time));
    let wanted: Vec<_> = listed
        .into_iter()
        .map(|told| if told.delegation_id == request.delegation_id { written(told) } else { told })
        .collect();
    assert_eq!(world.listed(&helper, PartySide::RequestsMade).await, wanted);
    assert_eq!(world.see(&helper, &younger).await.unwrap().status(), DelegationStatus::Requested);

    // Nobody did it, on nobody's word; and as of then.
    let lapsed = DelegationEvent {
        kind: DelegationEventKind::Lapsed.into(),
        event_time: request.lapse_time,
        channel: Channel::System.into(),
        etag: "2".to_owned(),
        ..DelegationEvent::default()
    };
    assert_eq!(world.history(&helper, &request).await[1..], [lapsed]);
    let told = format!(
        "notice_item where kind = 'lapsed' and receiver_id = '{}' and cancelled_at is null",
        helper.id
    );
    assert_eq!((world.count(&told).await, world.count("notice_item where kind = 'lapsed'").await), (1, 1));
    let logged =
        world.usage().await.into_iter().filter(|entry| entry.outcome == "lapsed").collect::<Vec<_>>();
    assert_eq!(logged.len(), 1);
    assert_eq!((logged[0].client_id.as_str(), logged[0].actor_id), ("service_itself", None));
    assert_eq!(logged[0].rpc, "fuldmagt.jobs/LapseRequests");
    world.assert_agreement(&[&helper, &citizen]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_write_many_lapses_down_once_each() {
    let world = World::with(&[("database.max_connections", "8")]).await;
    world.catalogue().await;
    let everybody = many_requests(&world).await;
    let (one, other) = (world.another_app().await, world.another_app().await);
    world.advance(lapses_after() - TimeDelta::microseconds(1)).await;
    assert_eq!(written_down(&one).await, 0);
    world.advance(TimeDelta::microseconds(1)).await;
    let (one, other) = tokio::join!(
        tokio::spawn(async move { written_down(&one).await }),
        tokio::spawn(async move { written_down(&other).await })
    );
    // Each may have come to a request that the other was writing down.
    let seen_to = one.unwrap() + other.unwrap();
    assert!((MANY as usize..=2 * MANY as usize).contains(&seen_to), "{seen_to}");
    assert_eq!(world.count("event where kind = 'lapsed'").await, MANY);
    assert_eq!(world.count("delegation where status = 'lapsed' and ended_at = lapses_at").await, MANY);
    assert_eq!(world.count("notice_item where kind = 'lapsed'").await, MANY);
    assert_eq!(world.count("usage_log where outcome = 'lapsed'").await, MANY);
    assert_eq!(world.count("usage_log where client_id = 'service_itself' and outcome <> 'lapsed'").await, 0);
    world.assert_agreement(&everybody.iter().collect::<Vec<_>>()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_at_the_last_moment_and_the_lapse_never_both_happen() {
    let world = World::with(&[("database.max_connections", "8")]).await;
    world.catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let app = world.another_app().await;
    for round in 0..12 {
        let request = RequestDelegationRequest {
            period: until_day("2027-12-24"),
            ..world.requesting(&helper, &citizen, &[SEE])
        };
        let request = world.try_request(request).await.unwrap();
        // The answer is for the last instant, and the time goes on while it is on its way.
        world.advance(lapses_after() - TimeDelta::microseconds(1)).await;
        let time_goes_on = async {
            tokio::time::sleep(std::time::Duration::from_micros(round % 6 * 700)).await;
            world.clock.advance(TimeDelta::microseconds(1));
            written_down(&app).await
        };
        let (withdrawn, _) = tokio::join!(world.withdraw(&helper, &request), time_goes_on);
        let seen = world.see(&helper, &request).await.unwrap();
        let wanted = if withdrawn.is_ok() { DelegationStatus::Withdrawn } else { DelegationStatus::Lapsed };
        assert_eq!((seen.status(), seen.etag.as_str()), (wanted, "2"));
    }
    world.assert_agreement(&[&helper, &citizen]).await;
}

#[tokio::test]
async fn a_process_writes_down_by_itself_what_has_lapsed() {
    let world = World::with_catalogue().await;
    let (helper, citizen) = (world.person().await, world.person().await);
    let request = world.request(&helper, &citizen, &[SEE]).await;
    world.advance(lapses_after()).await;
    let process = world.another_process().await;
    world.until_sql("select count(*) from delegation where status = 'lapsed'", 1).await;
    process.stop().await.unwrap();
    assert_eq!(world.see(&helper, &request).await.unwrap().etag, "2");
    world.assert_agreement(&[&helper, &citizen]).await;
}
