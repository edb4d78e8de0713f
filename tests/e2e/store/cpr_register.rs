//! The CPR register in the store: what it says of the parties that are known, and that nobody reads the rest.

use chrono::NaiveDate;
use fuldmagt_domain::{
    address::{Address, CountryCode},
    cpr_record::{CprRecord, RegisteredPerson},
    cpr_status::{CprStatus, Effect, Effects},
    identifier::{CprNumber, Identifier},
    party::PartyId,
    text::{AddressLine, Name},
};
use fuldmagt_service::clock::IdSource as _;
use fuldmagt_store::{
    Error,
    cpr::{Begin, RegisterEntry, Switch},
};
use fuldmagt_tests::fixtures::note_secret;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::encryption::{assert_unreadable, places};
use super::world::{CLIENT, World};

const ENTRY: &str = include_str!("../../../crates/store/src/cpr/entry.sql");

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn living(name: &str, lines: &[&str]) -> RegisteredPerson {
    let lines = lines.iter().map(|line| AddressLine::parse(line).unwrap()).collect();
    RegisteredPerson {
        is_protected: true,
        name: Some(Name::parse(name).unwrap()),
        address: Some(Address::new(lines, CountryCode::DENMARK).unwrap()),
    }
}

pub(super) fn record(number: &CprNumber, status: CprStatus, new: Option<&CprNumber>) -> CprRecord {
    let person = living("Åse Egernsund-Åløkke", &["Søndre Ringvej 17", "5970 Ærøskøbing"]);
    CprRecord::new(number.clone(), status, new.cloned(), person).unwrap()
}

/// Imports the records as of that day, as the service does.
pub(super) async fn import(world: &World, as_of: &str, records: &[CprRecord], effects: &Effects) {
    let begin = Begin {
        client: CLIENT,
        import_id: world.ids.random_id(),
        as_of: day(as_of),
        expected_row_count: records.len() as u64,
        at: world.now(),
        idle_since: world.now(),
    };
    let previous = world.store.cpr_import(CLIENT, begin.import_id).await.unwrap().current;
    let loading = world.store.begin_cpr_import(begin).await.unwrap();
    let chunk = loading.sealer().seal(records, [1; 32]).unwrap();
    let loading = world.store.append_cpr_chunks(&loading, &[chunk], world.now()).await.unwrap();
    world.store.index_cpr_records(&loading).await.unwrap();
    let switch = Switch { loading: &loading, previous, response: b"answer", at: world.now() };
    world.store.switch_cpr_snapshot(switch, effects, &world.command(begin.import_id)).await.unwrap();
    world.store.drop_cpr_records().await.unwrap();
}

/// The same, and it does nothing.
async fn import_only(world: &World, as_of: &str, records: &[CprRecord]) {
    let nothing = CprStatus::ALL
        .into_iter()
        .fold(Effects::default(), |effects, status| effects.with(status, Effect::Nothing).unwrap());
    import(world, as_of, records, &nothing).await;
}

/// Another person with a CPR number.
pub(super) async fn person(world: &World) -> (PartyId, CprNumber) {
    match world.person().await {
        (party, Identifier::Cpr(number)) => (party, number),
        other => panic!("no CPR number: {other:?}"),
    }
}

pub(super) async fn run(world: &World, sql: &str) {
    let written = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&world.database.pool).await.unwrap();
    assert!(written.rows_affected() > 0, "something was changed");
}

#[tokio::test]
async fn a_partys_entry_is_told_as_the_register_has_it_and_logged() {
    let world = World::new().await;
    let (known, unknown) = (person(&world).await, person(&world).await);
    let new = world.people.person().cpr;
    let entry = async |party| world.store.register_entry(party, world.usage()).await.unwrap();
    assert_eq!(entry(known.0).await, None, "there is no copy in use");
    let one = record(&known.1, CprStatus::NumberChanged, Some(&new));
    import_only(&world, "2026-06-14", std::slice::from_ref(&one)).await;
    let wanted = RegisterEntry {
        status: CprStatus::NumberChanged,
        new_number: Some(new),
        person: one.person().clone(),
    };
    assert_eq!(entry(known.0).await, Some(wanted));
    assert_eq!(entry(unknown.0).await, None);
    let logged: Vec<(uuid::Uuid, String)> = sqlx::query_as(
        "select delegator_id, outcome from usage_log where outcome like 'register\\_%' order by entry_id",
    )
    .fetch_all(&world.database.pool)
    .await
    .unwrap();
    let logged: Vec<_> = logged.iter().map(|(party, outcome)| (PartyId(*party), outcome.as_str())).collect();
    let (read, not_found) = ("register_read", "register_not_found");
    assert_eq!(logged, [(known.0, not_found), (known.0, read), (unknown.0, not_found)]);

    // Nameless and homeless, in the next copy.
    let bare = CprRecord::new(known.1, CprStatus::Dead, None, RegisteredPerson::default()).unwrap();
    import_only(&world, "2026-06-15", &[bare]).await;
    let after = entry(known.0).await.unwrap();
    assert_eq!(
        (after.status, after.new_number, after.person),
        (CprStatus::Dead, None, RegisteredPerson::default())
    );
}

