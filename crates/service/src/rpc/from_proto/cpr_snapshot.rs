//! The parts of a full copy of the CPR register.

use fuldmagt_domain::{
    address::{Address, CountryCode},
    cpr_record::{CprRecord, RegisteredPerson},
    cpr_status::CprStatus,
    identifier::CprNumber,
    period::parse_date,
    text::{AddressLine, Name},
};
use fuldmagt_proto::v1;
use sha2::{Digest as _, Sha256};

use super::{Violations, ids::uuid, text};
use crate::app::{
    Result,
    import_cpr_snapshot::{Header, ReadChunk, Trailer},
};

/// The most records of a chunk: some 200 kB, and a small part of what is on its way at a time.
pub const MAX_RECORDS: usize = 1_000;
/// The most records of a copy: some ten times the whole register.
pub const MAX_ROWS: u64 = 100_000_000;

/// Follows each field of a record in a chunk's text: no field of a good record holds it.
const UNIT_SEPARATOR: &[u8] = b"\x1f";
/// Follows each record.
const RECORD_SEPARATOR: &[u8] = b"\x1e";

/// What begins a stream.
pub fn header(fields: &mut Violations, proto: &v1::CprSnapshotHeader) -> Option<Header> {
    let import_id = fields.read("import_id", |fields| uuid(fields, &proto.import_id));
    let as_of = fields.read("as_of", |fields| match parse_date(&proto.as_of) {
        _ if proto.as_of.is_empty() => fields.required(),
        Ok(day) => Some(day),
        Err(error) => fields.refuse(error.reason(), error.to_string()),
    });
    let rows = fields.read("expected_row_count", |fields| {
        match u64::try_from(proto.expected_row_count).ok().filter(|rows| (1..=MAX_ROWS).contains(rows)) {
            Some(rows) => Some(rows),
            None => fields.refuse("ROW_COUNT_OUT_OF_RANGE", format!("1 to {MAX_ROWS} records")),
        }
    });
    Some(Header { import_id: import_id?, as_of: as_of?, expected_row_count: rows? })
}

/// What ends a stream.
pub fn trailer(fields: &mut Violations, proto: &v1::CprSnapshotTrailer) -> Option<Trailer> {
    // A count that is no count is not that of what came, and a digest neither.
    let rows = fields.read("row_count", |fields| match u64::try_from(proto.row_count) {
        Ok(rows) => Some(rows),
        Err(_) => fields.refuse("ROW_COUNT_OUT_OF_RANGE", "must not be negative"),
    });
    let digest = fields.read("sha256", |fields| match proto.sha256.as_slice().try_into() {
        Ok(digest) => Some(digest),
        Err(_) if proto.sha256.is_empty() => fields.required(),
        Err(_) => fields.refuse("DIGEST_MALFORMED", "must be 32 bytes"),
    });
    Some(Trailer { row_count: rows?, digest: digest? })
}

/// The place of a chunk in its import.
pub fn sequence(fields: &mut Violations, number: i32) -> Option<u32> {
    match u32::try_from(number) {
        Ok(number) => Some(number),
        Err(_) => fields.refuse("CHUNK_OUT_OF_ORDER", "chunks are counted from 0"),
    }
}

/// A chunk, parsed, with the digest of its text. Takes a millisecond or more, so not on a thread that others wait for.
///
/// # Errors
/// [`crate::app::Error::Invalid`], under paths such as `chunk[12].records[5].cpr_number`.
pub fn chunk(proto: &v1::CprSnapshotChunk) -> Result<ReadChunk> {
    let mut fields = Violations::new();
    let records = fields.read(&format!("chunk[{}]", proto.sequence), |fields| {
        fields.read("records", |fields| {
            if proto.records.is_empty() || proto.records.len() > MAX_RECORDS {
                return fields.refuse("RECORDS_COUNT", format!("1 to {MAX_RECORDS} records"));
            }
            fields.each(&proto.records, record)
        })
    });
    let records = fields.finish(|| records)?;
    Ok(ReadChunk { records, digest: digest(&proto.records) })
}

fn digest(records: &[v1::CprRecord]) -> [u8; 32] {
    let mut sha256 = Sha256::new();
    let mut text = Vec::with_capacity(1024);
    for record in records {
        let is_protected = if record.is_protected { "1" } else { "0" };
        let fields = [
            &record.cpr_number,
            &record.status,
            &record.new_cpr_number,
            is_protected,
            &record.name,
            &record.country_code,
        ];
        text.clear();
        for field in fields.into_iter().chain(record.address_lines.iter().map(String::as_str)) {
            text.extend_from_slice(field.as_bytes());
            text.extend_from_slice(UNIT_SEPARATOR);
        }
        text.extend_from_slice(RECORD_SEPARATOR);
        sha256.update(text.as_slice());
    }
    sha256.finalize().into()
}

fn record(fields: &mut Violations, proto: &v1::CprRecord) -> Option<CprRecord> {
    let number = fields.read("cpr_number", |fields| match proto.cpr_number.as_str() {
        "" => fields.required(),
        text => cpr_number(fields, text),
    });
    let status = fields.read("status", |fields| match proto.status.as_str() {
        "" => fields.required(),
        text => match CprStatus::parse(text) {
            Ok(status) => Some(status),
            Err(error) => fields.refuse("CPR_STATUS_UNKNOWN", error.to_string()),
        },
    });
    let new_number = fields.read("new_cpr_number", |fields| match proto.new_cpr_number.as_str() {
        "" => Some(None),
        text => cpr_number(fields, text).map(Some),
    });
    let name = fields.read("name", |fields| text::name(fields, &proto.name));
    let address = address(fields, proto);
    let (name, address): (Option<Name>, Option<Address>) = (name?, address?);
    let person = RegisteredPerson { is_protected: proto.is_protected, name, address };
    match CprRecord::new(number?, status?, new_number?, person) {
        Ok(record) => Some(record),
        Err(error) => {
            fields.read("new_cpr_number", |fields| fields.refuse(error.reason(), error.to_string()))
        }
    }
}

fn cpr_number(fields: &mut Violations, text: &str) -> Option<CprNumber> {
    match CprNumber::parse(text) {
        Ok(number) => Some(number),
        Err(error) => fields.refuse(error.reason(), error.to_string()),
    }
}

fn address(fields: &mut Violations, proto: &v1::CprRecord) -> Option<Option<Address>> {
    let lines = fields.read("address_lines", |fields| {
        if proto.address_lines.len() > Address::MAX_LINES {
            let description = format!("at most {} lines", Address::MAX_LINES);
            return fields.refuse("ADDRESS_LINES_COUNT", description);
        }
        fields.each(&proto.address_lines, |fields, line| text::address_line(fields, line))
    });
    let country = fields.read("country_code", |fields| {
        match (proto.address_lines.is_empty(), proto.country_code.as_str()) {
            (true, "") => Some(None),
            (true, _) => fields.refuse("COUNTRY_UNEXPECTED", "must be empty without an address"),
            (false, "") => fields.required(),
            (false, text) => match CountryCode::parse(text) {
                Ok(country) => Some(Some(country)),
                Err(error) => fields.refuse(error.reason(), error.to_string()),
            },
        }
    });
    let lines: Vec<AddressLine> = lines?;
    match country? {
        None => Some(None),
        Some(country) => match Address::new(lines, country) {
            Ok(address) => Some(Some(address)),
            Err(error) => {
                fields.read("address_lines", |fields| fields.refuse(error.reason(), error.to_string()))
            }
        },
    }
}

#[cfg(test)]
#[path = "cpr_snapshot_tests.rs"]
mod tests;
