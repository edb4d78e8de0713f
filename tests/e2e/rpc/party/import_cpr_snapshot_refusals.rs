//! `PartyService.ImportCprSnapshot`: copies that are refused, whole, and leave the one in use.

use fuldmagt_proto::v1::{
    CprImportState, CprRecord, ImportCprSnapshotRequest, import_cpr_snapshot_request::Part,
};
use fuldmagt_tests::cpr_register::{Chain, message, note_record};
use fuldmagt_tests::fixtures::note_secret;
use fuldmagt_tests::{Refused, World};
use tonic::Code;

use super::feed::{Copy, record_tables, records, send};
use crate::rpc::refusals::Refusals;

/// As many records as the copy in use has.
const ROWS: u64 = 100;
const TODAY: &str = "2026-06-15";

/// A world with a copy in use, of the day before.
async fn with_register() -> World {
    let world = World::start().await;
    Copy::of(&world, "2026-06-14", &records(ROWS)).send(&world).await.unwrap();
    world
}

/// Sends the copy; it is refused so, and nothing is left of it but that it was refused. The copy in use stays.
async fn refused_whole(world: &World, copy: Copy, refused: Refused) {
    let status = match copy.send(world).await {
        Err(status) => status,
        Ok(_) => panic!("not refused: {refused:?}"),
    };
    assert_eq!(Refused::of(&status), refused);
    assert!(status.message().chars().count() < 300 && status.details().len() < 6_000);
    let told = copy.told(world).await.unwrap();
    assert_eq!(
        (told.state(), told.refusal_reason.as_str()),
        (CprImportState::Refused, refused.reason.as_str())
    );
    assert_eq!((record_tables(world).await, world.count("cpr_record").await), (1, ROWS as i64));
    assert_eq!(world.count("cpr_snapshot where wrapped_key is not null").await, 1);
    assert_eq!(world.count("cpr_snapshot where state = 'current' and as_of = '2026-06-14'").await, 1);
    assert_eq!(world.count("change where entity_kind = 'cpr_snapshot'").await, 1);
    let last = world.usage().await.pop().unwrap();
    assert_eq!(
        (last.rpc.as_str(), last.outcome),
        ("fuldmagt.v1.PartyService/ImportCprSnapshot", refused.reason)
    );
    // Once refused, always refused: nobody can mend it behind our back.
    let status = copy.send(world).await.unwrap_err();
    let again = Refused::of(&status).reason;
    assert!(again == "IMPORT_REFUSED" || again == "IDEMPOTENCY_MISMATCH", "{again}");
}

/// A good copy of today.
fn good(world: &World) -> Copy {
    Copy::of(world, TODAY, &records(ROWS))
}

#[tokio::test]
async fn each_wrong_field_of_the_header_is_refused_before_anything_is_kept() {
    let world = with_register().await;
    let mut refusals =
        Refusals::of(good(&world)).uuid("header.import_id", |copy, text| copy.header().import_id = text);
    for (text, reason) in [
        ("", "REQUIRED"),
        ("2026-6-15", "DATE_MALFORMED"),
        ("15-06-2026", "DATE_MALFORMED"),
        ("2026-02-30", "DATE_MALFORMED"),
        ("2026-06-15T00:00:00Z", "DATE_MALFORMED"),
        ("2026-06-16", "AS_OF_IN_FUTURE"),
        ("9999-12-31", "AS_OF_IN_FUTURE"),
    ] {
        refusals = refusals.field("header.as_of", reason, |copy| copy.header().as_of = text.to_owned());
    }
    for rows in [0, -1, 100_000_001, i64::MAX, i64::MIN] {
        refusals = refusals.field("header.expected_row_count", "ROW_COUNT_OUT_OF_RANGE", move |copy| {
            copy.header().expected_row_count = rows;
        });
    }
    for day in ["2026-06-14", "2026-06-13", "1999-12-31"] {
        refusals = refusals.because(Code::FailedPrecondition, "SNAPSHOT_NOT_NEWER", |copy| {
            copy.header().as_of = day.to_owned();
        });
    }
    for rows in [1, 94] {
        refusals = refusals.because(Code::FailedPrecondition, "SNAPSHOT_TOO_SMALL", move |copy| {
            copy.header().expected_row_count = rows;
        });
    }
    refusals.sent_by(&world, async |copy| copy.send(&world).await).await;
}

