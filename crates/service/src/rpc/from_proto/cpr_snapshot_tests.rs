use proptest::prelude::*;

use super::*;
use crate::app::Error;
use crate::rpc::from_proto::testing::{at, read, refused, tells_nothing};

const UUID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

fn good() -> v1::CprRecord {
    v1::CprRecord {
        cpr_number: "0501792275".to_owned(),
        status: "1".to_owned(),
        new_cpr_number: String::new(),
        is_protected: true,
        name: "Åse Ærø".to_owned(),
        address_lines: vec!["Ærøvej 1".to_owned(), "5970 Ærøskøbing".to_owned()],
        country_code: "DK".to_owned(),
    }
}

fn bare() -> v1::CprRecord {
    v1::CprRecord {
        cpr_number: "251248-9996".to_owned(),
        status: "60".to_owned(),
        new_cpr_number: "0501792275".to_owned(),
        ..v1::CprRecord::default()
    }
}

/// The one thing that is wrong with the record when it is spoiled so.
fn spoiled(spoil: impl FnOnce(&mut v1::CprRecord)) -> (String, &'static str) {
    let mut proto = good();
    spoil(&mut proto);
    refused(|fields| record(fields, &proto))
}

#[test]
fn a_record_is_read_with_all_that_the_register_tells() {
    let read_record = read(|fields| record(fields, &good())).unwrap();
    assert_eq!(read_record.number().expose(), "0501792275");
    assert_eq!((read_record.status(), read_record.new_number()), (CprStatus::Denmark, None));
    let person = read_record.person();
    assert!(person.is_protected);
    assert_eq!(person.name.as_ref().unwrap().expose(), "Åse Ærø");
    let address = person.address.as_ref().unwrap();
    let lines: Vec<_> = address.lines().iter().map(AddressLine::expose).collect();
    assert_eq!((lines, address.country()), (vec!["Ærøvej 1", "5970 Ærøskøbing"], CountryCode::DENMARK));

    let read_record = read(|fields| record(fields, &bare())).unwrap();
    assert_eq!(read_record.number().expose(), "2512489996");
    assert_eq!(read_record.new_number().unwrap().expose(), "0501792275");
    assert_eq!(read_record.person(), &RegisteredPerson::default());
}

#[test]
fn each_field_of_a_record_is_refused_under_its_name() {
    let set = |field: fn(&mut v1::CprRecord) -> &mut String, text: &str| {
        let text = text.to_owned();
        move |record: &mut v1::CprRecord| *field(record) = text
    };
    let number = |text| spoiled(set(|record| &mut record.cpr_number, text));
    assert_eq!(number(""), at("field.cpr_number", "REQUIRED"));
    assert_eq!(number("050179227"), at("field.cpr_number", "CPR_MALFORMED"));
    assert_eq!(number("3113792275"), at("field.cpr_number", "CPR_DATE_INVALID"));
    let status = |text| spoiled(set(|record| &mut record.status, text));
    assert_eq!(status(""), at("field.status", "REQUIRED"));
    for text in ["2", "001", "dead", " 1"] {
        assert_eq!(status(text), at("field.status", "CPR_STATUS_UNKNOWN"));
    }
    let new_number = |text| spoiled(set(|record| &mut record.new_cpr_number, text));
    assert_eq!(new_number("1"), at("field.new_cpr_number", "CPR_MALFORMED"));
    assert_eq!(new_number("2512489996"), at("field.new_cpr_number", "NEW_NUMBER_UNEXPECTED"));
    assert_eq!(status("60"), at("field.new_cpr_number", "NEW_NUMBER_MISSING"));
    let name = |text: &str| spoiled(set(|record| &mut record.name, text));
    assert_eq!(name(" a"), at("field.name", "TEXT_UNTRIMMED"));
    assert_eq!(name("a\nb"), at("field.name", "TEXT_CONTROL_CHARACTER"));
    assert_eq!(name(&"x".repeat(131)), at("field.name", "TEXT_TOO_LONG"));
    let line = |text: &str| {
        let text = text.to_owned();
        spoiled(move |record| record.address_lines[1] = text)
    };
    assert_eq!(line(""), at("field.address_lines[1]", "REQUIRED"));
    assert_eq!(line(&"x".repeat(35)), at("field.address_lines[1]", "TEXT_TOO_LONG"));
    assert_eq!(line("a\u{1f}b"), at("field.address_lines[1]", "TEXT_CONTROL_CHARACTER"));
    assert_eq!(
        spoiled(|record| record.address_lines = vec!["x".to_owned(); 7]),
        at("field.address_lines", "ADDRESS_LINES_COUNT")
    );
    assert_eq!(
        spoiled(|record| record.address_lines.clear()),
        at("field.country_code", "COUNTRY_UNEXPECTED")
    );
    let country = |text| spoiled(set(|record| &mut record.country_code, text));
    assert_eq!(country(""), at("field.country_code", "REQUIRED"));
    assert_eq!(country("dk"), at("field.country_code", "COUNTRY_MALFORMED"));
}

#[test]
fn a_number_is_not_changed_to_itself_however_it_is_written() {
    let proto = v1::CprRecord { new_cpr_number: "2512489996".to_owned(), ..bare() };
    assert_eq!(refused(|fields| record(fields, &proto)), at("field.new_cpr_number", "NEW_NUMBER_IS_OLD"));
}

#[test]
fn a_chunk_says_which_of_its_records_is_wrong() {
    let proto = v1::CprSnapshotChunk {
        sequence: 12,
        records: vec![good(), v1::CprRecord { status: "4".to_owned(), ..bare() }],
    };
    let Error::Invalid(found) = chunk(&proto).unwrap_err() else { panic!("a wrong field") };
    let told: Vec<_> = found.iter().map(|violation| (violation.field.as_str(), violation.reason)).collect();
    assert_eq!(told, [("chunk[12].records[1].status", "CPR_STATUS_UNKNOWN")]);
}

