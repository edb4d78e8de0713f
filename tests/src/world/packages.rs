//! Packages in delegations.

use fuldmagt_proto::v1;
use tonic::Status;

use super::{AUTHORITY_CVR, Registered, World, package};

/// Packages that are followed.
pub fn followed(ids: &[&str]) -> Vec<v1::DelegatedPackage> {
    ids.iter().map(|id| pinned(id, 0)).collect()
}

/// A package as its version is; 0: followed.
pub fn pinned(id: &str, version: i32) -> v1::DelegatedPackage {
    v1::DelegatedPackage { package_id: id.to_owned(), version }
}

impl World {
    /// The authority has a package that holds these privileges from now on.
    pub async fn package_of(&self, id: &str, privileges: &[&str]) {
        self.put_package(package(id, AUTHORITY_CVR)).await.expect("a package");
        self.publish_version(self.publishing_version(id, privileges)).await;
    }

    /// The party gives the other what the packages hold at each instant, from now on.
    pub fn following(
        &self,
        from: &Registered,
        to: &Registered,
        packages: &[&str],
    ) -> v1::CreateDelegationRequest {
        v1::CreateDelegationRequest { packages: followed(packages), ..self.giving(from, to, &[]) }
    }

    /// The party gives the other what the packages hold at each instant, from now on.
    pub async fn follow(&self, from: &Registered, to: &Registered, packages: &[&str]) -> v1::Delegation {
        let answer = self.try_give(self.following(from, to, packages)).await.expect("it is given");
        answer.delegation.expect("a delegation")
    }

    /// The user takes packages out of the delegation.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn revoke_packages(
        &self,
        user: &Registered,
        delegation: &v1::Delegation,
        packages: &[&str],
    ) -> Result<v1::Delegation, Status> {
        let request = v1::RevokeDelegationRequest {
            packages: packages.iter().map(|id| (*id).to_owned()).collect(),
            ..self.revoking_part(user, delegation, &[])
        };
        let answer = self.front_end.delegations().revoke_delegation(request).await?.into_inner();
        Ok(answer.delegation.expect("a delegation"))
    }

    /// Which of the privileges the authority is told that the representative may use.
    pub async fn granted(&self, from: &Registered, to: &Registered, privileges: &[&str]) -> Vec<String> {
        let mut granted = Vec::new();
        for privilege in privileges {
            if self.check(from, to, privilege).await.granted {
                granted.push((*privilege).to_owned());
            }
        }
        granted
    }
}
