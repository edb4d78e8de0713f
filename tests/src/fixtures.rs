//! People, keys, time and identifiers of the tests.

mod clock;
mod ids;
mod keyring;
mod people;
mod secrets;

pub use clock::SettableClock;
pub use ids::SequentialIds;
pub use keyring::{Keyring, note_keys};
pub use people::{Employee, Organisation, People, Person};
pub use secrets::{MIN_SECRET_CHARS, note_secret};
