//! The law of delegation: identifiers, parties, periods and the life of a delegation.
//!
//! Pure types and rules. Nothing here reads a clock, touches a network or a disk, or knows how a value is
//! stored or sent. Parse, don't validate: a value of one of these types that exists is valid.

pub mod address;
pub mod agreement;
pub mod assurance;
pub mod cpr_record;
pub mod cpr_status;
pub mod decision;
pub mod delegation;
pub mod designation;
pub mod ending;
pub mod giving;
pub mod identifier;
pub mod merging;
pub mod package;
pub mod paper;
pub mod party;
pub mod period;
pub mod privilege;
pub mod renewal;
pub mod request;
pub mod standing;
pub mod sub_delegation;
pub mod text;

#[cfg(test)]
mod life_tests;
#[cfg(test)]
mod testing;
