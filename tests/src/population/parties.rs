//! The parties of a population. Everything about one follows from its number, so that nothing of it is kept.

use chrono::{DateTime, TimeDelta, Utc};
use fuldmagt_domain::identifier::{Identifier, PartyKind};
use fuldmagt_domain::party::PartyId;
use fuldmagt_domain::text::Name;
use fuldmagt_store::crypt::{DataKey, KEY_BYTES};
use uuid::Uuid;

use super::random::spread;
use crate::fixtures::{Organisation, People};

/// Of a hundred parties in a row, so many are organisations and so many employees of theirs; the others are persons.
const ORGANISATIONS: u32 = 3;
const EMPLOYEES: u32 = 2;
const HUNDRED: u32 = 100;
/// Every third person has a PID from the time before MitID.
const PID_EVERY: u32 = 3;
/// All were registered within a year, long before the first delegation.
const REGISTERED_DAYS_AGO: i64 = 3_650;
const REGISTERED_WITHIN_DAYS: i64 = 365;

/// A party by its place in the population.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartyNumber(pub u32);

/// Where the numbers get their meaning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parties {
    pub(super) seed: u64,
    pub(super) count: u32,
    pub(super) now: DateTime<Utc>,
}

impl PartyNumber {
    /// Person, organisation or employee.
    pub fn kind(self) -> PartyKind {
        match self.0 % HUNDRED {
            place if place < ORGANISATIONS => PartyKind::Organisation,
            place if place < ORGANISATIONS + EMPLOYEES => PartyKind::Employee,
            _ => PartyKind::Person,
        }
    }

    /// The employer, for an employee.
    pub fn organisation(self) -> Option<Self> {
        let hundred = self.0 - self.0 % HUNDRED;
        (self.kind() == PartyKind::Employee).then(|| Self(hundred + self.0 % ORGANISATIONS))
    }

    /// The first employee of an organisation, if it has one.
    pub fn employee(self) -> Option<Self> {
        let hundred = self.0 - self.0 % HUNDRED;
        let mut employees = (hundred + ORGANISATIONS..hundred + ORGANISATIONS + EMPLOYEES).map(Self);
        employees.find(|employee| employee.organisation() == Some(self))
    }

    /// All that names it. A number past the end of the population is that of somebody nobody has registered.
    pub fn identifiers(self) -> Vec<Identifier> {
        let people = People::starting_at(self.0.into());
        match self.organisation() {
            Some(employer) => people.employee_of(&employer.as_organisation()).identifiers(),
            None if self.kind() == PartyKind::Organisation => self.as_organisation().identifiers(),
            None => {
                let mut identifiers = people.person().identifiers();
                if !self.0.is_multiple_of(PID_EVERY) {
                    identifiers.retain(|identifier| !matches!(identifier, Identifier::Pid(_)));
                }
                identifiers
            }
        }
    }

    /// What an authority would ask with: the CPR number, the CVR number or the RID.
    pub fn identifier(self) -> Identifier {
        self.identifiers().swap_remove(0)
    }

    pub(super) fn name(self) -> Name {
        match self.kind() {
            PartyKind::Organisation => self.as_organisation().name,
            PartyKind::Person | PartyKind::Employee => People::starting_at(self.0.into()).person().name,
        }
    }

    /// Organisations are counted by themselves, because CVR numbers are few.
    fn as_organisation(self) -> Organisation {
        People::starting_at((self.0 / HUNDRED * ORGANISATIONS + self.0 % HUNDRED).into()).organisation()
    }
}

impl Parties {
    pub(super) fn all(self) -> impl Iterator<Item = PartyNumber> {
        (0..self.count).map(PartyNumber)
    }

    pub(super) fn id(self, party: PartyNumber) -> PartyId {
        PartyId(row_id(self.registered_at(party), self.seed ^ u64::from(party.0)))
    }

    pub(super) fn registered_at(self, party: PartyNumber) -> DateTime<Utc> {
        let within = TimeDelta::days(REGISTERED_WITHIN_DAYS).num_milliseconds();
        let after = within * i64::from(party.0) / i64::from(self.count.max(1));
        self.now - TimeDelta::days(REGISTERED_DAYS_AGO) + TimeDelta::milliseconds(after)
    }

    /// The key of its data. Not random, so that its delegations' messages can be sealed without keeping a million keys:
    /// this data is nobody's.
    pub(super) fn data_key(self, party: PartyNumber) -> DataKey {
        let mut bytes = [0; KEY_BYTES];
        for (place, chunk) in (0_u64..).zip(bytes.chunks_exact_mut(8)) {
            let word = spread(spread(self.seed ^ u64::from(party.0)).wrapping_add(place));
            chunk.copy_from_slice(&word.to_be_bytes());
        }
        DataKey::from_bytes(&bytes).expect("as long as a key is")
    }
}

/// An identifier as the service makes them: version 7, sorted by when the row was made.
pub(super) fn row_id(at: DateTime<Utc>, salt: u64) -> Uuid {
    let bits = u128::from(spread(salt)) << 64 | u128::from(spread(!salt));
    let mut bytes = [0; 10];
    bytes.copy_from_slice(&bits.to_be_bytes()[..10]);
    uuid::Builder::from_unix_timestamp_millis(at.timestamp_millis().unsigned_abs(), &bytes).into_uuid()
}
