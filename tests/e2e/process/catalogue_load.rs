//! `fuldmagt catalogue load`, as an operator runs it.

use fuldmagt_tests::{TestDatabase, database};
use serde_json::{Value, json};

use super::folder::Folder;
use super::program::{Finished, fuldmagt};
use super::serving::{Serving, serve_mtls};

/// Owner of the small catalogue's system; the client `skat` of `dev-certs` belongs to it.
const SKAT: &str = "19552101";

struct World {
    database: TestDatabase,
    folder: Folder,
    serving: Serving,
}

impl World {
    async fn new() -> Self {
        let (database, folder) = (database().await, Folder::new());
        let serving = serve_mtls(&folder, &database.url);
        Self { database, folder, serving }
    }

    fn load_as(&self, client: &str, args: &[&str]) -> Finished {
        let server = format!("https://localhost:{}", self.serving.grpc.port());
        let certs = self.folder.arg("certs");
        let connection = ["--server", &server, "--certs", &certs, "--as", client];
        fuldmagt([&["catalogue", "load"], args, &connection].concat()).run()
    }

    /// Loads as an operator, and tells the answer.
    fn load(&self, args: &[&str]) -> Value {
        let loaded = self.load_as("operator", &[args, &["--json"]].concat());
        assert_eq!((loaded.code, loaded.err.as_str()), (Some(0), ""), "{loaded:?}");
        serde_json::from_str(&loaded.out).unwrap()
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.database.pool).await.unwrap()
    }
}

fn tally(named: usize, changed: usize, unavailable: usize) -> Value {
    json!({ "named": named, "changed": changed, "unavailable": unavailable })
}

