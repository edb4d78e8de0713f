//! What the CPR register has happen to parties, through a kill of the service in the middle of it.

use fuldmagt_proto::v1::{
    self, CprEffects, CprRecord, DenialReason, party_service_client::PartyServiceClient,
};
use fuldmagt_service::clock::{IdSource as _, RandomIds};
use fuldmagt_tests::cpr_register::{messages, note_record};
use fuldmagt_tests::fixtures::{Keyring, People, Person};
use fuldmagt_tests::{TestDatabase, database};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::api::{Api, Given};
use super::serving::{Serving, serve};
use super::wait::until_async;

const PRIVILEGE: &str = "urn:dk:process-test:register";
const AUTHORITY: &str = "34051178";
/// Before any day that this may run on.
const AS_OF: &str = "2020-01-01";
/// People of each kind.
const EACH: usize = 3;
/// Held by the test; whoever writes the second event of a kind waits for it.
const HOLD_UP: &str = "
    create function hold_up() returns trigger language plpgsql as $$
    begin
        if exists (select from event e where e.kind = new.kind) then
            perform pg_advisory_xact_lock(4711);
        end if;
        return new;
    end $$;
    create trigger hold_up before insert on event
        for each row when (new.kind in ('terminated', 'renumbered')) execute function hold_up()";

fn start(database: &TestDatabase, keyring: &Keyring) -> Serving {
    let program = serve(&["--dev-plaintext", "--data-dir", "/nowhere"]);
    Serving::start(
        program.env("FULDMAGT_DATABASE__URL", &database.url).env("FULDMAGT_KEYRING_FILE", keyring.path()),
    )
}

async fn count(database: &TestDatabase, what: &str) -> i64 {
    let sql = AssertSqlSafe(format!("select count(*) from {what}"));
    sqlx::query_scalar(sql).fetch_one(&database.pool).await.unwrap()
}

async fn effects(api: &Api, import_id: &str) -> CprEffects {
    let request = v1::GetCprImportRequest { import_id: import_id.to_owned() };
    let answer = PartyServiceClient::new(api.0.clone()).get_cpr_import(request).await.unwrap();
    answer.into_inner().effects.unwrap()
}

/// The register says that the first delegators are dead, and that the others have new numbers, all told.
fn words(given: &[Given], new: &[Person]) -> Vec<CprRecord> {
    let said = |person: &Person, status: &str, new: &str| CprRecord {
        cpr_number: person.cpr.expose().to_owned(),
        status: status.to_owned(),
        new_cpr_number: new.to_owned(),
        ..CprRecord::default()
    };
    let (dead, changed) = given.split_at(EACH);
    let dead = dead.iter().map(|given| said(&given.delegator, "90", ""));
    let changed = changed.iter().zip(new).map(|(given, new)| said(&given.delegator, "60", new.cpr.expose()));
    dead.chain(changed).chain(new.iter().map(|person| said(person, "01", ""))).collect()
}

async fn assert_answered(api: &Api, given: &[Given]) {
    let (dead, changed) = given.split_at(EACH);
    for given in dead {
        let decision = api.check(given, PRIVILEGE).await;
        let reasons = [DenialReason::PartyNotInGoodStanding, DenialReason::Terminated];
        assert!(!decision.granted && reasons.contains(&decision.denial_reason()), "{decision:?}");
    }
    for given in changed {
        assert!(api.check(given, PRIVILEGE).await.granted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_register_says_is_written_out_after_the_service_was_killed_in_the_middle_of_it() {
    let (database, keyring, people) = (database().await, Keyring::generate(), People::starting_at(860_000));
    let serving = start(&database, &keyring);
    let api = Api::connect(&serving).await;
    api.publish(AUTHORITY, &[PRIVILEGE]).await;
    let mut given = Vec::new();
    for _ in 0..2 * EACH {
        given.push(api.give_between([people.person(), people.person()], PRIVILEGE).await);
    }
    let new: Vec<_> = (0..EACH).map(|_| people.person()).collect();
    let records = words(&given, &new);
    records.iter().for_each(note_record);
    let import_id = RandomIds.random_id().to_string();
    database.pool.execute(HOLD_UP).await.unwrap();
    let mut holder = PgConnection::connect(&database.url).await.unwrap();
    holder.execute("select pg_advisory_lock(4711)").await.unwrap();

    let stream = tokio_stream::iter(messages(&import_id, AS_OF, &records, 4));
    PartyServiceClient::new(api.0.clone()).import_cpr_snapshot(stream).await.unwrap();
    // One death is written into its delegation, and one number followed; the next of each is held up.
    let waiting = "pg_locks where locktype = 'advisory' and objid = 4711 and not granted
                   and database = (select oid from pg_database where datname = current_database())";
    until_async("both are in the middle", async || count(&database, waiting).await == 2).await;
    for kind in ["terminated", "renumbered"] {
        assert_eq!(count(&database, &format!("event where kind = '{kind}'")).await, 1);
    }
    assert_answered(&api, &given).await;
    let told = effects(&api, &import_id).await;
    assert_eq!((told.ended_count, told.renumbered_count), (EACH as i64, 1));
    assert!(told.pending_count >= 2 * EACH as i64 - 2, "{told:?}");

    assert_eq!(serving.kill().signal, Some(9));
    // What was under way is undone, as if the machine had gone down.
    let gone = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                where datname = current_database() and application_name = 'fuldmagt'";
    holder.execute(gone).await.unwrap();
    holder.close().await.unwrap();
    until_async("nobody waits any more", async || count(&database, waiting).await == 0).await;
    assert_eq!(count(&database, "event where kind in ('terminated', 'renumbered')").await, 2);

    let serving = start(&database, &keyring);
    let api = Api::connect(&serving).await;
    assert_answered(&api, &given).await;
    until_async("all is written", async || effects(&api, &import_id).await.pending_count == 0).await;
    let each = EACH as i64;
    let wanted = CprEffects { ended_count: each, renumbered_count: each, ..CprEffects::default() };
    assert_eq!(effects(&api, &import_id).await, wanted);
    // Each once.
    for kind in ["died", "terminated", "renumbered"] {
        assert_eq!(count(&database, &format!("event where kind = '{kind}'")).await, each, "{kind}");
    }
    assert_eq!(count(&database, "notice_item where kind = 'ended_by_death'").await, each);
    assert_answered(&api, &given).await;
    for (given, new) in given[EACH..].iter().zip(&new) {
        let (delegator, representative) = (new.clone(), given.representative.clone());
        let by_new = Given { delegator, representative, delegation_id: given.delegation_id.clone() };
        assert!(api.check(&by_new, PRIVILEGE).await.granted);
    }
    assert_eq!(serving.stop().code, Some(0));
}
