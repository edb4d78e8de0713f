//! What revoking and renouncing have in common.

use fuldmagt_domain::delegation::EndedBy;
use fuldmagt_proto::v1;
use uuid::Uuid;

use crate::{
    app::{Result, end_delegation::End},
    rpc::from_proto::{
        Violations,
        actor::actor,
        delegation::end_reason,
        ids::{delegation_id, request_id},
    },
};

/// The request, whoever ends the delegation.
pub(super) struct Asked {
    pub(super) request_id: String,
    pub(super) actor: Option<v1::Actor>,
    pub(super) delegation_id: String,
    pub(super) reason: i32,
}

pub(super) fn parse(asked: Asked, by: EndedBy) -> Result<(Uuid, End)> {
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &asked.request_id));
    let actor = fields.read("actor", |fields| actor(fields, asked.actor));
    let delegation = fields.read("delegation_id", |fields| delegation_id(fields, &asked.delegation_id));
    let reason = fields.read("reason", |fields| end_reason(fields, asked.reason));
    fields.finish(|| Some((request_id?, End { actor: actor?, delegation: delegation?, by, reason: reason? })))
}
