//! Parties and their identifiers.

mod link_identifier;
mod resolve_party;
