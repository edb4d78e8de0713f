//! Parties and their identifiers: one file per RPC.

mod link_identifier;
mod resolve_party;

use fuldmagt_proto::v1::{self, party_service_server};
use tonic::{Request, Response, Status};

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
}
