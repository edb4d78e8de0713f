//! What a delegation is about: privileges, and packages that it follows.

use crate::{package::PackageId, privilege::PrivilegeUri};

/// The packages that a delegation follows: it grants what they hold at each instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packages {
    /// Those that it follows, or did when it ended, sorted.
    pub followed: Vec<PackageId>,
    /// Those that it follows no longer while the rest lives on, sorted.
    pub taken_out: Vec<PackageId>,
    /// Of the delegation's privileges, those that are left of a package that it follows no longer, sorted. As what it has
    /// by a package they are not given on: that was not signed for.
    pub kept: Vec<PrivilegeUri>,
}

impl Packages {
    /// These, sorted.
    #[must_use]
    pub const fn following(followed: Vec<PackageId>) -> Self {
        Self { followed, taken_out: Vec::new(), kept: Vec::new() }
    }

    /// Whether it follows the package, or did.
    #[must_use]
    pub fn knows(&self, package: &PackageId) -> bool {
        self.followed.contains(package) || self.taken_out.contains(package)
    }

    /// Stops following these of them.
    pub(crate) fn leave(&mut self, left: &[PackageId]) {
        self.followed.retain(|package| !left.contains(package));
        self.taken_out.extend_from_slice(left);
        self.taken_out.sort();
    }
}

/// Privileges and packages, each sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Privileges, one by one.
    pub privileges: Vec<PrivilegeUri>,
    /// Packages that are followed.
    pub packages: Vec<PackageId>,
}

impl Content {
    /// Privileges alone.
    #[must_use]
    pub const fn privileges(privileges: Vec<PrivilegeUri>) -> Self {
        Self { privileges, packages: Vec::new() }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.privileges.is_empty() && self.packages.is_empty()
    }

    /// What is in both. A privilege of its own and one that a package holds are two things.
    #[must_use]
    pub fn shared(&self, other: &Self) -> Self {
        let privileges = self.privileges.iter().filter(|uri| other.privileges.contains(uri));
        let packages = self.packages.iter().filter(|package| other.packages.contains(package));
        Self { privileges: privileges.cloned().collect(), packages: packages.cloned().collect() }
    }

    /// How many things are in it.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.privileges.len() + self.packages.len()
    }
}
