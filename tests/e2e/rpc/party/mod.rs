//! Parties and their identifiers.

mod end_employment;
pub(crate) mod feed;
mod get_cpr_import;
mod import_cpr_snapshot;
mod import_cpr_snapshot_refusals;
mod import_cpr_snapshot_streams;
mod link_identifier;
mod merge_parties;
mod merge_parties_at_once;
mod merge_parties_notices;
mod merge_parties_property;
mod merge_parties_standing;
mod register_effects;
mod register_effects_at_once;
mod register_effects_numbers;
mod resolve_party;
mod resolve_suspension;
