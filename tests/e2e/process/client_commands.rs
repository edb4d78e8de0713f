//! `check`, `give`, `revoke` and `list` against a service with certificates, as a script uses them.

use fuldmagt_tests::database;
use fuldmagt_tests::fixtures::People;
use serde_json::Value;

use super::api::{Api, in_a_month};
use super::folder::Folder;
use super::program::{Finished, Program, fuldmagt};
use super::serving::{Serving, serve_mtls};

const GIVEN: &str = "urn:dk:process-test:given";
const NOT_GIVEN: &str = "urn:dk:process-test:not-given";
/// The client `skat` of `dev-certs` belongs to this one.
const SKAT: &str = "19552101";

struct World {
    folder: Folder,
    serving: Serving,
    /// On the command line: in files, because other users of a machine see arguments.
    delegator: String,
    representative: String,
}

impl World {
    async fn new() -> (Self, fuldmagt_tests::TestDatabase) {
        let (database, folder, people) = (database().await, Folder::new(), People::starting_at(850_000));
        let serving = serve_mtls(&folder, &database.url);
        let operator = Api::connect_as(&serving, &folder, "operator").await;
        operator.publish(SKAT, &[GIVEN, NOT_GIVEN]).await;
        let file = |name: &str| {
            format!("cpr:@{}", folder.file(name, &format!("{}\n", people.person().cpr.expose())))
        };
        let (delegator, representative) = (file("delegator"), file("representative"));
        (Self { folder, serving, delegator, representative }, database)
    }

    fn client(&self, client: &str, args: &[&str]) -> Program {
        let server = format!("https://localhost:{}", self.serving.grpc.port());
        let (certs, command) = (self.folder.arg("certs"), args);
        let connection = ["--server", &server, "--certs", &certs, "--as", client, "--json"];
        fuldmagt([command, &connection].concat())
    }

    fn give(&self) -> Finished {
        let to = in_a_month();
        let parties = ["--delegator", &self.delegator, "--representative", &self.representative];
        let what = ["--privilege", GIVEN, "--to", &to, "--message", "Tak for hjælpen med papirerne."];
        fuldmagt_tests::fixtures::note_secret("Tak for hjælpen med papirerne.");
        self.client("borger-dk", &[&["give"], &parties[..], &what[..]].concat()).run()
    }

    fn check(&self, client: &str, privilege: &str) -> Finished {
        let parties = ["--delegator", &self.delegator, "--representative", &self.representative];
        self.client(client, &[&["check", "--privilege", privilege], &parties[..]].concat()).run()
    }

