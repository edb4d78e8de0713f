//! The logged-in user that a client acts for.

use fuldmagt_domain::{assurance::LevelOfAssurance, party::PartyId};

/// The logged-in user, as the front end asserts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The user's party: a person or an employee.
    pub party: PartyId,
    /// How sure the login is of the user.
    pub assurance: LevelOfAssurance,
}
