//! The rows of parties and delegations.

use std::fmt::{self, Display, Write as _};
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use fuldmagt_domain::delegation::State;
use fuldmagt_domain::identifier::Identifier;
use fuldmagt_store::crypt::Purpose;
use fuldmagt_store::keyring::KeyProvider;
use sqlx::PgPool;

use super::Copy;
use crate::population::parties::{Parties, PartyNumber};
use crate::population::{Delegation, Population};

/// One delegation in so many has a message.
const MESSAGE_EVERY: usize = 5;
const MESSAGE: &str = "Tak fordi du ordner det for mig.\nRing, hvis du er i tvivl om noget.";

/// Null in COPY's text format.
pub(super) const NULL: &str = "\\N";

/// Where parties go.
struct PartyTables {
    party: Copy,
    party_key: Copy,
    identifier: Copy,
}

pub(super) async fn parties(
    population: Arc<Population>,
    pool: PgPool,
    keys: Arc<dyn KeyProvider>,
) -> anyhow::Result<u64> {
    let party = "shard, party_id, kind, organisation_id, name_ciphertext, created_at";
    let party_key = "shard, party_id, wrapping_key_id, wrapped_key, created_at";
    let identifier = "shard, kind, blind_index, party_id, ciphertext, linked_at";
    let mut tables = PartyTables {
        party: Copy::into("party", party, &pool).await?,
        party_key: Copy::into("party_key", party_key, &pool).await?,
        identifier: Copy::into("identifier", identifier, &pool).await?,
    };
    for number in population.parties.all() {
        tables.write(number, population.parties, keys.as_ref())?;
        tables.party.flush().await?;
        tables.party_key.flush().await?;
        tables.identifier.flush().await?;
    }
    Ok(tables.party.finish().await? + tables.party_key.finish().await? + tables.identifier.finish().await?)
}

impl PartyTables {
    /// Seals as the store's vault does.
    fn write(&mut self, number: PartyNumber, parties: Parties, keys: &dyn KeyProvider) -> anyhow::Result<()> {
        let id = parties.id(number).0;
        let key = parties.data_key(number);
        let wrapped = keys.wrap(&key, id.as_bytes())?;
        let at = Time(parties.registered_at(number));
        let organisation = Nullable(number.organisation().map(|employer| parties.id(employer)));
        let name = key.seal(Purpose::Name, id, number.name().expose().as_bytes())?;
        let kind = number.kind().as_str();
        writeln!(self.party.text, "0\t{id}\t{kind}\t{organisation}\t{}\t{at}", Bytes(&name))?;
        let (key_id, wrapped) = (&wrapped.key_id, Bytes(&wrapped.bytes));
        writeln!(self.party_key.text, "0\t{id}\t{key_id}\t{wrapped}\t{at}")?;
        for identifier in number.identifiers() {
            let (kind, index) = finder(&identifier, keys);
            let plain = format!("{kind}:{}", identifier.expose());
            let sealed = key.seal(Purpose::Identifier, id, plain.as_bytes())?;
            let (index, sealed) = (Bytes(&index), Bytes(&sealed));
            writeln!(self.identifier.text, "0\t{kind}\t{index}\t{id}\t{sealed}\t{at}")?;
        }
        Ok(())
    }
}

/// What an identifier is found by.
pub(super) fn finder(identifier: &Identifier, keys: &dyn KeyProvider) -> (&'static str, [u8; 32]) {
    let kind = identifier.kind().as_str();
    (kind, keys.index_key().blind_index(kind, identifier.expose()))
}

