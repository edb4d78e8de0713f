//! Parties and their identifiers.

mod end_employment;
mod link_identifier;
mod merge_parties;
mod merge_parties_at_once;
mod merge_parties_property;
mod resolve_party;
mod resolve_suspension;
