//! The catalogue: one file per RPC.

mod hide_package;
mod hide_privilege;
mod list_packages;
mod list_privileges;
mod list_systems;
mod publish_package_version;
mod publish_privilege;
mod put_package;
mod put_privilege;
mod put_system;

use fuldmagt_proto::v1::{self, catalogue_service_server};
use tonic::{Request, Response, Status};

use super::{
    from_proto::{Violations, ids},
    status::answer,
};
use crate::app::{
    self, App, Call, Error,
    command::{Answer, Channel},
};
use fuldmagt_store::usage::About;

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

    async fn put_package(
        &self,
        request: Request<v1::PutPackageRequest>,
    ) -> Result<Response<v1::PutPackageResponse>, Status> {
        answer(put_package::handle(&self.0, request).await)
    }

    async fn publish_package_version(
        &self,
        request: Request<v1::PublishPackageVersionRequest>,
    ) -> Result<Response<v1::PublishPackageVersionResponse>, Status> {
        answer(publish_package_version::handle(&self.0, request).await)
    }

    async fn hide_package(
        &self,
        request: Request<v1::HidePackageRequest>,
    ) -> Result<Response<v1::HidePackageResponse>, Status> {
        answer(hide_package::handle(&self.0, request).await)
    }

    async fn list_packages(
        &self,
        request: Request<v1::ListPackagesRequest>,
    ) -> Result<Response<v1::ListPackagesResponse>, Status> {
        answer(list_packages::handle(&self.0, request).await)
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

/// The answer to a request that was right when it was sent first: a time that has passed since is no reason to forget
/// it. Else the error.
async fn sent_before(
    app: &App,
    call: Call,
    (request_id, payload): (&str, &[u8]),
    error: Error,
) -> app::Result<Answer> {
    match (&error, ids::request_id(&mut Violations::new(), request_id)) {
        (Error::Invalid(_), Some(request_id)) => {
            let order = app.order(call, request_id, payload, Channel::System);
            app.replay_or(&order, About::default(), error).await
        }
        _ => Err(error),
    }
}
