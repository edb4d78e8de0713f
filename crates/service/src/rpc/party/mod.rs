//! Parties and their identifiers: one file per RPC.

mod end_employment;
mod get_cpr_import;
mod import_cpr_snapshot;
mod link_identifier;
mod merge_parties;
mod resolve_party;
mod resolve_suspension;

use fuldmagt_proto::v1::{self, party_service_server};
use tonic::{Request, Response, Status, Streaming};

use super::status::answer;
use crate::{
    app::{App, Call, command::Channel},
    clients::Role,
};

/// How a call reached the service that a register may make, or another system.
fn by_register_or_system(call: &Call) -> Channel {
    if call.caller.client.roles.contains(Role::RegisterFeed) { Channel::Register } else { Channel::System }
}

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

    async fn merge_parties(
        &self,
        request: Request<v1::MergePartiesRequest>,
    ) -> Result<Response<v1::MergePartiesResponse>, Status> {
        answer(merge_parties::handle(&self.0, request).await)
    }

    async fn end_employment(
        &self,
        request: Request<v1::EndEmploymentRequest>,
    ) -> Result<Response<v1::EndEmploymentResponse>, Status> {
        answer(end_employment::handle(&self.0, request).await)
    }

    async fn resolve_suspension(
        &self,
        request: Request<v1::ResolveSuspensionRequest>,
    ) -> Result<Response<v1::ResolveSuspensionResponse>, Status> {
        answer(resolve_suspension::handle(&self.0, request).await)
    }
}
