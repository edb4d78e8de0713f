//! Delegations on paper: one file per RPC.

mod approve_paper_delegation;
mod list_paper_delegations;
mod register_signed_form;
mod reject_paper_delegation;
mod start_paper_delegation;

use fuldmagt_proto::v1::{self, paper_service_server};
use tonic::{Request, Response, Status};

use super::status::answer;
use crate::app::App;

/// `fuldmagt.v1.PaperService`.
#[derive(Clone, Debug)]
pub(super) struct PaperService(pub(super) App);

#[tonic::async_trait]
impl paper_service_server::PaperService for PaperService {
    async fn start_paper_delegation(
        &self,
        request: Request<v1::StartPaperDelegationRequest>,
    ) -> Result<Response<v1::StartPaperDelegationResponse>, Status> {
        answer(start_paper_delegation::handle(&self.0, request).await)
    }

    async fn register_signed_form(
        &self,
        request: Request<v1::RegisterSignedFormRequest>,
    ) -> Result<Response<v1::RegisterSignedFormResponse>, Status> {
        answer(register_signed_form::handle(&self.0, request).await)
    }

    async fn approve_paper_delegation(
        &self,
        request: Request<v1::ApprovePaperDelegationRequest>,
    ) -> Result<Response<v1::ApprovePaperDelegationResponse>, Status> {
        answer(approve_paper_delegation::handle(&self.0, request).await)
    }

    async fn reject_paper_delegation(
        &self,
        request: Request<v1::RejectPaperDelegationRequest>,
    ) -> Result<Response<v1::RejectPaperDelegationResponse>, Status> {
        answer(reject_paper_delegation::handle(&self.0, request).await)
    }

    async fn list_paper_delegations(
        &self,
        request: Request<v1::ListPaperDelegationsRequest>,
    ) -> Result<Response<v1::ListPaperDelegationsResponse>, Status> {
        answer(list_paper_delegations::handle(&self.0, request).await)
    }
}
