//! What authorities ask: one file per RPC.

mod batch_check_delegations;
mod check_delegation;
mod list_delegators;
mod list_representatives;
mod listed;

use fuldmagt_proto::v1::{self, query_service_server};
use tonic::{Request, Response, Status};

use super::status::answer;
use crate::app::App;

/// `fuldmagt.v1.QueryService`.
#[derive(Clone, Debug)]
pub(super) struct QueryService(pub(super) App);

#[tonic::async_trait]
impl query_service_server::QueryService for QueryService {
    async fn check_delegation(
        &self,
        request: Request<v1::CheckDelegationRequest>,
    ) -> Result<Response<v1::CheckDelegationResponse>, Status> {
        answer(check_delegation::handle(&self.0, request).await)
    }

    async fn batch_check_delegations(
        &self,
        request: Request<v1::BatchCheckDelegationsRequest>,
    ) -> Result<Response<v1::BatchCheckDelegationsResponse>, Status> {
        answer(batch_check_delegations::handle(&self.0, request).await)
    }

    async fn list_representatives(
        &self,
        request: Request<v1::ListRepresentativesRequest>,
    ) -> Result<Response<v1::ListRepresentativesResponse>, Status> {
        answer(list_representatives::handle(&self.0, request).await)
    }

    async fn list_delegators(
        &self,
        request: Request<v1::ListDelegatorsRequest>,
    ) -> Result<Response<v1::ListDelegatorsResponse>, Status> {
        answer(list_delegators::handle(&self.0, request).await)
    }
}
