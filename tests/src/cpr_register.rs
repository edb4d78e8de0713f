//! A CPR register of people who do not exist, the same for the same seed, and the messages in which a feed sends it.

use fuldmagt_proto::v1::{self, import_cpr_snapshot_request::Part};
use sha2::{Digest as _, Sha256};

use crate::fixtures::note_secret;
use crate::population::spread;

/// Days x months x years (1950 to 1989) x numbers of a day, none of which reads like a Unix time stamp.
const NUMBERS: u64 = 28 * 12 * 40 * 4_000;
/// Prime, and no divisor of the above: consecutive places give numbers that do not look alike, and none twice.
const STRIDE: u64 = 15_485_863;
/// New numbers of changed ones are far from all others.
const NEW_NUMBERS: u64 = 40_000_000;
/// Of a thousand numbers, so many have the status; the rest live in Denmark.
const STATUSES: [(u64, &str); 10] = [
    (8, "05"),
    (1, "07"),
    (2, "03"),
    (10, "20"),
    (1, "30"),
    (2, "50"),
    (3, "60"),
    (4, "70"),
    (60, "80"),
    (300, "90"),
];
const GIVEN: [&str; 8] =
    ["Ågot", "Bjørnhild", "Dagrun", "Ebbeline", "Gunnvor", "Hjalte", "Isbrand", "Jørmund"];
const FAMILY: [&str; 8] = [
    "Abildtofte",
    "Brushøne",
    "Dueurtsen",
    "Egernsund-Åløkke",
    "Fuglkjær",
    "Klydelund",
    "Natravnkjær",
    "Skovskadeby",
];
const ROADS: [&str; 6] =
    ["Ærøskøbing Landevej", "Bøgealléen", "Grønnegade", "Kirkestien", "Søndre Ringvej", "Åboulevarden"];
const TOWNS: [&str; 6] =
    ["1620 København V", "5970 Ærøskøbing", "6270 Tønder", "7600 Struer", "8000 Aarhus C", "9990 Skagen"];

/// The register of that seed, in which every number has a place.
#[derive(Debug, Clone, Copy)]
pub struct Register {
    /// Another seed gives others names, addresses and statuses.
    pub seed: u64,
}

impl Register {
    /// The record at that place.
    pub fn record(self, place: u64) -> v1::CprRecord {
        let mixed = spread(self.seed ^ spread(place));
        let pick = |list: &[&'static str], bits: u64| list[(bits % list.len() as u64) as usize];
        let status = status(mixed % 1_000);
        let house = mixed >> 40 & 0xff;
        v1::CprRecord {
            cpr_number: number(place),
            status: status.to_owned(),
            new_cpr_number: if status == "60" { number(NEW_NUMBERS + place) } else { String::new() },
            is_protected: mixed >> 32 & 63 == 0,
            name: format!("{} {}", pick(&GIVEN, mixed >> 10), pick(&FAMILY, mixed >> 16)),
            address_lines: vec![
                format!("{} {}", pick(&ROADS, mixed >> 20), house + 1),
                pick(&TOWNS, mixed >> 28).to_owned(),
            ],
            country_code: "DK".to_owned(),
        }
    }

    /// The records of the first so many places.
    pub fn records(self, count: u64) -> Vec<v1::CprRecord> {
        (0..count).map(|place| self.record(place)).collect()
    }
}

/// A CPR number that is real by its date.
fn number(place: u64) -> String {
    let n = place * STRIDE % NUMBERS;
    let (serial, n) = (n % 4_000, n / 4_000);
    let (day, n) = (n % 28 + 1, n / 28);
    let (month, year) = (n % 12 + 1, 50 + n / 12);
    format!("{day:02}{month:02}{year:02}{serial:04}")
}

fn status(mut place: u64) -> &'static str {
    for (share, status) in STATUSES {
        if place < share {
            return status;
        }
        place -= share;
    }
    "01"
}

