//! Parties and their identifiers: one file per RPC.

mod get_cpr_import;
mod import_cpr_snapshot;
mod link_identifier;
mod resolve_party;

use fuldmagt_proto::v1::{self, party_service_server};
use tonic::{Request, Response, Status, Streaming};

use super::status::answer;
use crate::app::App;

/// `fuldmagt.v1.PartyService`.
#[derive(Clone, Debug)]
pub(super) struct PartyService(pub(super) App);

#[tonic::async_trait]
impl party_service_server::PartyService for PartyService {
    async fn resolve_party(
        &self,
        request: Request<v1::ResolvePartyRequest>,
    ) -> Result<Response<v1::ResolvePartyResponse>, Status> {
        answer(resolve_party::handle(&self.0, request).await)
    }

    async fn link_identifier(
        &self,
        request: Request<v1::LinkIdentifierRequest>,
    ) -> Result<Response<v1::LinkIdentifierResponse>, Status> {
        answer(link_identifier::handle(&self.0, request).await)
    }

    async fn import_cpr_snapshot(
        &self,
        request: Request<Streaming<v1::ImportCprSnapshotRequest>>,
    ) -> Result<Response<v1::ImportCprSnapshotResponse>, Status> {
        import_cpr_snapshot::handle(&self.0, request).await.map(Response::new)
    }

    async fn get_cpr_import(
        &self,
        request: Request<v1::GetCprImportRequest>,
    ) -> Result<Response<v1::GetCprImportResponse>, Status> {
        answer(get_cpr_import::handle(&self.0, request).await)
    }
}
