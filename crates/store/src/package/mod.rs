//! Packages: named sets of privileges. What a package holds is kept twice: by version, as it was published, and by
//! privilege and time, for look-ups.

mod entry;
mod find;
mod list;
mod publish;
mod put;

pub use entry::{Package, PackageVersion};
pub use find::{Found, Member};
pub use publish::NewVersion;
pub use put::Change;
