//! `PartyService.GetCprImport`.

use fuldmagt_proto::v1::{GetCprImportRequest, GetCprImportResponse};
use tonic::Request;

use crate::{
    app::{App, Result},
    rpc::{
        caller::caller,
        from_proto::{Violations, ids::uuid},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.PartyService/GetCprImport";

pub(super) async fn handle(app: &App, request: Request<GetCprImportRequest>) -> Result<GetCprImportResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let mut fields = Violations::new();
    let import_id = fields.read("import_id", |fields| uuid(fields, &message.import_id));
    let import_id = fields.finish(|| import_id)?;
    let (import, effects, revision) = app.get_cpr_import(&call, import_id).await?;
    Ok(GetCprImportResponse {
        cpr_import: Some(to_proto::cpr_import(&import)),
        revision: revision.to_token(),
        effects: Some(to_proto::cpr_effects(&effects)),
    })
}