/// A system with a privilege, and a package that holds it.
fn small_catalogue(title: &str, privileges: &str) -> String {
    format!(
        r#"
[[system]]
id = "proeve"
authority_cvr = "{SKAT}"
title_da = "Prøve"
title_en = "Test"

[[system.privilege]]
uri = "urn:dk:prøve:se"
title_da = "{title}"
title_en = "See"
description_da = "Se."
description_en = "See."
access = "read"
delegators = ["organisation", "person"]
representatives = ["employee", "person"]

[[system.privilege]]
uri = "urn:dk:prøve:ret"
title_da = "Ret"
title_en = "Change"
description_da = "Rette."
description_en = "Change."
access = "act"
delegators = ["person"]
representatives = ["person"]

[[package]]
id = "proeve"
authority_cvr = "{SKAT}"
title_da = "Prøve"
title_en = "Test"
description_da = "Alt."
description_en = "All."
privileges = [{privileges}]
"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_catalogue_is_loaded_once_and_then_nothing_has_to_change() {
    let world = World::new().await;
    let first = world.load(&[]);
    let [systems, privileges, packages] = [4, 19, 2].map(|number| tally(number, number, 0));
    let wanted =
        json!({ "changed": true, "systems": systems, "privileges": privileges, "packages": packages });
    assert_eq!(first, wanted);
    let events = "select count(*) from event";
    let written = world.count(events).await;
    assert_eq!(written, 4 + 2 * 19 + 2 * 2);
    let second = world.load(&[]);
    let [systems, privileges, packages] = [4, 19, 2].map(|number| tally(number, 0, 0));
    let wanted =
        json!({ "changed": false, "systems": systems, "privileges": privileges, "packages": packages });
    assert_eq!(second, wanted);
    assert_eq!(world.count(events).await, written);
    assert_eq!(world.count("select count(*) from idempotency").await, written);
    let told = world.load_as("operator", &[]);
    assert_eq!(
        told.out,
        "systems: 4 in the file, 0 changed\nprivileges: 19 in the file, 0 changed\n\
         packages: 2 in the file, 0 changed\nNothing had to be changed.\n"
    );
    assert_eq!(world.serving.stop().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_is_changed_and_what_is_hidden_stays_hidden() {
    let world = World::new().await;
    let both = r#""urn:dk:prøve:ret", "urn:dk:prøve:se""#;
    let file = world.folder.file("catalogue.toml", &small_catalogue("Se", both));
    assert_eq!(world.load(&[&file])["packages"], tally(1, 1, 0));
    assert_eq!(world.load(&[&file])["changed"], json!(false));

    world.folder.file("catalogue.toml", &small_catalogue("Se nu", r#""urn:dk:prøve:se""#));
    let changed = world.load(&[&file]);
    assert_eq!(changed["systems"], tally(1, 0, 0));
    assert_eq!(changed["privileges"], tally(2, 1, 0));
    assert_eq!(changed["packages"], tally(1, 1, 0));
    assert_eq!(world.count("select count(*) from privilege_text where title_da = 'Se nu'").await, 1);
    let held = "select count(*) from package_privilege where member_to is null";
    assert_eq!(world.count(held).await, 1);

    let hide = "update privilege set hidden_at = published_at where uri = 'urn:dk:prøve:se'";
    sqlx::query(hide).execute(&world.database.pool).await.unwrap();
    let left = world.load(&[&file]);
    assert_eq!((&left["changed"], &left["privileges"]), (&json!(false), &tally(2, 0, 1)));
    let told = world.load_as("operator", &[&file]);
    assert!(
        told.out.contains("privileges: 2 in the file, 0 changed, 1 hidden or scheduled, and left so\n"),
        "{told:?}"
    );
    assert_eq!(world.serving.stop().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_what_is_refused() {
    let world = World::new().await;
    let unknown = world.folder.file("catalogue.toml", &small_catalogue("Se", r#""urn:dk:prøve:ukendt""#));
    let refused = world.load_as("operator", &[&unknown, "--json"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""), "{refused:?}");
    let refusal: Value = serde_json::from_str(&refused.err).unwrap();
    assert_eq!(
        (&refusal["entry"], &refusal["reason"]),
        (&json!("package proeve"), &json!("PRIVILEGE_NOT_FOUND"))
    );
    // An authority may load what is its own, and nothing else.
    let own = world.folder.file("catalogue.toml", &small_catalogue("Se", r#""urn:dk:prøve:se""#));
    assert_eq!(world.load_as("skat", &[&own]).code, Some(0));
    let refused = world.load_as("skat", &[]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.starts_with("system bolig: refused: OWNER_MISMATCH "), "{}", refused.err);
    let refused = world.load_as("borger-dk", &[]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("refused: ROLE_MISSING "), "{}", refused.err);
    assert_eq!(world.serving.stop().code, Some(0));
}

#[test]
fn a_file_that_is_no_catalogue_is_refused_with_line_and_reason_before_anybody_is_asked() {
    let folder = Folder::new();
    let good = small_catalogue("Se", r#""urn:dk:prøve:se""#);
    let refused = |content: &str| {
        let file = folder.file("catalogue.toml", content);
        let refused = fuldmagt(["catalogue", "load", &file, "--server", "http://127.0.0.1:1"]).run();
        assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""), "{refused:?}");
        assert!(refused.err.contains("catalogue.toml is no catalogue"), "{}", refused.err);
        refused.err
    };
    let told = refused(&good.replace("urn:dk:prøve:ret", "prøve"));
    assert!(told.contains("line 19, column 7") && told.contains("not a privilege URI"), "{told}");
    let told = refused(&good.replace(r#"access = "act""#, "access = \"act\"\nmin_age = 200"));
    assert!(told.contains("line 19: min_delegator_age_years: an age is 0 to 150 completed years"), "{told}");
    let told = refused(&good.replace("[[package]]", "[[packages]]"));
    assert!(told.contains("unknown field `packages`"), "{told}");
    let told = refused(&"#".repeat(5_000_000));
    assert!(told.contains("longer than 4194304 bytes"), "{told}");
    let missing = fuldmagt(["catalogue", "load", &folder.arg("missing.toml")]).run();
    assert_eq!(missing.code, Some(1));
    assert!(missing.err.contains("missing.toml is no catalogue: No such file"), "{}", missing.err);
}
