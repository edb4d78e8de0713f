//! Packages in the commands about delegations.

use fuldmagt_domain::{
    delegation::PrivilegesError,
    package::{Given, Mode, PackageId, with_pinned},
    privilege::Privilege,
};
use fuldmagt_store::delegation::{Facts, HeldPackage};

use super::{Error, Result};

/// A package that somebody wants to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Which.
    pub package: PackageId,
    /// The version to be pinned, which must be the one that counts; `None` to follow the package.
    pub pinned: Option<u32>,
    /// Where it stands in the request's list.
    pub place: usize,
}

/// The packages' ids, in order.
pub(super) fn ids(choices: &[Choice]) -> Vec<PackageId> {
    choices.iter().map(|choice| choice.package.clone()).collect()
}

/// The packages as they are given. One that is not known and one that may not be given look alike.
pub(super) fn given(facts: &Facts, choices: &[Choice]) -> Result<Vec<Given>> {
    let given = |choice: &Choice| {
        let not_offered = || Error::PackageNotOffered { place: Some(choice.place) };
        let offer = facts.offer(&choice.package).ok_or_else(not_offered)?;
        let Some(version) = choice.pinned else { return Ok(Given { offer, mode: Mode::Followed }) };
        let offered = facts.package(&choice.package).and_then(|package| package.offered);
        if offered != Some(version) {
            return Err(Error::PackageVersionNotCurrent { place: choice.place });
        }
        Ok(Given { offer, mode: Mode::Pinned })
    };
    choices.iter().map(given).collect()
}

/// The packages that a delegation follows already, to be followed once more.
pub(super) fn followed(facts: &Facts, packages: &[PackageId]) -> Result<Vec<Given>> {
    let given = |id| {
        let offer = facts.offer(id).ok_or(Error::PackageNotOffered { place: None })?;
        Ok(Given { offer, mode: Mode::Followed })
    };
    packages.iter().map(given).collect()
}

/// The privileges that are given one by one, and those of pinned packages.
pub(super) fn all_privileges(privileges: Vec<Privilege>, packages: &[Given]) -> Result<Vec<Privilege>> {
    let told = |error: PrivilegesError| Error::invalid("privileges", error.reason(), error.to_string());
    with_pinned(privileges, packages).map_err(told)
}

/// The packages that a command is decided from: no version may come meanwhile.
pub(super) fn held_packages<'a>(
    facts: &Facts,
    packages: impl IntoIterator<Item = &'a PackageId>,
) -> Vec<HeldPackage> {
    let held = |package: &PackageId| {
        let version = facts.package(package)?.version;
        Some(HeldPackage { package: package.clone(), version })
    };
    packages.into_iter().filter_map(held).collect()
}
