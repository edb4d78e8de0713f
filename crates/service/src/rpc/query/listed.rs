//! What the two lists have in common.

use fuldmagt_proto::v1;
use fuldmagt_store::query::Direction;

use crate::{
    app::{
        App, Call, Result,
        list_delegated::{Page, Question},
        paging::PageRequest,
    },
    rpc::from_proto::{
        Violations, identifier::identifier, paging::page_size, privileges::filter, text::purpose,
    },
};

/// A list's request, whichever side it is about.
pub(super) struct Asked {
    pub(super) direction: Direction,
    pub(super) subject_field: &'static str,
    pub(super) subject: Option<v1::Identifier>,
    pub(super) privileges: Vec<String>,
    pub(super) purpose: String,
    pub(super) page_size: i32,
    pub(super) page_token: String,
}

pub(super) async fn list(app: &App, call: Call, asked: Asked) -> Result<Page> {
    let mut fields = Violations::new();
    let subject = fields.read(asked.subject_field, |fields| identifier(fields, asked.subject));
    let privileges = fields.read("privileges", |fields| filter(fields, &asked.privileges));
    let purpose = fields.read("purpose", |fields| purpose(fields, &asked.purpose));
    let size = fields.read("page_size", |fields| page_size(fields, asked.page_size));
    let direction = asked.direction;
    let (question, purpose, size) = fields.finish(|| {
        Some((Question { direction, subject: subject?, privileges: privileges? }, purpose?, size?))
    })?;
    let call = call.with_purpose(purpose)?;
    app.list_delegated(&call, &question, &PageRequest { size, token: asked.page_token }).await
}
