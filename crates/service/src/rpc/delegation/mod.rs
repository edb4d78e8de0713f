//! Giving, ending and reading delegations: one file per RPC.

mod create_delegation;
mod ended;
mod get_delegation;
mod list_delegation_events;
mod list_delegations;
mod renounce_delegation;
mod revoke_delegation;

use fuldmagt_proto::v1::{self, delegation_service_server};
use tonic::{Request, Response, Status};

use super::status::answer;
use crate::app::App;

/// `fuldmagt.v1.DelegationService`.
#[derive(Clone, Debug)]
pub(super) struct DelegationService(pub(super) App);

#[tonic::async_trait]
impl delegation_service_server::DelegationService for DelegationService {
    async fn create_delegation(
        &self,
        request: Request<v1::CreateDelegationRequest>,
    ) -> Result<Response<v1::CreateDelegationResponse>, Status> {
        answer(create_delegation::handle(&self.0, request).await)
    }

    async fn revoke_delegation(
        &self,
        request: Request<v1::RevokeDelegationRequest>,
    ) -> Result<Response<v1::RevokeDelegationResponse>, Status> {
        answer(revoke_delegation::handle(&self.0, request).await)
    }

    async fn renounce_delegation(
        &self,
        request: Request<v1::RenounceDelegationRequest>,
    ) -> Result<Response<v1::RenounceDelegationResponse>, Status> {
        answer(renounce_delegation::handle(&self.0, request).await)
    }

    async fn get_delegation(
        &self,
        request: Request<v1::GetDelegationRequest>,
    ) -> Result<Response<v1::GetDelegationResponse>, Status> {
        answer(get_delegation::handle(&self.0, request).await)
    }

    async fn list_delegations(
        &self,
        request: Request<v1::ListDelegationsRequest>,
    ) -> Result<Response<v1::ListDelegationsResponse>, Status> {
        answer(list_delegations::handle(&self.0, request).await)
    }

    async fn list_delegation_events(
        &self,
        request: Request<v1::ListDelegationEventsRequest>,
    ) -> Result<Response<v1::ListDelegationEventsResponse>, Status> {
        answer(list_delegation_events::handle(&self.0, request).await)
    }
}
