//! Records as their rows keep them: sealed, and encoded for COPY's binary format (Postgres documentation, COPY, "Binary
//! Format").

use std::{fmt, sync::Arc};

use fuldmagt_domain::{
    address::{Address, CountryCode},
    cpr_record::{CprRecord, RegisteredPerson},
    identifier::{CprNumber, IdentifierKind},
    text::{AddressLine, Name},
};
use uuid::Uuid;

use crate::{
    Error, Result, SHARD, Store,
    crypt::{DataKey, OVERHEAD_BYTES, Purpose, SealingBatch},
    keyring::KeyProvider,
};

/// The table of a copy's records. It stands in the only statements that cannot be checked beforehand, COPY and VACUUM,
/// and is made of nothing but a number of ours.
pub(super) fn table(snapshot_id: i32) -> String {
    format!("cpr_record_{snapshot_id}")
}

/// Signature, no flags, no extension.
pub(super) const COPY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// In the place of a row's count of columns.
pub(super) const COPY_TRAILER: &[u8] = &(-1_i16).to_be_bytes();
/// Of `cpr_record`, in its order.
const COLUMNS: i16 = 8;
/// The length of a column that is null.
const NULL: i32 = -1;
/// A row with name and address, in bytes, as a guess: a chunk's rows are allocated once.
const ROW_BYTES: usize = 288;
/// Between the parts of a person's plain text. No part holds one: each is a text on one line.
const SEPARATOR: &str = "\n";
/// Name and country, the lines of an address, and what is between them.
const MAX_PARTS: usize = 3 + 2 * Address::MAX_LINES;

/// Seals the records of one copy. Cheap to clone.
#[derive(Clone)]
pub struct Sealer {
    key: Arc<DataKey>,
    keys: Arc<dyn KeyProvider>,
    snapshot_id: i32,
}

/// Some records, as they are written.
pub struct SealedChunk {
    pub(super) rows: Vec<u8>,
    pub(super) row_count: u64,
    pub(super) digest: [u8; 32],
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("snapshot_id", &self.snapshot_id).finish_non_exhaustive()
    }
}

impl fmt::Debug for SealedChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedChunk").field("row_count", &self.row_count).finish_non_exhaustive()
    }
}

impl Store {
    pub(super) fn sealer(&self, key: DataKey, snapshot_id: i32) -> Sealer {
        Sealer { key: Arc::new(key), keys: Arc::clone(&self.keys), snapshot_id }
    }
}

impl SealedChunk {
    /// How many records.
    #[must_use]
    pub const fn row_count(&self) -> u64 {
        self.row_count
    }
}

impl Sealer {
    /// Seals a chunk's records. `digest`: that of the chunk as it was sent. Takes some milliseconds for a thousand, so
    /// not on a thread that others wait for.
    ///
    /// # Errors
    /// [`Error::Unreadable`] without randomness.
    pub fn seal(&self, records: &[CprRecord], digest: [u8; 32]) -> Result<SealedChunk> {
        let mut rows = Vec::with_capacity(records.len() * ROW_BYTES);
        let mut batch = self.key.batch();
        for record in records {
            self.push(&mut rows, &mut batch, record)?;
        }
        Ok(SealedChunk { rows, row_count: records.len() as u64, digest })
    }

    fn push(&self, rows: &mut Vec<u8>, batch: &mut SealingBatch, record: &CprRecord) -> Result<()> {
        let index = self.blind_index(record.number());
        rows.extend_from_slice(&COLUMNS.to_be_bytes());
        column(rows, &SHARD.to_be_bytes());
        column(rows, &self.snapshot_id.to_be_bytes());
        column(rows, &index);
        column(rows, &record.status().code().to_be_bytes());
        match record.new_number() {
            Some(new) => {
                column(rows, &self.blind_index(new));
                sealed_column(rows, batch, (Purpose::CprNumber, &index), &[new.expose()])?;
            }
            None => rows.extend([NULL, NULL].into_iter().flat_map(i32::to_be_bytes)),
        }
        column(rows, &[u8::from(record.person().is_protected)]);
        match Parts::of(record.person()) {
            Some(parts) => sealed_column(rows, batch, (Purpose::CprPerson, &index), parts.as_slice()),
            None => {
                rows.extend_from_slice(&NULL.to_be_bytes());
                Ok(())
            }
        }
    }

    fn blind_index(&self, number: &CprNumber) -> [u8; 32] {
        self.keys.index_key().blind_index(IdentifierKind::Cpr.as_str(), number.expose())
    }
}

