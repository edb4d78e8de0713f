//! The CPR register in the store: what it has happen to the parties that are known.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use fuldmagt_domain::{
    cpr_status::{CprStatus, Effect, Effects, Known},
    identifier::{CprNumber, PartyKind},
    party::{PartyId, Standing},
    standing::Turn,
};
use fuldmagt_service::clock::IdSource as _;
use fuldmagt_store::{
    Settings, Store,
    cpr::{Begin, Switch},
};
use sqlx::{AssertSqlSafe, Executor as _};

use super::cpr_register::{day, import, person, record, run};
use super::world::{CLIENT, World};

async fn set_standing(world: &World, party: PartyId, standing: Standing, noted: Option<CprStatus>) {
    let sql = "update party set standing = $2, register_status = $3 where party_id = $1";
    let set = sqlx::query(sql).bind(party.0).bind(standing.as_str()).bind(noted.map(CprStatus::code));
    assert_eq!(set.execute(&world.database.pool).await.unwrap().rows_affected(), 1);
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
