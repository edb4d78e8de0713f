//! The catalogue: the authorities' systems, and the privileges that may be delegated to act in them.

mod entry;
mod list;
mod put_privilege;
mod put_system;

pub(crate) use entry::CatalogueRow;
pub use entry::{CataloguePrivilege, System};
pub use list::{Page, PrivilegeFilter};
pub use put_privilege::Change;