pub(super) async fn delegations(
    population: Arc<Population>,
    pool: PgPool,
    privileges: Vec<i32>,
) -> anyhow::Result<u64> {
    let columns =
        "shard, delegation_id, delegator_id, representative_id, status, valid_from, valid_to, ended_at,
                   message_ciphertext, message_by, created_at, version";
    let mut delegation = Copy::into("delegation", columns, &pool).await?;
    let columns =
        "shard, delegation_id, privilege_id, delegator_id, representative_id, valid_from, valid_to, ended_at,
         ended_as";
    let mut privilege = Copy::into("delegation_privilege", columns, &pool).await?;
    let columns = "shard, delegation_id, employee_id, designated_at";
    let mut designation = Copy::into("designation", columns, &pool).await?;
    for (place, given) in population.delegations.iter().enumerate() {
        let row = Row::of(place, given, &population)?;
        writeln!(delegation.text, "{}", row.delegation())?;
        for number in given.privileges() {
            let Row { id, parties, period, ended_at, .. } = &row;
            let (number, ended_as) = (privileges[number.0], row.ended_as());
            writeln!(privilege.text, "0\t{id}\t{number}\t{parties}\t{period}\t{ended_at}\t{ended_as}")?;
        }
        if let Some(employee) = given.designated() {
            let employee = population.party_id(employee);
            writeln!(designation.text, "0\t{}\t{employee}\t{}", row.id, row.created_at)?;
        }
        delegation.flush().await?;
        privilege.flush().await?;
        designation.flush().await?;
    }
    Ok(delegation.finish().await? + privilege.finish().await? + designation.finish().await?)
}

/// The columns of a delegation.
struct Row {
    id: String,
    parties: String,
    period: String,
    state: State,
    version: i64,
    ended_at: String,
    /// The sealed message and who wrote it.
    message: String,
    created_at: String,
}

impl Row {
    fn of(place: usize, given: &Delegation, population: &Population) -> anyhow::Result<Self> {
        let id = population.delegation_id(place);
        let message = if place.is_multiple_of(MESSAGE_EVERY) {
            let key = population.parties.data_key(given.delegator);
            let sealed = key.seal(Purpose::Message, id.0, MESSAGE.as_bytes())?;
            format!("{}\t{}", Bytes(&sealed), population.party_id(given.delegator))
        } else {
            format!("{NULL}\t{NULL}")
        };
        let party = |number| population.party_id(number);
        Ok(Self {
            id: id.to_string(),
            parties: format!("{}\t{}", party(given.delegator), party(given.representative)),
            period: format!("{}\t{}", Time(given.period.from()), Time(given.period.to())),
            state: given.state,
            version: events(given).count() as i64,
            ended_at: Nullable(given.state.ended_at().map(Time)).to_string(),
            message,
            created_at: Time(given.created_at).to_string(),
        })
    }

    /// How each of its grants ended: as it did.
    fn ended_as(&self) -> &'static str {
        if self.state.ended_at().is_some() { self.state.as_str() } else { NULL }
    }

    fn delegation(&self) -> String {
        let Self { id, parties, period, ended_at, message, created_at, version, .. } = self;
        let status = self.state.as_str();
        format!("0\t{id}\t{parties}\t{status}\t{period}\t{ended_at}\t{message}\t{created_at}\t{version}")
    }
}

/// What happened to a delegation, in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Happened {
    Given,
    EmployeeDesignated,
    Ended,
}

/// When each thing happened to a delegation.
pub(super) fn events(given: &Delegation) -> impl Iterator<Item = (DateTime<Utc>, Happened)> {
    let designated = given.designated().map(|_| (given.created_at, Happened::EmployeeDesignated));
    let ended = given.state.ended_at().map(|at| (at, Happened::Ended));
    [Some((given.created_at, Happened::Given)), designated, ended].into_iter().flatten()
}

/// An instant as Postgres reads it, in whole microseconds.
#[derive(Clone, Copy)]
pub(super) struct Time(pub(super) DateTime<Utc>);

impl Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

/// Bytes as Postgres reads them, the backslash doubled for COPY.
struct Bytes<'a>(&'a [u8]);

impl Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        f.write_str("\\\\x")?;
        for byte in self.0 {
            f.write_char(DIGITS[usize::from(byte >> 4)].into())?;
            f.write_char(DIGITS[usize::from(byte & 15)].into())?;
        }
        Ok(())
    }
}

struct Nullable<T>(Option<T>);

impl<T: Display> Display for Nullable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str(NULL),
        }
    }
}
