//! `DelegationService.GetReceipt`.

use fuldmagt_proto::v1::{GetReceiptRequest, GetReceiptResponse};
use tonic::Request;

use crate::{
    app::{App, Result},
    rpc::{
        caller::caller,
        from_proto::{Violations, actor::actor, ids::delegation_id},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.DelegationService/GetReceipt";

pub(super) async fn handle(app: &App, request: Request<GetReceiptRequest>) -> Result<GetReceiptResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let mut fields = Violations::new();
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let id = fields.read("delegation_id", |fields| delegation_id(fields, &message.delegation_id));
    let (actor, id) = fields.finish(|| Some((actor?, id?)))?;
    let (receipt, revision) = app.get_receipt(&call.acted_by(actor.party), id).await?;
    Ok(GetReceiptResponse {
        agreement: Some(to_proto::agreement(&receipt.text)),
        sign_time: Some(to_proto::timestamp(receipt.signed_at)),
        level_of_assurance: to_proto::level_of_assurance(receipt.assurance).into(),
        signer_id: receipt.signer.to_string(),
        evidence: receipt.evidence.map(|evidence| evidence.0).unwrap_or_default(),
        revision: revision.to_token(),
    })
}