/// Notes all that a record tells of somebody as secrets.
pub fn note_record(record: &v1::CprRecord) {
    let texts = [&record.cpr_number, &record.new_cpr_number, &record.name];
    // A town alone is on every map.
    let road = record.address_lines.first();
    texts.into_iter().chain(road).filter(|text| text.chars().count() >= 8).for_each(|text| note_secret(text));
}

/// The digest of all chunks, as the trailer has it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Chain([u8; 32]);

impl Chain {
    /// With one more chunk.
    pub fn push(&mut self, records: &[v1::CprRecord]) {
        let mut text = String::new();
        for r in records {
            let is_protected = if r.is_protected { "1" } else { "0" };
            let fields =
                [&r.cpr_number, &r.status, &r.new_cpr_number, is_protected, &r.name, &r.country_code];
            for field in fields.into_iter().chain(r.address_lines.iter().map(String::as_str)) {
                text.push_str(field);
                text.push('\u{1f}');
            }
            text.push('\u{1e}');
        }
        self.0 = Sha256::digest([self.0, Sha256::digest(text).into()].concat()).into();
    }

    /// The 32 bytes.
    pub fn bytes(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

/// One message of a stream.
pub fn message(part: Part) -> v1::ImportCprSnapshotRequest {
    v1::ImportCprSnapshotRequest { part: Some(part) }
}

/// The messages of a whole copy.
pub fn messages(
    import_id: &str,
    as_of: &str,
    records: &[v1::CprRecord],
    chunk_records: usize,
) -> Vec<v1::ImportCprSnapshotRequest> {
    let rows = records.len() as i64;
    let header = v1::CprSnapshotHeader {
        import_id: import_id.to_owned(),
        as_of: as_of.to_owned(),
        expected_row_count: rows,
    };
    let mut chain = Chain::default();
    let mut messages = vec![message(Part::Header(header))];
    for (sequence, records) in (0..).zip(records.chunks(chunk_records)) {
        chain.push(records);
        messages.push(message(Part::Chunk(v1::CprSnapshotChunk { sequence, records: records.to_vec() })));
    }
    let trailer = v1::CprSnapshotTrailer { row_count: rows, sha256: chain.bytes() };
    messages.push(message(Part::Trailer(trailer)));
    messages
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fuldmagt_domain::identifier::CprNumber;

    use super::*;

    #[test]
    fn every_number_is_real_and_none_is_there_twice() {
        let records = Register { seed: 1 }.records(20_000);
        let numbers: BTreeSet<&str> = records.iter().map(|record| record.cpr_number.as_str()).collect();
        assert_eq!(numbers.len(), records.len());
        let new = records.iter().map(|record| record.new_cpr_number.as_str()).filter(|new| !new.is_empty());
        let mut all = numbers.iter().copied().chain(new);
        assert!(all.all(|number| CprNumber::parse(number).is_ok()));
    }

    #[test]
    fn the_same_seed_gives_the_same_register_and_every_status_occurs() {
        let of = |seed| Register { seed }.records(5_000);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        let statuses: BTreeSet<_> = of(1).into_iter().map(|record| record.status).collect();
        assert_eq!(statuses.len(), 11, "{statuses:?}");
    }

    /// Computed by another implementation: the lines of Python in the API definition.
    #[test]
    fn the_digest_is_that_of_the_api_definition() {
        let one = v1::CprRecord {
            cpr_number: "0501792275".to_owned(),
            status: "1".to_owned(),
            new_cpr_number: String::new(),
            is_protected: true,
            name: "Åse Ærø".to_owned(),
            address_lines: vec!["Ærøvej 1".to_owned(), "5970 Ærøskøbing".to_owned()],
            country_code: "DK".to_owned(),
        };
        let two = v1::CprRecord {
            cpr_number: "251248-9996".to_owned(),
            status: "60".to_owned(),
            new_cpr_number: "0501792275".to_owned(),
            ..v1::CprRecord::default()
        };
        let mut chain = Chain::default();
        chain.push(&[one, two]);
        let hex: String = chain.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "4f10a366bd01ef06030a4f9466965bd10d7c0ebcf73d50bbdaffd2615c9725b5");
    }
}