fn column(rows: &mut Vec<u8>, value: &[u8]) {
    rows.extend_from_slice(&length(value.len()));
    rows.extend_from_slice(value);
}

/// The parts as one sealed text.
fn sealed_column(
    rows: &mut Vec<u8>,
    batch: &mut SealingBatch,
    (purpose, index): (Purpose, &[u8]),
    parts: &[&str],
) -> Result<()> {
    let mut bytes: [&[u8]; MAX_PARTS] = [&[]; MAX_PARTS];
    for (place, part) in bytes.iter_mut().zip(parts) {
        *place = part.as_bytes();
    }
    let plain = parts.iter().map(|part| part.len()).sum::<usize>();
    rows.extend_from_slice(&length(plain + OVERHEAD_BYTES));
    batch
        .append(purpose, owner(index)?, rows, &bytes)
        .map_err(|_| Error::Unreadable("personal data cannot be sealed"))
}

/// No value is near 2 GiB long: the longest is a sealed text.
fn length(bytes: usize) -> [u8; 4] {
    i32::try_from(bytes).unwrap_or(i32::MAX).to_be_bytes()
}

/// Whose a sealed text is: the record's, by half of its blind index, which is as good as random. The copy is in the
/// key.
fn owner(index: &[u8]) -> Result<Uuid> {
    let half = index.first_chunk::<16>().ok_or(Error::Unreadable("blind index"))?;
    Ok(Uuid::from_bytes(*half))
}

/// A person's plain text in parts: name, country and lines of the address, with a separator before each but the first.
/// What is missing is empty.
struct Parts<'a> {
    parts: [&'a str; MAX_PARTS],
    count: usize,
}

impl<'a> Parts<'a> {
    fn of(person: &'a RegisteredPerson) -> Option<Self> {
        if person.name.is_none() && person.address.is_none() {
            return None;
        }
        let mut parts = Self { parts: [""; MAX_PARTS], count: 0 };
        parts.push(person.name.as_ref().map_or("", Name::expose));
        parts.push(SEPARATOR);
        if let Some(address) = &person.address {
            parts.push(address.country_text());
            for line in address.lines() {
                parts.push(SEPARATOR);
                parts.push(line.expose());
            }
        }
        Some(parts)
    }

    fn push(&mut self, part: &'a str) {
        if let Some(place) = self.parts.get_mut(self.count) {
            *place = part;
            self.count += 1;
        }
    }

    fn as_slice(&self) -> &[&'a str] {
        self.parts.get(..self.count).unwrap_or_default()
    }
}

/// What the register tells of a person, from its sealed text.
pub(super) fn open_person(
    key: &DataKey,
    index: &[u8],
    is_protected: bool,
    ciphertext: Option<&[u8]>,
) -> Result<RegisteredPerson> {
    const DAMAGED: Error = Error::Unreadable("person in the CPR register");
    let Some(ciphertext) = ciphertext else {
        return Ok(RegisteredPerson { is_protected, ..RegisteredPerson::default() });
    };
    let text = crate::vault::open(key, Purpose::CprPerson, owner(index)?, ciphertext)?;
    let mut parts = text.split(SEPARATOR);
    let (name, country) = (parts.next().ok_or(DAMAGED)?, parts.next().ok_or(DAMAGED)?);
    let name = match name {
        "" => None,
        name => Some(Name::parse(name).map_err(|_| DAMAGED)?),
    };
    let address = match country {
        "" => None,
        country => {
            let lines: std::result::Result<_, _> = parts.map(AddressLine::parse).collect();
            let country = CountryCode::parse(country).map_err(|_| DAMAGED)?;
            Some(Address::new(lines.map_err(|_| DAMAGED)?, country).map_err(|_| DAMAGED)?)
        }
    };
    Ok(RegisteredPerson { is_protected, name, address })
}

/// The number that the person has now, from its sealed text.
pub(super) fn open_number(key: &DataKey, index: &[u8], ciphertext: &[u8]) -> Result<CprNumber> {
    let text = crate::vault::open(key, Purpose::CprNumber, owner(index)?, ciphertext)?;
    CprNumber::parse(&text).map_err(|_| Error::Unreadable("new CPR number"))
}

#[cfg(test)]
mod tests {
    use fuldmagt_domain::cpr_status::CprStatus;
    use proptest::prelude::*;

    use super::*;
    use crate::keyring::KeyringFile;

    fn sealer() -> Sealer {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyringFile::generate(&folder.path().join("keyring.json")).unwrap();
        Sealer { key: Arc::new(DataKey::generate().unwrap()), keys: Arc::new(keys), snapshot_id: 7 }
    }

