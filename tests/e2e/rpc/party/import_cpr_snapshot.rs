//! `PartyService.ImportCprSnapshot`: copies that are taken.

use std::collections::BTreeMap;

use fuldmagt_proto::v1::{CprImport, CprImportState, CprRecord, CprStatusCount};
use fuldmagt_tests::world::{SEE, timestamp};
use fuldmagt_tests::{Refused, World};
use prost_types::Timestamp;
use tonic::Code;

use super::feed::{Copy, Sending, record_tables, records, send};

fn counted(records: &[CprRecord]) -> Vec<CprStatusCount> {
    let mut counts = BTreeMap::<&str, i64>::new();
    for record in records {
        *counts.entry(&record.status).or_default() += 1;
    }
    let count = |(status, row_count): (&&str, &i64)| CprStatusCount {
        status: (*status).to_owned(),
        row_count: *row_count,
    };
    counts.iter().map(count).collect()
}

fn noon() -> Option<Timestamp> {
    timestamp("2026-06-15T10:00:00Z")
}

#[tokio::test]
async fn a_copy_comes_into_use_and_is_told_in_counts() {
    let world = World::start().await;
    // More chunks than are written together, and the last one is short.
    let records = records(505);
    let copy = Copy::of(&world, "2026-06-14", &records);
    let answer = copy.send(&world).await.unwrap();
    let import = CprImport {
        import_id: copy.import_id.clone(),
        as_of: "2026-06-14".to_owned(),
        state: CprImportState::Current.into(),
        expected_row_count: 505,
        row_count: 505,
        next_chunk: 51,
        progress_time: noon(),
        refusal_reason: String::new(),
    };
    assert_eq!(answer.cpr_import.as_ref(), Some(&import));
    assert_eq!(answer.status_counts, counted(&records));
    assert_eq!((answer.added_count, answer.removed_count, answer.status_changed_count), (505, 0, 0));
    assert!(!answer.revision.is_empty());
    assert_eq!(copy.told(&world).await.unwrap(), import);
    assert_eq!(world.count("cpr_record").await, 505);
    assert_eq!(world.count("cpr_record where is_protected").await as usize, {
        records.iter().filter(|record| record.is_protected).count()
    });
}

#[tokio::test]
async fn statuses_are_read_with_and_without_their_leading_zero_and_numbers_with_and_without_hyphen() {
    let world = World::start().await;
    let mut records = records(4);
    for (record, status) in records.iter_mut().zip(["1", "01", "5", "05"]) {
        record.status = status.to_owned();
        record.new_cpr_number = String::new();
    }
    records[0].cpr_number.insert(6, '-');
    let answer = Copy::of(&world, "2026-06-14", &records).send(&world).await.unwrap();
    let told: Vec<_> = answer.status_counts.iter().map(|c| (c.status.as_str(), c.row_count)).collect();
    assert_eq!(told, [("01", 2), ("05", 2)]);
    // The same person, whatever the number looked like.
    records[0].cpr_number.remove(6);
    let again = Copy::of(&world, "2026-06-15", &records).send(&world).await.unwrap();
    assert_eq!((again.added_count, again.removed_count), (0, 0));
}

#[tokio::test]
async fn a_newer_copy_takes_the_place_of_the_one_before_and_tells_the_differences() {
    let world = World::start().await;
    let mut records = records(300);
    let first = Copy::of(&world, "2026-06-14", &records);
    first.send(&world).await.unwrap();
    // One dies, one comes back, two are new, and one is there no more.
    for (place, status) in [(1, "90"), (2, "01")] {
        let record = &mut records[place];
        record.status = if record.status == status { "80".to_owned() } else { status.to_owned() };
        record.new_cpr_number = String::new();
    }
    records.remove(0);
    records.extend(super::feed::records(302).split_off(300));
    let second = Copy::of(&world, "2026-06-15", &records);
    let answer = second.send(&world).await.unwrap();
    assert_eq!((answer.added_count, answer.removed_count, answer.status_changed_count), (2, 1, 2));
    assert_eq!(answer.status_counts, counted(&records));
    assert_eq!(first.told(&world).await.unwrap().state(), CprImportState::Replaced);
    assert_eq!(second.told(&world).await.unwrap().state(), CprImportState::Current);
    // Of the first, neither a record nor the key is left.
    assert_eq!((record_tables(&world).await, world.count("cpr_record").await), (1, 301));
    assert_eq!(world.count("cpr_snapshot where wrapped_key is not null").await, 1);
}

