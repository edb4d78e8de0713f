//! Giving, asking for, changing, ending and reading delegations: one file per RPC.

mod accept_delegation;
mod create_delegation;
mod decline_delegation;
mod designate_employee;
mod ended;
mod get_delegation;
mod get_receipt;
mod list_delegation_events;
mod list_delegations;
mod list_designations;
mod preview_delegation;
mod remove_designation;
mod renew_delegation;
mod renounce_delegation;
mod request_delegation;
mod resent;
mod revoke_all_delegations;
mod revoke_delegation;
mod sub_delegate;
mod withdraw_request;

use fuldmagt_proto::v1::{self, delegation_service_server};
use tonic::{Request, Response, Status};

use super::status::answer;
use crate::app::App;

/// `fuldmagt.v1.DelegationService`.
#[derive(Clone, Debug)]
pub(super) struct DelegationService(pub(super) App);

#[tonic::async_trait]
impl delegation_service_server::DelegationService for DelegationService {
    async fn preview_delegation(
        &self,
        request: Request<v1::PreviewDelegationRequest>,
    ) -> Result<Response<v1::PreviewDelegationResponse>, Status> {
        answer(preview_delegation::handle(&self.0, request).await)
    }

    async fn create_delegation(
        &self,
        request: Request<v1::CreateDelegationRequest>,
    ) -> Result<Response<v1::CreateDelegationResponse>, Status> {
        answer(create_delegation::handle(&self.0, request).await)
    }

    async fn sub_delegate(
        &self,
        request: Request<v1::SubDelegateRequest>,
    ) -> Result<Response<v1::SubDelegateResponse>, Status> {
        answer(sub_delegate::handle(&self.0, request).await)
    }

    async fn request_delegation(
        &self,
        request: Request<v1::RequestDelegationRequest>,
    ) -> Result<Response<v1::RequestDelegationResponse>, Status> {
        answer(request_delegation::handle(&self.0, request).await)
    }

    async fn accept_delegation(
        &self,
        request: Request<v1::AcceptDelegationRequest>,
    ) -> Result<Response<v1::AcceptDelegationResponse>, Status> {
        answer(accept_delegation::handle(&self.0, request).await)
    }

    async fn decline_delegation(
        &self,
        request: Request<v1::DeclineDelegationRequest>,
    ) -> Result<Response<v1::DeclineDelegationResponse>, Status> {
        answer(decline_delegation::handle(&self.0, request).await)
    }

    async fn withdraw_request(
        &self,
        request: Request<v1::WithdrawRequestRequest>,
    ) -> Result<Response<v1::WithdrawRequestResponse>, Status> {
        answer(withdraw_request::handle(&self.0, request).await)
    }

    async fn revoke_delegation(
        &self,
        request: Request<v1::RevokeDelegationRequest>,
    ) -> Result<Response<v1::RevokeDelegationResponse>, Status> {
        answer(revoke_delegation::handle(&self.0, request).await)
    }

    async fn revoke_all_delegations(
        &self,
        request: Request<v1::RevokeAllDelegationsRequest>,
    ) -> Result<Response<v1::RevokeAllDelegationsResponse>, Status> {
        answer(revoke_all_delegations::handle(&self.0, request).await)
    }

    async fn renounce_delegation(
        &self,
        request: Request<v1::RenounceDelegationRequest>,
    ) -> Result<Response<v1::RenounceDelegationResponse>, Status> {
        answer(renounce_delegation::handle(&self.0, request).await)
    }

    async fn renew_delegation(
        &self,
        request: Request<v1::RenewDelegationRequest>,
    ) -> Result<Response<v1::RenewDelegationResponse>, Status> {
        answer(renew_delegation::handle(&self.0, request).await)
    }

    async fn designate_employee(
        &self,
        request: Request<v1::DesignateEmployeeRequest>,
    ) -> Result<Response<v1::DesignateEmployeeResponse>, Status> {
        answer(designate_employee::handle(&self.0, request).await)
    }

    async fn remove_designation(
        &self,
        request: Request<v1::RemoveDesignationRequest>,
    ) -> Result<Response<v1::RemoveDesignationResponse>, Status> {
        answer(remove_designation::handle(&self.0, request).await)
    }

    async fn list_designations(
        &self,
        request: Request<v1::ListDesignationsRequest>,
    ) -> Result<Response<v1::ListDesignationsResponse>, Status> {
        answer(list_designations::handle(&self.0, request).await)
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

    async fn get_receipt(
        &self,
        request: Request<v1::GetReceiptRequest>,
    ) -> Result<Response<v1::GetReceiptResponse>, Status> {
        answer(get_receipt::handle(&self.0, request).await)
    }
}
