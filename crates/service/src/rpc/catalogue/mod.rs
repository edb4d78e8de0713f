//! The catalogue: one file per RPC.

mod hide_privilege;
mod list_privileges;
mod list_systems;
mod publish_privilege;
mod put_privilege;
mod put_system;

use fuldmagt_proto::v1::{self, catalogue_service_server};
use tonic::{Request, Response, Status};

use super::status::answer;
use crate::app::App;

/// `fuldmagt.v1.CatalogueService`.
#[derive(Clone, Debug)]
pub(super) struct CatalogueService(pub(super) App);

#[tonic::async_trait]
impl catalogue_service_server::CatalogueService for CatalogueService {
    async fn put_system(
        &self,
        request: Request<v1::PutSystemRequest>,
    ) -> Result<Response<v1::PutSystemResponse>, Status> {
        answer(put_system::handle(&self.0, request).await)
    }

    async fn put_privilege(
        &self,
        request: Request<v1::PutPrivilegeRequest>,
    ) -> Result<Response<v1::PutPrivilegeResponse>, Status> {
        answer(put_privilege::handle(&self.0, request).await)
    }

    async fn publish_privilege(
        &self,
        request: Request<v1::PublishPrivilegeRequest>,
    ) -> Result<Response<v1::PublishPrivilegeResponse>, Status> {
        answer(publish_privilege::handle(&self.0, request).await)
    }

    async fn hide_privilege(
        &self,
        request: Request<v1::HidePrivilegeRequest>,
    ) -> Result<Response<v1::HidePrivilegeResponse>, Status> {
        answer(hide_privilege::handle(&self.0, request).await)
    }

    async fn list_systems(
        &self,
        request: Request<v1::ListSystemsRequest>,
    ) -> Result<Response<v1::ListSystemsResponse>, Status> {
        answer(list_systems::handle(&self.0, request).await)
    }

    async fn list_privileges(
        &self,
        request: Request<v1::ListPrivilegesRequest>,
    ) -> Result<Response<v1::ListPrivilegesResponse>, Status> {
        answer(list_privileges::handle(&self.0, request).await)
    }
}