    /// Tells who is who, to who asked: that is no leak.
    fn list(&self, client: &str, what: &str, whose: &str) -> Vec<Value> {
        let listed = self.client(client, &["list", what, whose]).answering_in_person().run();
        assert_eq!((listed.code, listed.err.as_str()), (Some(0), ""), "list {what}");
        json(&listed.out).as_array().unwrap().clone()
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delegation_is_given_checked_listed_and_revoked_by_commands_that_print_json() {
    let (world, _database) = World::new().await;
    let given = world.give();
    assert_eq!((given.code, given.err.as_str()), (Some(0), ""));
    let given = json(&given.out);
    let id = given["delegation_id"].as_str().unwrap();
    assert_eq!(given["privileges"], serde_json::json!([GIVEN]));

    let yes = world.check("skat", GIVEN);
    assert_eq!((yes.code, yes.err.as_str()), (Some(0), ""));
    let yes = json(&yes.out);
    assert_eq!((&yes["granted"], &yes["denial_reason"]), (&Value::Bool(true), &Value::Null));
    assert_eq!((&yes["delegation_id"], &yes["valid_to"]), (&given["delegation_id"], &given["valid_to"]));
    let no = world.check("skat", NOT_GIVEN);
    assert_eq!((no.code, no.err.as_str()), (Some(3), ""));
    assert_eq!(json(&no.out)["denial_reason"], "NO_DELEGATION");

    for (client, what, whose) in [
        ("borger-dk", "given", &world.delegator),
        ("borger-dk", "held", &world.representative),
        ("skat", "representatives", &world.delegator),
        ("skat", "delegators", &world.representative),
    ] {
        let listed = world.list(client, what, whose);
        let ids: Vec<_> = listed.iter().map(|entry| entry["delegation_id"].as_str().unwrap()).collect();
        assert_eq!(ids, [id], "list {what}");
    }

    let revoked = world.client("borger-dk", &["revoke", id, "--by", &world.delegator]).run();
    assert_eq!((revoked.code, revoked.err.as_str()), (Some(0), ""));
    assert_eq!(json(&revoked.out)["status"], "REVOKED");
    let no = world.check("skat", GIVEN);
    assert_eq!((no.code, json(&no.out)["denial_reason"].as_str()), (Some(3), Some("REVOKED")));
    assert!(world.list("skat", "delegators", &world.representative).is_empty());
    assert_eq!(world.serving.stop().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_of_the_demo_catalogue_is_given_by_its_id_or_one_of_its_versions() {
    let (world, _database) = World::new().await;
    let loaded = world.client("operator", &["catalogue", "load"]).run();
    assert_eq!((loaded.code, loaded.err.as_str()), (Some(0), ""));
    let to = in_a_month();
    let give = |package: &str| {
        let parties = ["--delegator", &world.delegator, "--representative", &world.representative];
        world
            .client("borger-dk", &[&["give", "--package", package, "--to", &to], &parties[..]].concat())
            .run()
    };
    for wrong in ["skat-samlet@", "skat-samlet@0", "skat-samlet@new"] {
        let refused = give(wrong);
        assert_eq!(refused.code, Some(64), "{refused:?}");
        assert!(refused.err.contains("a version is a whole number from 1"), "{}", refused.err);
    }
    for (package, packages, privileges) in [("skat-samlet", 1, 0), ("skat-samlet@1", 0, 4)] {
        let given = give(package);
        assert_eq!((given.code, given.err.as_str()), (Some(0), ""), "{package}");
        let given = json(&given.out);
        let counts = ["packages", "privileges"].map(|list| given[list].as_array().unwrap().len());
        assert_eq!(counts, [packages, privileges], "{given}");
        assert_eq!(world.check("skat", "urn:dk:skat:gaeld:se").code, Some(0));
        let revoke = ["revoke", given["delegation_id"].as_str().unwrap(), "--by", &world.delegator];
        assert_eq!(world.client("borger-dk", &revoke).run().code, Some(0));
    }
    assert_eq!(world.serving.stop().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_refused_ends_with_1_and_prints_the_reason_as_json() {
    let (mut world, _database) = World::new().await;
    let refusal = |ended: Finished| {
        assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{ended:?}");
        json(&ended.err)
    };
    let denied = refusal(world.check("borger-dk", GIVEN));
    assert_eq!(denied["code"], "PermissionDenied");
    let unknown = refusal(world.client("borger-dk", &["list", "given", &world.delegator]).run());
    assert_eq!((&unknown["code"], &unknown["reason"]), (&"NotFound".into(), &"PARTY_NOT_FOUND".into()));

    // Neither date exists, so that neither is anybody's number.
    world.delegator = format!("cpr:@{}", world.folder.file("delegator", "3113700000\n"));
    let malformed = refusal(world.check("skat", GIVEN));
    assert_eq!(malformed["code"], "InvalidArgument");
    assert_eq!(malformed["fields"][0]["field"], "delegator.cpr_number");
    world.delegator = "cpr:@/nowhere".to_owned();
    let unreadable = world.check("skat", GIVEN);
    assert_eq!(unreadable.code, Some(1));
    assert!(unreadable.err.contains("/nowhere cannot be read"), "{}", unreadable.err);
    assert_eq!(world.serving.stop().code, Some(0));
}

#[test]
fn a_command_that_finds_no_service_says_where_it_looked() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = format!("http://{nobody}");
    let ended = fuldmagt(["list", "given", "cvr:34051178", "--server", &server]).run();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains(&format!("no service answers at {server}")), "{}", ended.err);
}
