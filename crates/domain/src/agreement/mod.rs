//! The text of an agreement: exactly what a delegator, or who gives a delegation on, is shown and signs.
//!
//! The same agreement gives the same text, byte for byte, whenever and wherever it is written; two agreements never give
//! the same text. So the text is written anew when the command comes, and its digest tells whether what was signed is
//! what is being agreed. It says no instant of its own: a delegation without a start is valid "from the signature on",
//! at the preview as at the command.

mod danish;
mod english;
mod page;
pub mod signature;
mod when;

use std::fmt;

use sha2::{Digest as _, Sha256};
pub use signature::Signature;

use crate::{
    delegation::DelegationId,
    identifier::PartyKind,
    package::PackageId,
    party::PartyId,
    period::{Period, Stated},
    privilege::{AccessKind, PrivilegeUri},
    text::{Description, Name, Title},
};

/// Most bytes of the two texts together. The largest delegation there can be, of the longest privileges, takes some two
/// million; the rest is for what it replaces. An answer of more than four million reaches no common client.
pub const MAX_TEXT_BYTES: usize = 3 * 1024 * 1024;

/// Between the two texts when their digest is taken: no text holds it.
const SEPARATOR: [u8; 1] = [0];

/// What is agreed, with all that the text says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// What kind of agreement it is.
    pub kind: Kind,
    /// In whose name the representative may act.
    pub delegator: Side,
    /// Who may act.
    pub representative: Side,
    /// What is delegated, sorted by URI.
    pub privileges: Vec<Item>,
    /// Packages that are delegated, sorted by id.
    pub packages: Vec<PackageItem>,
    /// When it is valid, as it was stated.
    pub period: Stated,
    /// What it takes the place of, sorted by id.
    pub replaces: Vec<Replaced>,
}

/// What kind of agreement it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The delegator gives a delegation.
    Gift,
    /// The delegator accepts a request.
    Acceptance {
        /// The request, which becomes the delegation.
        request: DelegationId,
    },
    /// The delegator gives the same again for another period.
    Renewal {
        /// The delegation that is renewed.
        of: DelegationId,
    },
    /// A representative gives a part of what they hold on to somebody else.
    SubDelegation {
        /// The delegation that it is a part of.
        parent: DelegationId,
        /// Who gives it on.
        giver: Box<Side>,
    },
}

/// A party as the text names it: never by a number that means something elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The party.
    pub party: Named,
    /// Person, organisation or employee.
    pub kind: PartyKind,
    /// The employer of an employee.
    pub employer: Option<Named>,
}

/// A party's id, and its name as it is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The party.
    pub id: PartyId,
    /// Its name, if one is registered.
    pub name: Option<Name>,
}

/// A privilege in the wording of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The privilege.
    pub uri: PrivilegeUri,
    /// Title in Danish.
    pub title_da: Title,
    /// Title in English.
    pub title_en: Title,
    /// What the representative may do, in Danish.
    pub description_da: Description,
    /// What the representative may do, in English.
    pub description_en: Description,
    /// Whether the representative may only see, or act.
    pub access: AccessKind,
    /// How many times over it may be given on from here; 0 for not at all.
    pub may_be_given_on: u8,
}

/// A package in the wording of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageItem {
    /// The package.
    pub id: PackageId,
    /// Title in Danish.
    pub title_da: Title,
    /// Title in English.
    pub title_en: Title,
    /// What it is for, in Danish.
    pub description_da: Description,
    /// What it is for, in English.
    pub description_en: Description,
    /// What is delegated of it.
    pub content: PackageContent,
}

/// What is delegated of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackageContent {
    /// What it holds now: that is among the agreement's privileges.
    Pinned {
        /// Its version that counts now.
        version: u32,
    },
    /// What it holds at each instant.
    Followed {
        /// What it holds now, sorted by URI.
        members: Vec<Item>,
    },
}

/// A delegation that is replaced, wholly or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// Which.
    pub id: DelegationId,
    /// From when until when it would have been valid.
    pub period: Period,
    /// What of it ends, sorted.
    pub privileges: Vec<PrivilegeUri>,
    /// Which packages it follows no longer, sorted.
    pub packages: Vec<PackageId>,
    /// Whether nothing of it is left.
    pub is_whole: bool,
}

/// The text of an agreement in both languages: UTF-8, NFC, lines ended by a newline, no other control character.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// In Danish: the text that is signed.
    pub da: String,
    /// The same in English.
    pub en: String,
}

impl Agreement {
    /// Its text.
    #[must_use]
    pub fn text(&self) -> Text {
        Text { da: page::written(self, &danish::WORDING), en: page::written(self, &english::WORDING) }
    }
}

impl Text {
    /// Whether it is short enough to be shown and kept.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.da.len() + self.en.len() <= MAX_TEXT_BYTES
    }

    /// SHA-256 (FIPS 180-4) of the Danish text, one zero byte, and the English text, in UTF-8.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.da.as_bytes())
            .chain_update(SEPARATOR)
            .chain_update(self.en.as_bytes())
            .finalize()
            .into()
    }
}

impl fmt::Debug for Text {
    /// It names people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(redacted)")
    }
}

#[cfg(test)]
mod tests;
