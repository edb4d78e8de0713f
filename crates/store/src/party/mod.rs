//! Parties: found by their identifiers, registered, and linked to more identifiers.

mod link;
mod register;
mod resolve;

pub use link::{Linking, LinkingFacts};
pub use register::{NewParty, Registration};
pub use resolve::{Found, Resolved};

use fuldmagt_domain::identifier::IdentifierKind;

use crate::{Error, Result};

/// The kinds of a party's identifiers, each once, in the domain's order.
fn identifier_kinds(names: &[String]) -> Result<Vec<IdentifierKind>> {
    let kinds = names.iter().map(|name| IdentifierKind::parse(name));
    let mut kinds = kinds
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|_| Error::Unreadable("kind of identifier"))?;
    kinds.sort_unstable();
    kinds.dedup();
    Ok(kinds)
}