#[test]
fn a_chunk_has_one_to_a_thousand_records() {
    for (count, is_good) in [(0, false), (1, true), (1_000, true), (1_001, false)] {
        let proto = v1::CprSnapshotChunk { sequence: 0, records: vec![good(); count] };
        match chunk(&proto) {
            Ok(read) => assert!(is_good && read.records.len() == count, "{count}"),
            Err(error) => assert_eq!((is_good, error.reason()), (false, "RECORDS_COUNT"), "{count}"),
        }
    }
}

/// Computed by another implementation, the one in the API definition.
#[test]
fn the_digest_of_a_chunk_is_that_of_its_text_as_it_is_sent() {
    let read = chunk(&v1::CprSnapshotChunk { sequence: 0, records: vec![good(), bare()] }).unwrap();
    let hex: String = read.digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "7e7d5179247e2ab371fcf9bab06393c0ae88cae5331e1ea0abddfbb17a0c8c02");
}

#[test]
fn no_two_records_have_the_same_text() {
    let apart = [
        good(),
        bare(),
        v1::CprRecord { is_protected: false, ..good() },
        v1::CprRecord { status: "01".to_owned(), ..good() },
        v1::CprRecord {
            address_lines: vec!["Ærøvej 1\u{1f}5970 Ærøskøbing".to_owned(), String::new()],
            ..good()
        },
        v1::CprRecord { address_lines: vec!["Ærøvej 1".to_owned()], ..good() },
        v1::CprRecord { name: String::new(), country_code: "Åse ÆrøDK".to_owned(), ..good() },
    ];
    for (place, one) in apart.iter().enumerate() {
        for other in &apart[place + 1..] {
            assert_ne!(digest(std::slice::from_ref(one)), digest(std::slice::from_ref(other)));
        }
    }
}

#[test]
fn a_header_names_import_day_and_count() {
    let good = || v1::CprSnapshotHeader {
        import_id: UUID.to_owned(),
        as_of: "2026-06-15".to_owned(),
        expected_row_count: 6_000_000,
    };
    let found = read(|fields| header(fields, &good())).unwrap();
    assert_eq!((found.import_id.to_string().as_str(), found.expected_row_count), (UUID, 6_000_000));
    assert_eq!(found.as_of.to_string(), "2026-06-15");
    let refused = |proto: v1::CprSnapshotHeader| refused(|fields| header(fields, &proto));
    let import_id = |text: &str| refused(v1::CprSnapshotHeader { import_id: text.to_owned(), ..good() });
    assert_eq!(import_id(""), at("field.import_id", "REQUIRED"));
    assert_eq!(import_id("1"), at("field.import_id", "UUID_MALFORMED"));
    let as_of = |text: &str| refused(v1::CprSnapshotHeader { as_of: text.to_owned(), ..good() });
    assert_eq!(as_of(""), at("field.as_of", "REQUIRED"));
    for text in ["2026-6-15", "15-06-2026", "2026-02-30", "2026-06-15T00:00:00Z"] {
        assert_eq!(as_of(text), at("field.as_of", "DATE_MALFORMED"));
    }
    for count in [0, -1, 100_000_001, i64::MAX, i64::MIN] {
        let proto = v1::CprSnapshotHeader { expected_row_count: count, ..good() };
        assert_eq!(refused(proto), at("field.expected_row_count", "ROW_COUNT_OUT_OF_RANGE"), "{count}");
    }
}

#[test]
fn a_trailer_has_a_count_and_a_digest() {
    let good = || v1::CprSnapshotTrailer { row_count: 7, sha256: vec![9; 32] };
    assert_eq!(read(|fields| trailer(fields, &good())), Ok(Trailer { row_count: 7, digest: [9; 32] }));
    let refused = |proto: v1::CprSnapshotTrailer| refused(|fields| trailer(fields, &proto));
    let counted = |row_count| refused(v1::CprSnapshotTrailer { row_count, ..good() });
    assert_eq!(counted(-1), at("field.row_count", "ROW_COUNT_OUT_OF_RANGE"));
    let digest = |sha256| refused(v1::CprSnapshotTrailer { sha256, ..good() });
    assert_eq!(digest(Vec::new()), at("field.sha256", "REQUIRED"));
    assert_eq!(digest(vec![9; 31]), at("field.sha256", "DIGEST_MALFORMED"));
    assert_eq!(digest(vec![9; 33]), at("field.sha256", "DIGEST_MALFORMED"));
    assert_eq!(refused_sequence(-1), at("field", "CHUNK_OUT_OF_ORDER"));
    assert_eq!(read(|fields| sequence(fields, i32::MAX)), Ok(2_147_483_647));
}

fn refused_sequence(number: i32) -> (String, &'static str) {
    refused(|fields| sequence(fields, number))
}

proptest! {
    #[test]
    fn no_text_is_told_to_anybody(
        text in "\\PC{0,40}|[0-9]{0,12}|[0-3][0-9][01][0-9]{3}-?[0-9]{4}", field in 0..6_usize,
    ) {
        let mut proto = good();
        match field {
            0 => proto.cpr_number = text.clone(),
            1 => proto.status = text.clone(),
            2 => proto.new_cpr_number = text.clone(),
            3 => proto.name = text.clone(),
            4 => proto.address_lines = vec![text.clone()],
            _ => proto.country_code = text.clone(),
        }
        tells_nothing(&text, |fields| record(fields, &proto));
    }
}
