//! The catalogue: the authorities' systems, and the privileges that may be delegated to act in them.

mod affected;
mod entry;
mod list;
mod put_privilege;
mod put_system;

pub use affected::{Affected, Narrowing};
pub use entry::{CataloguePrivilege, System, Texts};
pub(crate) use entry::{CatalogueRow, TextsRow};
pub use list::{Page, PrivilegeFilter};
pub(crate) use list::{one_more, page};
pub use put_privilege::Change;
