//! Parties and their identifiers.

pub(crate) mod feed;
mod get_cpr_import;
mod import_cpr_snapshot;
mod import_cpr_snapshot_refusals;
mod import_cpr_snapshot_streams;
mod link_identifier;
mod resolve_party;
