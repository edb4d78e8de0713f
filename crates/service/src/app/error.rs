//! Everything that a command or a query can end in, other than its answer.
//!
//! What a caller is told of each (code, message, details) is decided in `rpc::status`, and only there.

use fuldmagt_domain::giving;
use fuldmagt_store as store;

use super::import_cpr_snapshot;
use crate::clients;

/// One wrong field of a request. Holds nothing of the field's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field, such as `items[3].delegator.cpr_number`.
    pub field: String,
    /// The stable, machine-readable name of what is wrong, such as `CPR_MALFORMED`.
    pub reason: &'static str,
    /// What would be right, for a developer.
    pub description: String,
}

impl Violation {
    /// A wrong field.
    pub fn new(field: impl Into<String>, reason: &'static str, description: impl Into<String>) -> Self {
        Self { field: field.into(), reason, description: description.into() }
    }
}

/// Why a command or a query has no answer. Nothing was changed, whichever it is.
///
/// `Display` holds no identifier, name or text of a person; `Debug` may hold what a database says, so it is not logged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields of the request are wrong: at least one.
    #[error("the request has wrong fields")]
    Invalid(Vec<Violation>),
    /// A rule of giving is against it.
    #[error("the delegation may not be given: {0}")]
    Refused(#[from] giving::Refusal),
    /// There is no such party, or the actor may not act for it: the two look alike.
    #[error("no such party")]
    PartyNotFound,
    /// There is no such delegation, or it is not the actor's: the two look alike.
    #[error("no such delegation")]
    DelegationNotFound,
    /// There is no such privilege, or it is not the caller's: the two look alike.
    #[error("no such privilege")]
    PrivilegeNotFound {
        /// The path of the field that names it, such as `privileges[2]`.
        field: String,
    },
    /// There is no such system, or it is not the caller's: the two look alike.
    #[error("no such system")]
    SystemNotFound,
    /// The identifiers name two parties that are known already.
    #[error("the identifiers are of two parties")]
    IdentifiersOfTwoParties,
    /// The identifier names another party.
    #[error("the identifier is of another party")]
    IdentifierOfAnotherParty,
    /// The identifier is of another kind of party.
    #[error("the identifier is of another kind of party")]
    IdentifierKindMismatch,
    /// The party has another identifier of the kind already, and can have only one.
    #[error("the party has an identifier of that kind")]
    IdentifierKindTaken,
    /// The identifiers are not enough to register a party by.
    #[error("the identifiers are not enough to register a party by")]
    IdentifierNotRegistrable,
    /// The employee's identifier is of another organisation.
    #[error("the identifier is of another organisation's employee")]
    OrganisationMismatch,
    /// The thing was changed since the caller read it.
    #[error("the etag is stale")]
    EtagMismatch,
    /// The request id was used for another request.
    #[error("the request id was used for another request")]
    IdempotencyMismatch,
    /// The representative has one of the privileges from the delegator in an overlapping period.
    #[error("the delegation overlaps another")]
    DelegationOverlaps,
    /// The owner of a system or the system of a privilege would change, and never does.
    #[error("an owner never changes")]
    OwnerMismatch,
    /// The privilege was never published, so there is nothing to hide.
    #[error("the privilege is a draft")]
    PrivilegeIsDraft,
    /// There is no such import of the CPR register, or it is another client's: the two look alike.
    #[error("no such import")]
    ImportNotFound,
    /// The copy of the CPR register is not taken.
    #[error("the copy of the CPR register is not taken: {0}")]
    CprImport(#[from] import_cpr_snapshot::Refusal),
    /// The caller is no client of ours.
    #[error("the caller is not known: {0}")]
    Unauthenticated(#[from] clients::Refusal),
    /// None of the caller's roles may call this.
    #[error("none of the caller's roles may call this")]
    Forbidden,
    /// The purpose is not one that the caller is registered for.
    #[error("the purpose is not registered for the caller")]
    PurposeNotRegistered,
    /// Commands got in each other's way, as often as was tried.
    #[error("commands got in each other's way")]
    Busy,
    /// The store did not do what was asked.
    #[error("the store did not do it")]
    Store(#[from] store::Error),
    /// Something that cannot be is: a mistake in this program. Names what.
    #[error("a mistake in this program: {0}")]
    Broken(&'static str),
}

impl Error {
    /// One wrong field.
    pub fn invalid(field: impl Into<String>, reason: &'static str, description: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(field, reason, description)])
    }

    /// No such privilege, where the field at this path names it.
    pub fn privilege_not_found(field: impl Into<String>) -> Self {
        Self::PrivilegeNotFound { field: field.into() }
    }

    /// The stable name that callers and the usage log are told: `ErrorInfo.reason`.
    ///
    /// That of wrong fields is the reason of the first.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(violations) => violations.first().map_or("REQUEST_INVALID", |first| first.reason),
            Self::Refused(refusal) => refusal_reason(refusal),
            Self::PartyNotFound => PARTY_NOT_FOUND,
            Self::DelegationNotFound => "DELEGATION_NOT_FOUND",
            Self::PrivilegeNotFound { .. } => "PRIVILEGE_NOT_FOUND",
            Self::SystemNotFound => "SYSTEM_NOT_FOUND",
            Self::IdentifiersOfTwoParties => "IDENTIFIERS_OF_TWO_PARTIES",
            Self::IdentifierOfAnotherParty => "IDENTIFIER_OF_ANOTHER_PARTY",
            Self::IdentifierKindMismatch => "IDENTIFIER_KIND_MISMATCH",
            Self::IdentifierKindTaken => "IDENTIFIER_KIND_TAKEN",
            Self::IdentifierNotRegistrable => "IDENTIFIER_NOT_REGISTRABLE",
            Self::OrganisationMismatch => "ORGANISATION_MISMATCH",
            Self::EtagMismatch => "ETAG_MISMATCH",
            Self::IdempotencyMismatch => "IDEMPOTENCY_MISMATCH",
            Self::DelegationOverlaps => "DELEGATION_OVERLAPS",
            Self::OwnerMismatch => "OWNER_MISMATCH",
            Self::PrivilegeIsDraft => "PRIVILEGE_IS_DRAFT",
            Self::ImportNotFound => "IMPORT_NOT_FOUND",
            Self::CprImport(refusal) => refusal.reason(),
            Self::Unauthenticated(refusal) => certificate_reason(*refusal),
            Self::Forbidden => "ROLE_MISSING",
            Self::PurposeNotRegistered => "PURPOSE_NOT_REGISTERED",
            Self::Busy => BUSY,
            Self::Store(error) => store_reason(error),
            Self::Broken(_) => INTERNAL,
        }
    }
}

const PARTY_NOT_FOUND: &str = "PARTY_NOT_FOUND";
const BUSY: &str = "BUSY";
const INTERNAL: &str = "INTERNAL";

fn refusal_reason(refusal: &giving::Refusal) -> &'static str {
    match refusal {
        // A delegator that is not the actor's looks like one that is not there.
        giving::Refusal::NotForDelegator => PARTY_NOT_FOUND,
        giving::Refusal::AssuranceTooLow => "ASSURANCE_TOO_LOW",
        giving::Refusal::ToOneself => "DELEGATOR_IS_REPRESENTATIVE",
        giving::Refusal::DelegatorIsEmployee => "DELEGATOR_IS_EMPLOYEE",
        giving::Refusal::NotInGoodStanding => "PARTY_NOT_IN_GOOD_STANDING",
        giving::Refusal::UnderAge => "DELEGATOR_UNDER_AGE",
        giving::Refusal::AgeUnknown => "DELEGATOR_AGE_UNKNOWN",
        giving::Refusal::NotPublished(_) => "PRIVILEGE_NOT_PUBLISHED",
        giving::Refusal::DelegatorKind(_) => "DELEGATOR_KIND_NOT_ALLOWED",
        giving::Refusal::RepresentativeKind(_) => "REPRESENTATIVE_KIND_NOT_ALLOWED",
        giving::Refusal::Period(error) => error.reason(),
    }
}

const fn certificate_reason(refusal: clients::Refusal) -> &'static str {
    match refusal {
        clients::Refusal::CertificateMissing => "CERTIFICATE_MISSING",
        clients::Refusal::CertificateUnreadable => "CERTIFICATE_UNREADABLE",
        clients::Refusal::NotRegistered => "CERTIFICATE_NOT_REGISTERED",
    }
}

const fn store_reason(error: &store::Error) -> &'static str {
    match error {
        store::Error::Unavailable(_) => "DATABASE_UNAVAILABLE",
        store::Error::Contention(_) | store::Error::Conflict(_) => BUSY,
        store::Error::Unexpected(_) | store::Error::Unreadable(_) | store::Error::Misfit(_) => INTERNAL,
    }
}
