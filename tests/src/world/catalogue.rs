//! Changes of the catalogue as requests, and packages.

use fuldmagt_proto::v1;
use tonic::{Response, Status};

use super::World;
use super::scene::uris;

/// A package as it is put.
pub fn package(id: &str, authority_cvr: &str) -> v1::Package {
    v1::Package {
        package_id: id.to_owned(),
        authority_cvr: authority_cvr.to_owned(),
        title_da: "Al indkomst".to_owned(),
        title_en: "All of income".to_owned(),
        description_da: "Alt om indkomst.\nOgså fra tidligere år.".to_owned(),
        description_en: "Everything about income.\nOf earlier years too.".to_owned(),
        ..v1::Package::default()
    }
}

impl World {
    /// The privilege is to be published, now.
    pub fn publishing(&self, uri: &str) -> v1::PublishPrivilegeRequest {
        v1::PublishPrivilegeRequest {
            request_id: self.request_id(),
            privilege: uri.to_owned(),
            ..v1::PublishPrivilegeRequest::default()
        }
    }

    /// The privilege is to be hidden, now.
    pub fn hiding(&self, uri: &str) -> v1::HidePrivilegeRequest {
        v1::HidePrivilegeRequest {
            request_id: self.request_id(),
            privilege: uri.to_owned(),
            ..v1::HidePrivilegeRequest::default()
        }
    }

    /// The package is to hold these privileges, from now on.
    pub fn publishing_version(&self, id: &str, privileges: &[&str]) -> v1::PublishPackageVersionRequest {
        v1::PublishPackageVersionRequest {
            request_id: self.request_id(),
            package_id: id.to_owned(),
            privileges: uris(privileges),
            ..v1::PublishPackageVersionRequest::default()
        }
    }

    /// The package is to be hidden.
    pub fn hiding_package(&self, id: &str) -> v1::HidePackageRequest {
        v1::HidePackageRequest {
            request_id: self.request_id(),
            package_id: id.to_owned(),
            ..v1::HidePackageRequest::default()
        }
    }

    /// The authority puts a package.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn put_package(&self, package: v1::Package) -> Result<v1::PutPackageResponse, Status> {
        let request = v1::PutPackageRequest {
            request_id: self.request_id(),
            package: Some(package),
            ..v1::PutPackageRequest::default()
        };
        self.authority.catalogue().put_package(request).await.map(Response::into_inner)
    }

    /// The authority publishes a version of its package.
    pub async fn publish_version(
        &self,
        request: v1::PublishPackageVersionRequest,
    ) -> v1::PublishPackageVersionResponse {
        let answer = self.authority.catalogue().publish_package_version(request).await;
        answer.expect("it is published").into_inner()
    }

    /// All packages that an operator sees.
    pub async fn packages(&self) -> Vec<v1::Package> {
        let request = v1::ListPackagesRequest { page_size: 20, page_token: String::new() };
        let answer = self.operator.catalogue().list_packages(request).await;
        answer.expect("packages").into_inner().packages
    }
}
