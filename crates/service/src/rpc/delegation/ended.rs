//! What revoking and renouncing have in common.

use fuldmagt_domain::delegation::EndedBy;
use fuldmagt_proto::v1;
use uuid::Uuid;

use crate::{
    app::{Result, end_delegation::End},
    rpc::from_proto::{
        Violations,
        actor::actor,
        delegated_packages,
        delegation::end_reason,
        ids::{delegation_id, request_id},
        privileges,
    },
};

/// The request, whoever ends the delegation.
pub(super) struct Asked {
    pub(super) request_id: String,
    pub(super) actor: Option<v1::Actor>,
    pub(super) delegation_id: String,
    pub(super) reason: i32,
    /// Only these; empty for all.
    pub(super) privileges: Vec<String>,
    /// Only these as well.
    pub(super) packages: Vec<String>,
}

pub(super) fn parse(asked: Asked, by: EndedBy) -> Result<(Uuid, End)> {
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &asked.request_id));
    let actor = fields.read("actor", |fields| actor(fields, asked.actor));
    let delegation = fields.read("delegation_id", |fields| delegation_id(fields, &asked.delegation_id));
    let reason = fields.read("reason", |fields| end_reason(fields, asked.reason));
    let privileges = fields.read("privileges", |fields| privileges::filter(fields, &asked.privileges));
    let packages = fields.read("packages", |fields| delegated_packages::ids(fields, &asked.packages));
    fields.finish(|| {
        let (actor, delegation, privileges) = (actor?, delegation?, privileges?);
        Some((request_id?, End { actor, delegation, by, privileges, packages: packages?, reason: reason? }))
    })
}