    fn cpr(text: &str) -> CprNumber {
        CprNumber::parse(text).unwrap()
    }

    fn person(name: Option<&str>, lines: &[&str]) -> RegisteredPerson {
        let lines: Vec<_> = lines.iter().map(|line| AddressLine::parse(line).unwrap()).collect();
        RegisteredPerson {
            is_protected: true,
            name: name.map(|name| Name::parse(name).unwrap()),
            address: (!lines.is_empty()).then(|| Address::new(lines, CountryCode::DENMARK).unwrap()),
        }
    }

    /// The columns of one row, after its count of columns.
    fn columns(mut row: &[u8]) -> Vec<Option<Vec<u8>>> {
        let count = i16::from_be_bytes(row[..2].try_into().unwrap());
        row = &row[2..];
        let mut columns = Vec::new();
        for _ in 0..count {
            let length = i32::from_be_bytes(row[..4].try_into().unwrap());
            row = &row[4..];
            columns.push(usize::try_from(length).ok().map(|length| {
                let (value, rest) = row.split_at(length);
                row = rest;
                value.to_vec()
            }));
        }
        assert!(row.is_empty(), "one row and no more");
        columns
    }

    #[test]
    fn a_row_has_its_columns_in_the_tables_order_and_nothing_readable() {
        let sealer = sealer();
        let person = person(Some("Åse Ærø"), &["Ærøvej 1", "5970 Ærøskøbing"]);
        let (old, new) = (cpr("0501792275"), cpr("2512489996"));
        let record =
            CprRecord::new(old.clone(), CprStatus::NumberChanged, Some(new.clone()), person.clone()).unwrap();
        let sealed = sealer.seal(std::slice::from_ref(&record), [9; 32]).unwrap();
        assert_eq!((sealed.row_count, sealed.digest), (1, [9; 32]));
        for secret in ["0501792275", "2512489996", "Ærø", "5970"] {
            assert!(!sealed.rows.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
        let columns = columns(&sealed.rows);
        let value = |place: usize| columns[place].as_deref();
        assert_eq!(value(0), Some([0, 0].as_slice()));
        assert_eq!(value(1), Some([0, 0, 0, 7].as_slice()));
        let index = sealer.blind_index(&old);
        assert_eq!(value(2), Some(index.as_slice()));
        assert_eq!(value(3), Some([0, 60].as_slice()));
        assert_eq!(value(4), Some(sealer.blind_index(&new).as_slice()));
        assert_eq!(open_number(&sealer.key, &index, value(5).unwrap()).unwrap(), new);
        assert_eq!(value(6), Some([1].as_slice()));
        assert_eq!(open_person(&sealer.key, &index, true, value(7)).unwrap(), person);
        assert_eq!(columns.len(), 8);
        // What is another record's, or another text of the same record, does not open.
        let other = sealer.blind_index(&new);
        assert!(open_person(&sealer.key, &other, true, value(7)).is_err());
        assert!(open_number(&sealer.key, &index, value(7).unwrap()).is_err());
    }

    #[test]
    fn what_the_register_does_not_tell_is_null() {
        let record =
            CprRecord::new(cpr("0501792275"), CprStatus::Dead, None, RegisteredPerson::default()).unwrap();
        let columns = columns(&sealer().seal(&[record], [0; 32]).unwrap().rows);
        let is_null: Vec<_> = columns.iter().map(Option::is_none).collect();
        assert_eq!(is_null, [false, false, false, false, true, true, false, true]);
    }

    proptest! {
        #[test]
        fn a_person_survives_the_round_trip(
            name in prop::option::of("[A-Za-zÆØÅæøå]([A-Za-zÆØÅæøå ,.'-]{0,120}[a-zæøå])?"),
            lines in prop::collection::vec("[A-ZÆØÅ0-9]([A-Za-zæøå0-9 ,.-]{0,31}[a-z0-9])?", 0..7),
            is_protected in any::<bool>(),
        ) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let person = RegisteredPerson { is_protected, ..person(name.as_deref(), &lines) };
            let sealer = sealer();
            let index = sealer.blind_index(&cpr("0501792275"));
            let ciphertext = Parts::of(&person).map(|parts| {
                let (mut row, mut batch) = (Vec::new(), sealer.key.batch());
                sealed_column(&mut row, &mut batch, (Purpose::CprPerson, &index), parts.as_slice()).unwrap();
                row.split_off(4)
            });
            prop_assert_eq!(open_person(&sealer.key, &index, is_protected, ciphertext.as_deref()).unwrap(), person);
        }
    }
}