#[tokio::test]
async fn the_switch_is_one_change_with_an_event_of_each_copy_and_one_usage_entry() {
    let world = World::start().await;
    let copies = [("2026-06-14", 100), ("2026-06-15", 100)];
    for (day, count) in copies {
        Copy::of(&world, day, &records(count)).send(&world).await.unwrap();
    }
    let changes: Vec<(i64, i16, String, i64)> = sqlx::query_as(
        "select revision, ordinal, entity_id, version from change where entity_kind = 'cpr_snapshot' order by 1, 2",
    )
    .fetch_all(&world.database.pool)
    .await
    .unwrap();
    let id = |text: &str| text.to_owned();
    assert_eq!(changes, [(1, 1, id("1"), 1), (2, 1, id("2"), 1), (2, 2, id("1"), 2)]);
    let events: Vec<(String, i64, String, String, String)> = sqlx::query_as(
        "select entity_id, version, kind, client_id, channel from event where entity_kind = 'cpr_snapshot'
         order by 1, 2",
    )
    .fetch_all(&world.database.pool)
    .await
    .unwrap();
    let event = |id: &str, version, kind: &str| {
        (id.to_owned(), version, kind.to_owned(), "register-feed".to_owned(), "system".to_owned())
    };
    assert_eq!(events, [event("1", 1, "imported"), event("1", 2, "replaced"), event("2", 1, "imported")]);
    let usage: Vec<_> = world.usage().await.into_iter().map(|entry| (entry.rpc, entry.outcome)).collect();
    let imported = ("fuldmagt.v1.PartyService/ImportCprSnapshot".to_owned(), "imported".to_owned());
    assert_eq!(usage, [imported.clone(), imported]);
}

#[tokio::test]
async fn an_import_that_is_sent_again_gets_its_first_answer_as_long_as_it_is_the_same() {
    let world = World::start().await;
    let first = Copy::of(&world, "2026-06-14", &records(200));
    let answer = first.send(&world).await.unwrap();
    let head_and_tail = [first.messages[0].clone(), first.messages.last().unwrap().clone()];
    let mut other_day = first.clone();
    other_day.header().as_of = "2026-06-13".to_owned();
    let mut other_digest = first.clone();
    other_digest.trailer().sha256[0] ^= 1;
    for is_replaced in [false, true] {
        if is_replaced {
            Copy::of(&world, "2026-06-15", &records(200)).send(&world).await.unwrap();
        }
        let before = world.snapshot().await;
        assert_eq!(first.send(&world).await.unwrap(), answer);
        // The chunks may be left out: the trailer has their digest.
        assert_eq!(send(&world, head_and_tail.to_vec()).await.unwrap(), answer);
        for other in [&other_day, &other_digest] {
            let status = other.send(&world).await.unwrap_err();
            let mismatch = Refused::because(Code::AlreadyExists, "IDEMPOTENCY_MISMATCH");
            assert_eq!(Refused::of(&status), mismatch);
        }
        let status = send(&world, first.messages[..3].to_vec()).await.unwrap_err();
        assert_eq!(Refused::of(&status), Refused::field("trailer", "SNAPSHOT_TRUNCATED"));
        let status = send(&world, vec![first.messages[0].clone(); 2]).await.unwrap_err();
        assert_eq!(Refused::of(&status), Refused::field("part", "PART_UNEXPECTED"));
        assert_eq!(world.snapshot().await, before);
    }
    let repeated = world.usage().await.into_iter().filter(|entry| entry.outcome == "repeated").count();
    assert_eq!(repeated, 4);
}

#[tokio::test]
async fn checks_are_answered_while_a_copy_comes_in_and_while_it_waits_to_be_switched() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    let copy = Copy::of(&world, "2026-06-14", &records(500));
    let (last, others) = copy.messages.split_last().unwrap();
    let sending = Sending::begin(&world, others).await;
    copy.until_next_chunk(&world, 50).await;
    assert!(world.check(&from, &to, SEE).await.granted);
    // Held by the one lock that every command takes: questions do not wait for it.
    let held = world.hold_writes().await;
    sending.send(std::slice::from_ref(last)).await;
    let answer = tokio::spawn(sending.end());
    world.until_waiting(1).await;
    assert!(world.check(&from, &to, SEE).await.granted);
    assert_eq!(copy.told(&world).await.unwrap().state(), CprImportState::Loading);
    held.rollback().await.unwrap();
    answer.await.unwrap().unwrap();
    assert_eq!(copy.told(&world).await.unwrap().state(), CprImportState::Current);
}

#[tokio::test]
async fn who_only_reads_the_register_does_not_keep_a_newer_copy_from_coming_into_use() {
    let world = World::start().await;
    Copy::of(&world, "2026-06-14", &records(100)).send(&world).await.unwrap();
    let mut reading = world.database.pool.begin().await.unwrap();
    sqlx::query("select count(*) from cpr_record").execute(&mut *reading).await.unwrap();
    let copy = Copy::of(&world, "2026-06-15", &records(100));
    copy.send(&world).await.unwrap();
    assert_eq!(copy.told(&world).await.unwrap().state(), CprImportState::Current);
    // What is out of use stays for the reader, unreadable, and goes with the next import.
    assert_eq!(record_tables(&world).await, 2);
    reading.rollback().await.unwrap();
    Copy::of(&world, "2026-06-15", &records(100)).send(&world).await.unwrap_err();
    world.advance(chrono::TimeDelta::days(1)).await;
    Copy::of(&world, "2026-06-16", &records(100)).send(&world).await.unwrap();
    assert_eq!(record_tables(&world).await, 1);
}
