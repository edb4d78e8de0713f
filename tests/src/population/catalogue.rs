//! What may be delegated: forty privileges of five authorities, the popular ones first.

use fuldmagt_domain::identifier::CvrNumber;
use fuldmagt_domain::privilege::PrivilegeUri;

/// Authorities, each with a system of eight privileges. The first is the organisation of the development client.
const AUTHORITIES: [(&str, &str); 5] = [
    ("34051178", "digst"),
    ("19552101", "skat"),
    ("20921897", "tinglysning"),
    ("10000009", "kommune"),
    ("20000007", "sundhed"),
];
const TOPICS: [&str; 8] =
    ["oplysninger", "bolig", "årsopgørelse", "ansøgning", "post", "betaling", "aftale", "klage"];
/// The last two privileges of the list: one was never published, one was and is hidden now.
const UNPUBLISHED: usize = 2;

/// How many privileges there are.
pub const PRIVILEGES: usize = AUTHORITIES.len() * TOPICS.len();
/// How many of them, the first ones, are published and given.
pub const PUBLISHED: usize = PRIVILEGES - UNPUBLISHED;

/// A privilege by its place in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrivilegeNumber(pub usize);

impl PrivilegeNumber {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..PRIVILEGES).map(Self)
    }

    /// Its name.
    pub fn uri(self) -> PrivilegeUri {
        let topic = TOPICS[self.0 / AUTHORITIES.len()];
        PrivilegeUri::parse(&format!("urn:dk:{}:{topic}:se", self.system())).expect("a URI")
    }

    /// The system it belongs to.
    pub fn system(self) -> &'static str {
        AUTHORITIES[self.0 % AUTHORITIES.len()].1
    }

    /// Whose it is.
    pub fn authority(self) -> CvrNumber {
        CvrNumber::parse(AUTHORITIES[self.0 % AUTHORITIES.len()].0).expect("a CVR number")
    }

    /// Whether it is published, and given to somebody.
    pub fn is_published(self) -> bool {
        self.0 < PUBLISHED
    }

    /// Whether it was published once, and is hidden now.
    pub fn is_hidden(self) -> bool {
        self.0 == PUBLISHED
    }
}

/// Each system with its owner.
pub(super) fn systems() -> impl Iterator<Item = (&'static str, &'static str)> {
    AUTHORITIES.into_iter().map(|(cvr, system)| (system, cvr))
}