#[tokio::test]
async fn what_was_in_a_copy_that_is_out_of_use_cannot_be_read() {
    let world = World::new().await;
    let (party, number) = person(&world).await;
    let records = [record(&number, CprStatus::Denmark, None)];
    import_only(&world, "2026-06-14", &records).await;
    // Somebody keeps the rows, as a backup would.
    run(&world, "create table kept as select * from cpr_record").await;
    import_only(&world, "2026-06-15", &records).await;
    assert!(world.store.register_entry(party, world.usage()).await.unwrap().is_some());
    run(&world, "update cpr_record r set person_ciphertext = k.person_ciphertext from kept k").await;
    assert_unreadable(world.store.register_entry(party, world.usage()).await);
    let keys: i64 = world.count("cpr_snapshot where wrapped_key is not null").await;
    assert_eq!((keys, world.count("cpr_snapshot").await), (1, 2));
    assert_eq!(world.count("pg_class where relname like 'cpr_record%' and relkind = 'r'").await, 1);
}

#[tokio::test]
async fn a_person_moved_to_another_record_does_not_open() {
    let world = World::new().await;
    let (one, other) = (person(&world).await, person(&world).await);
    let new = world.people.person().cpr;
    let records = [
        record(&one.1, CprStatus::NumberChanged, Some(&new)),
        record(&other.1, CprStatus::NumberChanged, Some(&new)),
    ];
    import_only(&world, "2026-06-14", &records).await;
    for column in ["person_ciphertext", "new_number_ciphertext"] {
        let both = async || {
            let first = world.store.register_entry(one.0, world.usage()).await;
            (first, world.store.register_entry(other.0, world.usage()).await)
        };
        let (first, second) = both().await;
        assert!(first.unwrap().is_some() && second.unwrap().is_some());
        let swap = format!(
            "update cpr_record r set {column} = o.{column} from cpr_record o where o.blind_index <> r.blind_index"
        );
        run(&world, &swap).await;
        let (first, second) = both().await;
        assert_unreadable(first);
        assert_unreadable(second);
        run(&world, &swap).await;
    }
}

#[tokio::test]
async fn no_column_of_any_table_holds_what_the_register_tells_in_the_clear() {
    let world = World::new().await;
    let (_, number) = person(&world).await;
    let new = world.people.person().cpr;
    import_only(&world, "2026-06-14", &[record(&number, CprStatus::NumberChanged, Some(&new))]).await;
    let secrets = [number.expose(), new.expose(), "Egernsund", "Søndre Ringvej", "Ærøskøbing"];
    for secret in secrets {
        note_secret(secret);
        let found = places(secret, &world.database.pool).await;
        assert_eq!(found, Vec::<String>::new(), "holds a value of {} characters", secret.len());
    }
    assert!(!places("imported", &world.database.pool).await.is_empty(), "the search finds what is there");
}

#[tokio::test]
async fn a_keyring_that_lacks_the_key_of_the_copy_in_use_is_refused() {
    let world = World::new().await;
    import_only(&world, "2026-06-14", &[record(&world.people.person().cpr, CprStatus::Denmark, None)]).await;
    world.store.check_keys().await.unwrap();
    run(&world, "update cpr_snapshot set wrapping_key_id = 'lost'").await;
    let error = world.store.check_keys().await.unwrap_err();
    assert!(matches!(&error, Error::Misfit(why) if why.contains("wrapping key lost")), "{error:?}");
}

#[tokio::test]
async fn a_partys_entry_is_found_by_index_also_while_another_copy_is_loading() {
    let world = World::new().await;
    run(
        &world,
        "insert into party (shard, party_id, kind, created_at)
         select 0, lpad(to_hex(n), 32, '0')::uuid, 'person', '2026-01-01' from generate_series(1, 5000) n",
    )
    .await;
    run(
        &world,
        "insert into identifier (shard, kind, blind_index, party_id, ciphertext, linked_at)
         select 0, 'cpr', sha256(party_id::text::bytea), party_id, '\\x00', created_at from party",
    )
    .await;
    import_only(&world, "2026-06-14", &[record(&world.people.person().cpr, CprStatus::Denmark, None)]).await;
    run(
        &world,
        "insert into cpr_record (shard, snapshot_id, blind_index, status, is_protected)
         select 0, 1, sha256(party_id::text::bytea), 1, false from party",
    )
    .await;
    let loading = "select create_cpr_records(2)";
    sqlx::query(loading).execute(&world.database.pool).await.unwrap();
    let mut session = PgConnection::connect(&world.database.url).await.unwrap();
    session.execute("vacuum analyze").await.unwrap();
    session.execute("set plan_cache_mode = force_generic_plan").await.unwrap();
    let types = "smallint, uuid, uuid, timestamptz, text, text, text, uuid, text";
    session.execute(AssertSqlSafe(format!("prepare entry ({types}) as {ENTRY}"))).await.unwrap();
    let nulls = vec!["null"; types.split(',').count()].join(", ");
    let explain = AssertSqlSafe(format!("explain (costs off) execute entry ({nulls})"));
    let plan: Vec<String> = sqlx::query_scalar(explain).fetch_all(&mut session).await.unwrap();
    let plan = plan.join("\n");
    assert!(
        plan.contains("using cpr_record_1_pkey") && !plan.contains("Seq Scan on cpr_record_1 "),
        "{plan}"
    );
    assert!(!plan.contains("Seq Scan on identifier"), "{plan}");
}
