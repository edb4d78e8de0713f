//! The end of a service: what runs is finished within a time, what is new is refused, and a second signal aborts.

use std::time::{Duration, Instant};

use fuldmagt_tests::fixtures::{Keyring, People};
use fuldmagt_tests::{TestDatabase, database};
use tokio::task::JoinHandle;
use tonic::{Code, Status};

use super::api::{Api, reason};
use super::blocker::Blocker;
use super::folder::Folder;
use super::serving::{Serving, serve, serve_embedded};
use super::wait::{until_async, until_some};

const PRIVILEGE: &str = "urn:dk:process-test:shutdown";
const AUTHORITY: &str = "34051178";
/// What is held up is held up by us, not by a limit of the service.
const PATIENT: [&str; 4] =
    ["--set", "database.statement_timeout_ms=60000", "--set", "limits.default_deadline_ms=60000"];

type Running = JoinHandle<Result<fuldmagt_proto::v1::CreateDelegationResponse, Status>>;

/// A service on a database of the tests' cluster.
fn start(database: &TestDatabase, keyring: &Keyring, args: &[&str]) -> Serving {
    let own = ["--dev-plaintext", "--data-dir", "/nowhere"];
    let program = serve(&[&own, &PATIENT[..], args].concat());
    Serving::start(
        program.env("FULDMAGT_DATABASE__URL", &database.url).env("FULDMAGT_KEYRING_FILE", keyring.path()),
    )
}

/// Begins to give a delegation, and waits until that is held up.
async fn begin_to_give(api: &Api, place: u64, database_url: &str) -> (Blocker, Running) {
    let people = People::starting_at(place);
    api.publish(AUTHORITY, &[PRIVILEGE]).await;
    let parties = [api.register(&people.person()).await, api.register(&people.person()).await];
    let mut blocker = Blocker::take(database_url).await;
    let api = api.clone();
    let running = tokio::spawn(async move { api.give(&parties, PRIVILEGE).await });
    blocker.wait_until_somebody_waits().await;
    (blocker, running)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_told_to_stop_finishes_what_runs_and_refuses_what_is_new() {
    let (database, keyring) = (database().await, Keyring::generate());
    let serving = start(&database, &keyring, &["--set", "limits.shutdown_grace_ms=60000"]);
    let api = Api::connect(&serving).await;
    let (blocker, running) = begin_to_give(&api, 820_000, &database.url).await;

    serving.program.signal("TERM");
    serving.program.wait_for("shutting down");
    let mut refusal = None;
    until_async("a new RPC on an open connection is refused", async || {
        refusal = api.list_systems().await.err();
        refusal.is_some()
    })
    .await;
    let refusal = refusal.unwrap();
    assert_eq!(
        (refusal.code(), reason(&refusal).as_str()),
        (Code::Unavailable, "SHUTTING_DOWN"),
        "{refusal:?}"
    );
    until_async("a new connection is refused", async || {
        tokio::net::TcpStream::connect(serving.grpc).await.is_err()
    })
    .await;
    assert!(!running.is_finished());

    blocker.release().await;
    let given = running.await.unwrap().unwrap();
    assert!(!given.delegation.unwrap().delegation_id.is_empty());
    let ended = serving.program.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.err.contains("cut off"), "{}", ended.err);
    let kept: i64 =
        sqlx::query_scalar("select count(*) from delegation").fetch_one(&database.pool).await.unwrap();
    assert_eq!(kept, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_finish_within_the_time_for_shutdown_is_cut_off() {
    let (database, keyring) = (database().await, Keyring::generate());
    let serving = start(&database, &keyring, &["--set", "limits.shutdown_grace_ms=200"]);
    let api = Api::connect(&serving).await;
    let (blocker, running) = begin_to_give(&api, 830_000, &database.url).await;

    serving.program.signal("TERM");
    let ended = serving.program.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.err.contains("RPCs are cut off"), "{}", ended.err);
    running.await.unwrap().expect_err("there was nobody left to answer");
    blocker.release().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_aborts_at_once_and_leaves_nothing_running() {
    let folder = Folder::new();
    let serving =
        serve_embedded(&folder, &[&PATIENT[..], &["--set", "limits.shutdown_grace_ms=60000"]].concat());
    let api = Api::connect(&serving).await;
    let (_blocker, running) = begin_to_give(&api, 840_000, &folder.database_url("data")).await;

    serving.program.signal("TERM");
    serving.program.wait_for("shutting down");
    let told_again = Instant::now();
    serving.program.signal("INT");
    let ended = serving.program.wait();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(told_again.elapsed() < Duration::from_secs(10), "that was not at once");
    assert!(ended.err.contains("told to stop again"), "{}", ended.err);
    running.await.unwrap().expect_err("there was nobody left to answer");
    // Its server shuts down by itself.
    folder.wait_until_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_ends_a_service_like_a_request_to_terminate() {
    let (database, keyring) = (database().await, Keyring::generate());
    let serving = start(&database, &keyring, &[]);
    serving.program.signal("INT");
    assert_eq!(serving.program.wait().code, Some(0));
}

#[test]
fn a_service_that_is_told_to_stop_before_it_has_started_leaves_nothing_running() {
    let folder = Folder::new();
    let program = serve(&["--dev-plaintext", "--data-dir", &folder.arg("data")]).start();
    until_some("it has begun", || folder.at("data/lock").exists().then_some(()));
    program.signal("TERM");
    let ended = program.wait();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    folder.wait_until_left();
}
