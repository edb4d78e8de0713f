//! The embedded default: a service with a Postgres of its own, through kills of either.

use fuldmagt_tests::fixtures::People;
use sqlx::{Connection as _, PgConnection};

use super::api::{Api, Given};
use super::folder::Folder;
use super::program::{fuldmagt, signal};
use super::serving::{Serving, serve_embedded};

const PRIVILEGE: &str = "urn:dk:process-test:embedded";
/// Digitaliseringsstyrelsen, as whom everybody calls in development.
const AUTHORITY: &str = "34051178";

/// A place of our own in the stream of people.
fn people() -> People {
    People::starting_at(810_000)
}

/// How often each RPC stands in the usage log.
async fn usage(folder: &Folder, rpc: &str, outcome: &str) -> i64 {
    let mut session = PgConnection::connect(&folder.database_url("data")).await.expect("a session");
    let count = sqlx::query_scalar("select count(*) from usage_log where rpc = $1 and outcome = $2");
    count.bind(rpc).bind(outcome).fetch_one(&mut session).await.expect("the usage log can be read")
}

async fn assert_all_is_there(serving: &Serving, folder: &Folder, given: &Given, checks_before: i64) {
    let checks = async || usage(folder, "fuldmagt.v1.QueryService/CheckDelegation", "granted").await;
    assert_eq!(checks().await, checks_before);
    let decision = Api::connect(serving).await.check(given, PRIVILEGE).await;
    assert!(decision.granted);
    assert_eq!(decision.delegation_id, given.delegation_id);
    assert_eq!(checks().await, checks_before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_killed_recovers_by_itself_with_all_that_it_had_answered() {
    let (folder, people) = (Folder::new(), people());
    let serving = serve_embedded(&folder, &[]);
    let api = Api::connect(&serving).await;
    api.publish(AUTHORITY, &[PRIVILEGE]).await;
    let given = api.give_between([people.person(), people.person()], PRIVILEGE).await;
    assert_all_is_there(&serving, &folder, &given, 0).await;
    let first = folder.postmaster("data");

    // The service alone: its server follows, or is ended by the next service. No pause: nobody cleans up in between.
    assert_eq!(serving.kill().signal, Some(9));
    let serving = serve_embedded(&folder, &[]);
    let second = folder.postmaster("data");
    assert_ne!(first, second);
    assert_all_is_there(&serving, &folder, &given, 1).await;

    // Both in one moment, as when the power goes.
    signal("KILL", &[second, serving.program.pid()]);
    serving.program.wait();
    let serving = serve_embedded(&folder, &[]);
    folder.postmaster("data");
    assert_all_is_there(&serving, &folder, &given, 2).await;
    let log = std::fs::read_to_string(folder.at("data/postgres.log")).unwrap();
    assert!(log.contains("automatic recovery in progress"), "the second kill was no crash:\n{log}");

    assert_eq!(serving.stop().code, Some(0));
    assert_eq!(folder.processes(), [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_whose_postgres_is_killed_goes_down_and_says_why() {
    let folder = Folder::new();
    let serving = serve_embedded(&folder, &[]);
    signal("KILL", &[folder.postmaster("data")]);
    let ended = serving.program.wait();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let line =
        |wanted: &str| ended.err.lines().any(|line| line.contains(wanted) && line.contains("signal: 9"));
    assert!(line("ERROR") && line("the private Postgres ended"), "{}", ended.err);
    // The killed server's children see for themselves that it is gone.
    folder.wait_until_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_service_on_the_same_folder_is_refused_by_name_and_disturbs_nobody() {
    let folder = Folder::new();
    let serving = serve_embedded(&folder, &[]);
    let postmaster = folder.postmaster("data");
    let (data, first) = (folder.arg("data"), serving.program.pid());
    for second in [
        vec!["serve", "--dev-plaintext", "--listen", "127.0.0.1:0", "--internal-listen", "127.0.0.1:0"],
        vec!["migrate", "--dev-plaintext"],
    ] {
        let refused = fuldmagt(second.iter().copied().chain(["--data-dir", &data])).run();
        assert_eq!(refused.code, Some(1), "{refused:?}");
        let message = format!("another fuldmagt (process {first}) is already running on {data}");
        assert!(refused.err.contains(&message), "{}", refused.err);
    }
    assert_eq!(folder.postmaster("data"), postmaster);
    Api::connect(&serving).await.list_systems().await.unwrap();
    assert_eq!(serving.stop().code, Some(0));
    assert_eq!(folder.processes(), [0; 0]);
}
