//! The CPR register in the store: what it says of the parties that are known, and that nobody reads the rest.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use fuldmagt_domain::{
    address::{Address, CountryCode},
    cpr_record::{CprRecord, RegisteredPerson},
    cpr_status::{CprStatus, Effect, Effects, Known},
    identifier::{CprNumber, Identifier, PartyKind},
    party::{PartyId, Standing},
    standing::Turn,
    text::{AddressLine, Name},
};
use fuldmagt_service::clock::IdSource as _;
use fuldmagt_store::{
    Error, Settings, Store,
    cpr::{Begin, RegisterEntry, Switch},
};
use fuldmagt_tests::fixtures::note_secret;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::encryption::{assert_unreadable, places};
use super::world::{CLIENT, World};

const ENTRY: &str = include_str!("../../../crates/store/src/cpr/entry.sql");

fn day(text: &str) -> NaiveDate {
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

fn record(number: &CprNumber, status: CprStatus, new: Option<&CprNumber>) -> CprRecord {
    let person = living("Åse Egernsund-Åløkke", &["Søndre Ringvej 17", "5970 Ærøskøbing"]);
    CprRecord::new(number.clone(), status, new.cloned(), person).unwrap()
}

/// Imports the records as of that day, as the service does.
async fn import(world: &World, as_of: &str, records: &[CprRecord], effects: &Effects) {
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
async fn person(world: &World) -> (PartyId, CprNumber) {
    match world.person().await {
        (party, Identifier::Cpr(number)) => (party, number),
        other => panic!("no CPR number: {other:?}"),
    }
}

async fn set_standing(world: &World, party: PartyId, standing: Standing, noted: Option<CprStatus>) {
    let sql = "update party set standing = $2, register_status = $3 where party_id = $1";
    let set = sqlx::query(sql).bind(party.0).bind(standing.as_str()).bind(noted.map(CprStatus::code));
    assert_eq!(set.execute(&world.database.pool).await.unwrap().rows_affected(), 1);
}

async fn run(world: &World, sql: &str) {
    let written = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&world.database.pool).await.unwrap();
    assert!(written.rows_affected() > 0, "something was changed");
}

/// The party's standing, the status that is noted of it, and its version.
async fn stands(world: &World, party: PartyId) -> (String, Option<i16>, i64) {
    let sql = "select standing, register_status, version from party where party_id = $1";
    sqlx::query_as(sql).bind(party.0).fetch_one(&world.database.pool).await.unwrap()
}

#[tokio::test]
async fn who_is_another_in_the_register_becomes_so_in_the_switch_and_nobody_else() {
    let world = World::new().await;
    let new = world.people.person().cpr;
    let (mut records, mut wanted, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
    let mut turned = 0;
    // Everything that the register can say, of everybody whom we can know.
    for status in CprStatus::ALL {
        for standing in Standing::ALL {
            for noted in [None, Some(CprStatus::Annulled), Some(CprStatus::Disappeared)] {
                let (party, number) = person(&world).await;
                set_standing(&world, party, standing, noted).await;
                let merges = status == CprStatus::NumberChanged;
                records.push(record(&number, status, merges.then_some(&new)));
                let ruling = Effects::default().ruling(status, Known { standing, noted });
                let after = ruling.turn.map_or(standing, Turn::standing);
                // A suspension with another reason is another version, and turns nothing.
                let changed = after == Standing::Suspended && ruling.noted != noted;
                let version = 1 + i64::from(ruling.turn.is_some() || changed);
                turned += i64::from(ruling.turn.is_some());
                wanted.push((party, (after.as_str().to_owned(), ruling.noted.map(CprStatus::code), version)));
                waiting.extend((merges && standing != Standing::Ended).then_some(party));
            }
        }
    }
    // Whom the register does not know, whom we do not know, and who has no CPR number.
    person(&world).await;
    records.push(record(&world.people.person().cpr, CprStatus::Dead, None));
    let organisation = world.people.organisation();
    world
        .register(PartyKind::Organisation, None, organisation.identifiers(), organisation.name)
        .await
        .unwrap();
    import(&world, "2026-06-14", &records, &Effects::default()).await;
    let changed = wanted.iter().filter(|(_, (_, _, version))| *version == 2).count() as i64;
    for (party, wanted) in wanted {
        assert_eq!(stands(&world, party).await, wanted);
    }
    assert!(turned < changed);
    for table in ["event where channel = 'register'", "change where version = 2"] {
        assert_eq!(world.count(table).await, changed, "{table}");
    }
    let logged = "usage_log where outcome in ('died', 'suspended', 'reinstated')";
    for table in ["standing_effect", logged] {
        assert_eq!(world.count(table).await, turned, "{table}");
    }
    assert_eq!(world.count("usage_log where outcome = 'stays_suspended'").await, changed - turned);
    waiting.sort();
    assert_eq!(world.store.waiting_for_new_number(None, 100).await.unwrap(), waiting);
    let after = world.store.waiting_for_new_number(Some(waiting[1]), 2).await.unwrap();
    assert_eq!(after, waiting[2..4]);
    assert_eq!(world.count("register_effect").await, waiting.len() as i64);
    // The same copy again has nothing to say but that.
    let heads = world.count("change").await;
    world.store.turn_by_register(&Effects::default(), &world.command(world.ids.random_id())).await.unwrap();
    assert_eq!(world.count("change").await, heads);
}

#[tokio::test]
async fn whoever_has_another_number_stands_as_that_number_does() {
    let world = World::new().await;
    let (one, other) = (person(&world).await, person(&world).await);
    let [dead, gone] = [world.people.person().cpr, world.people.person().cpr];
    let records = [
        record(&one.1, CprStatus::NumberChanged, Some(&dead)),
        record(&dead, CprStatus::Dead, None),
        record(&other.1, CprStatus::NumberChanged, Some(&gone)),
        record(&gone, CprStatus::Disappeared, None),
    ];
    import(&world, "2026-06-14", &records, &Effects::default()).await;
    assert_eq!(stands(&world, one.0).await, ("ended".to_owned(), None, 2));
    assert_eq!(stands(&world, other.0).await, ("suspended".to_owned(), Some(70), 2));
    assert_eq!(world.store.waiting_for_new_number(None, 100).await.unwrap(), [other.0]);
}

#[tokio::test]
async fn whose_number_was_changed_again_and_again_stands_as_the_last_one_does() {
    let world = World::new().await;
    let changed = |old: &CprNumber, new: &CprNumber| record(old, CprStatus::NumberChanged, Some(new));
    // Everybody along the way is known: eight changes, and one more than are followed.
    let (mut parties, mut records) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        parties.push(person(&world).await);
    }
    for pair in parties.windows(2) {
        records.push(changed(&pair[0].1, &pair[1].1));
    }
    records.push(record(&parties[9].1, CprStatus::Dead, None));
    // Numbers that go in a circle.
    let (one, other) = (person(&world).await, person(&world).await);
    records.extend([changed(&one.1, &other.1), changed(&other.1, &one.1)]);
    import(&world, "2026-06-14", &records, &Effects::default()).await;
    let dead = ("ended".to_owned(), None, 2);
    let good = ("good".to_owned(), None, 1);
    assert_eq!(stands(&world, parties[0].0).await, good);
    for (party, _) in &parties[1..] {
        assert_eq!(stands(&world, *party).await, dead);
    }
    assert_eq!((stands(&world, one.0).await, stands(&world, other.0).await), (good.clone(), good));
}

#[tokio::test]
async fn what_the_register_has_happen_happens_at_the_switch() {
    let world = World::new().await;
    let (_, number) = person(&world).await;
    let begun = world.now();
    let begin = Begin {
        client: CLIENT,
        import_id: world.ids.random_id(),
        as_of: day("2026-06-14"),
        expected_row_count: 1,
        at: begun,
        idle_since: begun,
    };
    let command = world.command(begin.import_id);
    let loading = world.store.begin_cpr_import(begin).await.unwrap();
    let chunk = loading.sealer().seal(&[record(&number, CprStatus::Dead, None)], [1; 32]).unwrap();
    let loading = world.store.append_cpr_chunks(&loading, &[chunk], begun).await.unwrap();
    world.store.index_cpr_records(&loading).await.unwrap();
    let at = begun + TimeDelta::hours(1);
    let switch = Switch { loading: &loading, previous: None, response: b"answer", at };
    world.store.switch_cpr_snapshot(switch, &Effects::default(), &command).await.unwrap();
    for table in ["event where kind = 'died'", "change where entity_kind = 'party' and version = 2"] {
        let sql = AssertSqlSafe(format!("select occurred_at from {table}"));
        let told: Vec<DateTime<Utc>> = sqlx::query_scalar(sql).fetch_all(&world.database.pool).await.unwrap();
        assert_eq!(told, [at], "{table}");
    }
    let effects = world.store.unfinished_turns(2).await.unwrap();
    assert_eq!(effects.iter().map(|turn| turn.progress.at).collect::<Vec<_>>(), [at]);
}

#[tokio::test]
async fn what_is_configured_decides() {
    let world = World::new().await;
    let (emigrated, dead) = (person(&world).await, person(&world).await);
    let records = [record(&emigrated.1, CprStatus::Emigrated, None), record(&dead.1, CprStatus::Dead, None)];
    let effects = Effects::default()
        .with(CprStatus::Emigrated, Effect::Suspend)
        .and_then(|effects| effects.with(CprStatus::Dead, Effect::Nothing))
        .unwrap();
    import(&world, "2026-06-14", &records, &effects).await;
    assert_eq!(stands(&world, emigrated.0).await, ("suspended".to_owned(), Some(80), 2));
    assert_eq!(stands(&world, dead.0).await, ("good".to_owned(), None, 1));
}

#[tokio::test]
async fn more_parties_than_a_page_holds_are_turned_in_several() {
    let world = World::new().await;
    import(
        &world,
        "2026-06-14",
        &[record(&world.people.person().cpr, CprStatus::Denmark, None)],
        &Effects::default(),
    )
    .await;
    for sql in [
        "insert into party (shard, party_id, kind, created_at)
         select 0, lpad(to_hex(n), 32, '0')::uuid, 'person', '2026-01-01' from generate_series(1, 10050) n",
        // Each asks for itself to be looked up.
        "insert into identifier (shard, kind, blind_index, party_id, ciphertext, linked_at)
         select 0, 'cpr', sha256(party_id::text::bytea), party_id, '\\x00', created_at from party",
        "insert into cpr_record (shard, snapshot_id, blind_index, status, is_protected)
         select 0, 1, sha256(party_id::text::bytea), 90, false from party",
    ] {
        run(&world, sql).await;
    }
    let page = async || {
        let command = world.command(world.ids.random_id());
        let page = world.store.turn_by_register(&Effects::default(), &command).await.unwrap();
        (page.parties, page.has_more)
    };
    assert_eq!([page().await, page().await, page().await], [(10_000, true), (50, false), (0, false)]);
    assert_eq!(world.count("party where standing = 'ended' and version = 2").await, 10_050);
    assert_eq!(world.count("cpr_snapshot where ended_count = 10050").await, 1);
    assert_eq!(world.count("register_effect").await, 0);
}

#[tokio::test]
async fn a_page_of_parties_may_take_longer_than_a_command() {
    let world = World::new().await;
    let (dead, number) = person(&world).await;
    import(&world, "2026-06-14", &[record(&number, CprStatus::Dead, None)], &Effects::default()).await;
    // As if it had learned its number later.
    run(&world, "update party set standing = 'good', version = 3").await;
    run(&world, "insert into register_effect (shard, party_id) select shard, party_id from party").await;
    let settings = Settings {
        url: world.database.url.clone(),
        max_connections: 2,
        acquire_timeout_ms: 10_000,
        statement_timeout_ms: 200,
    };
    let hasty = Store::open(&settings, world.keyring.keys()).await.unwrap();
    let mut holder = world.database.pool.begin().await.unwrap();
    holder.execute("select from party for update").await.unwrap();
    let command = world.command(world.ids.random_id());
    let effects = Effects::default();
    let (turned, ()) = tokio::join!(hasty.turn_by_register(&effects, &command), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        holder.rollback().await.unwrap();
    });
    assert_eq!(turned.unwrap().parties, 1);
    assert_eq!(stands(&world, dead).await, ("ended".to_owned(), None, 4));
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