#[tokio::test]
async fn a_stream_that_does_not_begin_with_a_header_is_refused_and_nothing_is_kept() {
    let world = with_register().await;
    let copy = good(&world);
    let before = world.snapshot().await;
    let empty = ImportCprSnapshotRequest { part: None };
    for first in [vec![], vec![empty], copy.messages[1..].to_vec(), copy.messages[11..].to_vec()] {
        let status = send(&world, first).await.unwrap_err();
        assert_eq!(Refused::of(&status), Refused::field("header", "REQUIRED"));
    }
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn the_least_plausible_size_is_taken_and_can_be_configured() {
    let world = with_register().await;
    Copy::of(&world, TODAY, &records(95)).send(&world).await.unwrap();

    let world = World::with(&[("cpr.min_rows", "50"), ("cpr.min_percent_of_current", "0")]).await;
    let too_small = Refused::because(Code::FailedPrecondition, "SNAPSHOT_TOO_SMALL");
    let status = Copy::of(&world, "2026-06-13", &records(49)).send(&world).await.unwrap_err();
    assert_eq!(Refused::of(&status), too_small);
    Copy::of(&world, "2026-06-13", &records(100)).send(&world).await.unwrap();
    Copy::of(&world, "2026-06-14", &records(50)).send(&world).await.unwrap();
    let status = Copy::of(&world, "2026-06-15", &records(49)).send(&world).await.unwrap_err();
    assert_eq!(Refused::of(&status), too_small);
    let refusals =
        world.usage().await.into_iter().filter(|entry| entry.outcome == "SNAPSHOT_TOO_SMALL").count();
    assert_eq!(refusals, 2);
}

/// Spoils the record at a place in the middle, and mends the digest, so that nothing else is wrong.
fn with_record(world: &World, spoil: impl FnOnce(&mut CprRecord)) -> Copy {
    let mut all = records(ROWS);
    let record = &mut all[34];
    record.status = "01".to_owned();
    record.new_cpr_number = String::new();
    spoil(record);
    note_record(record);
    Copy::of(world, TODAY, &all)
}

#[tokio::test]
async fn each_wrong_field_of_a_record_is_refused_with_its_chunk_and_its_place() {
    type Spoil = fn(&mut CprRecord, String);
    let world = with_register().await;
    let number: Spoil = |record, text| record.cpr_number = text;
    let status: Spoil = |record, text| record.status = text;
    let new: Spoil = |record, text| (record.status, record.new_cpr_number) = ("50".to_owned(), text);
    let unexpected: Spoil = |record, text| record.new_cpr_number = text;
    let missing: Spoil = |record, text| record.status = text;
    let itself: Spoil = |record, text| {
        (record.status, record.new_cpr_number) = ("60".to_owned(), text);
        record.cpr_number.clone_from(&record.new_cpr_number);
    };
    let name: Spoil = |record, text| record.name = text;
    let line: Spoil = |record, text| record.address_lines[0] = text;
    let lines: Spoil = |record, text| record.address_lines = vec![text; 7];
    let country: Spoil = |record, text| record.country_code = text;
    let homeless: Spoil = |record, _| record.address_lines.clear();
    let table: [(&str, &str, Spoil, &str); 29] = [
        ("cpr_number", "REQUIRED", number, ""),
        ("cpr_number", "CPR_MALFORMED", number, "150352471"),
        ("cpr_number", "CPR_MALFORMED", number, "15035247111"),
        ("cpr_number", "CPR_MALFORMED", number, "1503-524711"),
        ("cpr_number", "CPR_DATE_INVALID", number, "3102524711"),
        ("cpr_number", "CPR_DATE_INVALID", number, "7503524711"),
        ("status", "REQUIRED", status, ""),
        ("status", "CPR_STATUS_UNKNOWN", status, "02"),
        ("status", "CPR_STATUS_UNKNOWN", status, "001"),
        ("status", "CPR_STATUS_UNKNOWN", status, "dead"),
        ("new_cpr_number", "CPR_MALFORMED", new, "15035247"),
        ("new_cpr_number", "CPR_DATE_INVALID", new, "3102524711"),
        ("new_cpr_number", "NEW_NUMBER_UNEXPECTED", unexpected, "1503524711"),
        ("new_cpr_number", "NEW_NUMBER_MISSING", missing, "60"),
        ("new_cpr_number", "NEW_NUMBER_IS_OLD", itself, "1503524711"),
        ("name", "TEXT_EMPTY", name, "\u{200b}"),
        ("name", "TEXT_CONTROL_CHARACTER", name, "Ågot\nBrushøne"),
        ("name", "TEXT_UNTRIMMED", name, "Ågot Brushøne "),
        ("name", "TEXT_NOT_NFC", name, "A\u{30a}got Brushøne"),
        (
            "name",
            "TEXT_TOO_LONG",
            name,
            "Brushøne Brushøne Brushøne Brushøne Brushøne Brushøne Brushøne Brushøne \
          Brushøne Brushøne Brushøne Brushøne Brushøne Brushøne Brushøne",
        ),
        ("address_lines[0]", "REQUIRED", line, ""),
        ("address_lines[0]", "TEXT_TOO_LONG", line, "Søndre Ringvej Søndre Ringvej 12345"),
        ("address_lines[0]", "TEXT_CONTROL_CHARACTER", line, "Søndre\u{1f}Ringvej 12345"),
        ("address_lines", "ADDRESS_LINES_COUNT", lines, "Søndre Ringvej 12345"),
        ("country_code", "REQUIRED", country, ""),
        ("country_code", "COUNTRY_MALFORMED", country, "dk"),
        ("country_code", "COUNTRY_MALFORMED", country, "DNK"),
        ("country_code", "COUNTRY_UNEXPECTED", homeless, ""),
        ("cpr_number", "CPR_MALFORMED", number, "٠٥٠١٧٩٢٢٧٥"),
    ];
    for (field, reason, spoil, text) in table {
        if text.chars().count() >= 8 {
            note_secret(text);
        }
        let copy = with_record(&world, |record| spoil(record, text.to_owned()));
        refused_whole(&world, copy, Refused::field(&format!("chunk[3].records[4].{field}"), reason)).await;
    }
    good(&world).send(&world).await.unwrap();
}

#[tokio::test]
async fn a_chunk_with_no_record_or_too_many_is_refused() {
    let world = with_register().await;
    for count in [0, 1_001] {
        let mut copy = good(&world);
        copy.chunk(2).records = vec![records(1).remove(0); count];
        refused_whole(&world, copy, Refused::field("chunk[2].records", "RECORDS_COUNT")).await;
    }
}

#[tokio::test]
async fn a_chunk_that_is_missing_or_comes_twice_or_has_no_place_is_refused() {
    let world = with_register().await;
    let out_of_order = Refused::field("chunk.sequence", "CHUNK_OUT_OF_ORDER");
    let mut missing = good(&world);
    missing.messages.remove(4);
    let mut first_missing = good(&world);
    first_missing.messages.remove(1);
    let mut twice = good(&world);
    let chunk = twice.messages[4].clone();
    twice.messages.insert(5, chunk);
    let mut swapped = good(&world);
    swapped.messages.swap(4, 5);
    let mut negative = good(&world);
    negative.chunk(5).sequence = -1;
    let mut far = good(&world);
    far.chunk(5).sequence = i32::MAX;
    for copy in [missing, first_missing, twice, swapped, negative, far] {
        refused_whole(&world, copy, out_of_order.clone()).await;
    }
}

#[tokio::test]
async fn a_part_in_the_wrong_place_is_refused() {
    let world = with_register().await;
    let mut two_headers = good(&world);
    let header = two_headers.messages[0].clone();
    two_headers.messages.insert(3, header.clone());
    let mut empty = good(&world);
    empty.messages.insert(3, ImportCprSnapshotRequest { part: None });
    let mut after_the_end = good(&world);
    let chunk = after_the_end.messages[1].clone();
    after_the_end.messages.push(chunk);
    let mut two_trailers = good(&world);
    let trailer = two_trailers.messages.last().unwrap().clone();
    two_trailers.messages.push(trailer);
    for copy in [two_headers, empty, after_the_end, two_trailers] {
        refused_whole(&world, copy, Refused::field("part", "PART_UNEXPECTED")).await;
    }
}

#[tokio::test]
async fn a_copy_that_was_cut_short_is_refused() {
    let world = with_register().await;
    for kept in [1, 2, 11] {
        let mut copy = good(&world);
        copy.messages.truncate(kept);
        refused_whole(&world, copy, Refused::field("trailer", "SNAPSHOT_TRUNCATED")).await;
    }
    // Chunks left out at the end, and a trailer that does not know it.
    let mut copy = good(&world);
    copy.messages.remove(10);
    refused_whole(&world, copy, Refused::field("trailer.row_count", "ROW_COUNT_MISMATCH")).await;
    // And one that does.
    let mut copy = good(&world);
    copy.messages.remove(10);
    let mut chain = Chain::default();
    records(90).chunks(10).for_each(|records| chain.push(records));
    (copy.trailer().row_count, copy.trailer().sha256) = (90, chain.bytes());
    refused_whole(&world, copy, Refused::field("header.expected_row_count", "ROW_COUNT_MISMATCH")).await;
}

#[tokio::test]
async fn a_copy_with_more_records_than_announced_is_refused() {
    let world = with_register().await;
    let mut copy = good(&world);
    copy.header().expected_row_count = 99;
    refused_whole(&world, copy, Refused::field("header.expected_row_count", "ROW_COUNT_MISMATCH")).await;
}

#[tokio::test]
async fn each_wrong_field_of_the_trailer_is_refused() {
    let world = with_register().await;
    for (rows, reason) in [
        (99, "ROW_COUNT_MISMATCH"),
        (101, "ROW_COUNT_MISMATCH"),
        (0, "ROW_COUNT_MISMATCH"),
        (-1, "ROW_COUNT_OUT_OF_RANGE"),
    ] {
        let mut copy = good(&world);
        copy.trailer().row_count = rows;
        refused_whole(&world, copy, Refused::field("trailer.row_count", reason)).await;
    }
    let right = good(&world).trailer().sha256.clone();
    let mut wrong = right.clone();
    wrong[31] ^= 1;
    for (digest, reason) in [
        (wrong, "DIGEST_MISMATCH"),
        (vec![0; 32], "DIGEST_MISMATCH"),
        (Vec::new(), "REQUIRED"),
        (right[..31].to_vec(), "DIGEST_MALFORMED"),
        ([right.as_slice(), &[0]].concat(), "DIGEST_MALFORMED"),
    ] {
        let mut copy = good(&world);
        copy.trailer().sha256 = digest;
        refused_whole(&world, copy, Refused::field("trailer.sha256", reason)).await;
    }
}

#[tokio::test]
async fn a_copy_whose_chunks_were_changed_on_the_way_is_refused() {
    let world = with_register().await;
    let mut copy = good(&world);
    let record = &mut copy.chunk(7).records[3];
    record.is_protected = !record.is_protected;
    refused_whole(&world, copy, Refused::field("trailer.sha256", "DIGEST_MISMATCH")).await;
}

#[tokio::test]
async fn a_number_that_is_there_twice_is_refused_however_it_is_written_and_wherever_it_stands() {
    let world = with_register().await;
    for (from, to, hyphen) in [(5, 6, false), (5, 95, false), (0, 99, true)] {
        let mut all = records(ROWS);
        let number = all[from].cpr_number.clone();
        all[to].cpr_number = number;
        if hyphen {
            all[to].cpr_number.insert(6, '-');
        }
        let copy = Copy::of(&world, TODAY, &all);
        refused_whole(&world, copy, Refused::because(Code::InvalidArgument, "CPR_NUMBER_TWICE")).await;
    }
}

#[tokio::test]
async fn the_copy_in_use_is_replaced_after_all_by_a_good_one_under_another_id() {
    let world = with_register().await;
    let mut copy = good(&world);
    copy.messages.pop();
    refused_whole(&world, copy, Refused::field("trailer", "SNAPSHOT_TRUNCATED")).await;
    let answer = good(&world).send(&world).await.unwrap();
    assert_eq!((answer.added_count, answer.removed_count), (0, 0));
    // The digest alone would have been enough to see that these are another's chunks.
    let mut mixed = good(&world);
    mixed.messages[3] = message(Part::Chunk(Copy::of(&world, TODAY, &records(200)).chunk(12).clone()));
    world.advance(chrono::TimeDelta::days(1)).await;
    mixed.header().as_of = "2026-06-16".to_owned();
    let status = mixed.send(&world).await.unwrap_err();
    assert_eq!(Refused::of(&status), Refused::field("chunk.sequence", "CHUNK_OUT_OF_ORDER"));
}
