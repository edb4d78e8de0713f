//! Parties: found by their identifiers, registered, linked to more identifiers, merged, and in good standing or not.

mod link;
mod merge;
mod register;
mod resolve;
mod standing;

pub use link::{Linking, LinkingFacts};
pub use merge::{Merge, MergeFacts, Merging};
pub use register::{NewParty, Registration};
pub use resolve::{Found, Resolved};
pub use standing::{
    BEFORE_ALL, MAX_AT_ONCE, PartyChange, Progress, RegisterStatus, Standing, StandingFacts, Unfinished,
};

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
