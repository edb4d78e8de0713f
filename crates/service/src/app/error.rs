//! Everything that a command or a query can end in, other than its answer.
//!
//! What a caller is told of each (code, message, details) is decided in `rpc::status`, and only there.

use fuldmagt_domain::{
    agreement::signature, delegation::Status, designation, ending, giving, merging, paper, party::PartyId,
    renewal, request, sub_delegation,
};
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
    Refused(giving::Refusal),
    /// A rule of requests is against it.
    #[error("the request may not be made or answered so: {0}")]
    Request(request::Refusal),
    /// A rule of giving on is against it.
    #[error("it may not be given on: {0}")]
    SubDelegation(sub_delegation::Refusal),
    /// The delegation does not end so.
    #[error("the delegation does not end so: {0}")]
    Ending(#[from] ending::Refusal),
    /// A rule of designations is against it.
    #[error("the designation is not made or removed: {0}")]
    Designation(#[from] designation::Refusal),
    /// There is no such employee, or it is of another organisation: the two look alike.
    #[error("no such employee")]
    EmployeeNotFound,
    /// There is no such production unit, or it is of another organisation: the two look alike.
    #[error("no such production unit")]
    ProductionUnitNotFound,
    /// A rule of paper is against it.
    #[error("it is not done to the paper case: {0}")]
    Paper(paper::Refusal),
    /// As many paper cases of the two parties wait as are allowed.
    #[error("too many paper cases")]
    TooManyPaperCases,
    /// There is no such notice.
    #[error("no such notice")]
    NoticeNotFound,
    /// The signature does not count for what is being agreed.
    #[error("the signature does not count: {0}")]
    Signature(#[from] signature::Refusal),
    /// The text of the agreement would be longer than can be shown and kept.
    #[error("the text of the agreement is too long")]
    AgreementTooLong,
    /// The requester has as many unanswered requests as are allowed.
    #[error("too many unanswered requests")]
    TooManyRequests,
    /// The requester has as many unanswered requests to this delegator as are allowed.
    #[error("too many unanswered requests to the delegator")]
    TooManyRequestsToDelegator,
    /// The delegator has declined the requester's requests too often, too recently.
    #[error("declined too often")]
    DeclinedTooOften,
    /// There are as many delegations between the two parties as are allowed.
    #[error("too many delegations between two parties")]
    TooManyDelegations,
    /// The first representative, and those after them, have given on as often as is allowed.
    #[error("too many sub-delegations")]
    TooManyGivenOn,
    /// A sub-delegation is given on again, not renewed.
    #[error("a sub-delegation is not renewed")]
    RenewsGivenOn,
    /// A paper delegation takes a caseworker who neither started nor registered it.
    #[error("approved by the same eyes")]
    FourEyes,
    /// A rule of merging is against it.
    #[error("the parties are not merged: {0}")]
    Merging(#[from] merging::Refusal),
    /// The party is no employee.
    #[error("the party is not an employee")]
    PartyIsNotEmployee,
    /// There is no suspension to be resolved.
    #[error("the party is not suspended")]
    PartyNotSuspended,
    /// The party turned out to be another one.
    #[error("the party was merged into another")]
    PartyMerged(PartyId),
    /// There is no such party, or the actor may not act for it: the two look alike.
    #[error("no such party")]
    PartyNotFound,
    /// There is no such delegation, or it is not the actor's: the two look alike.
    #[error("no such delegation")]
    DelegationNotFound,
    /// Nothing was signed for the delegation: it was given on paper, or is not given yet.
    #[error("nothing was signed")]
    ReceiptNotFound,
    /// There is no such privilege, or it is not the caller's: the two look alike.
    #[error("no such privilege")]
    PrivilegeNotFound {
        /// The path of the field that names it, such as `privileges[2]`.
        field: String,
    },
    /// There is no such system, or it is not the caller's: the two look alike.
    #[error("no such system")]
    SystemNotFound,
    /// There is no such package, or it is not the caller's: the two look alike.
    #[error("no such package")]
    PackageNotFound,
    /// There is no such package, or it may not be given: the two look alike.
    #[error("no such package to be given")]
    PackageNotOffered {
        /// Where it stands in the list of packages, if there is one.
        place: Option<usize>,
    },
    /// The version of the package is not the one that counts.
    #[error("the version of the package is not the one that counts")]
    PackageVersionNotCurrent {
        /// Where it stands in the list of packages.
        place: usize,
    },
    /// A package that is followed would take up a privilege that not all who follow it may have given.
    #[error("not all who follow the package may have given the privilege")]
    NotForFollowers {
        /// Where it stands in the list of privileges.
        place: Option<usize>,
    },
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
    /// The representative has one of the privileges from the delegator in an overlapping period, or follows one of the
    /// packages.
    #[error("the delegation overlaps another")]
    DelegationOverlaps,
    /// The owner of a system or a package or the system of a privilege would change, and never does.
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
    /// The privilege is hidden: what lives on can be stopped now, and not later.
    #[error("the privilege is hidden already")]
    PrivilegeIsHidden,
    /// The package has no version, so there is nothing to hide.
    #[error("the package is a draft")]
    PackageIsDraft,
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

impl From<giving::Refusal> for Error {
    fn from(refusal: giving::Refusal) -> Self {
        if let giving::Refusal::Overlaps(_) = refusal {
            Self::DelegationOverlaps
        } else {
            Self::Refused(refusal)
        }
    }
}

impl From<request::Refusal> for Error {
    fn from(refusal: request::Refusal) -> Self {
        if let request::Refusal::Giving(refusal) = refusal { refusal.into() } else { Self::Request(refusal) }
    }
}

impl From<renewal::Refusal> for Error {
    fn from(refusal: renewal::Refusal) -> Self {
        match refusal {
            renewal::Refusal::NotThere(refusal) => refusal.into(),
            renewal::Refusal::GivenOn => Self::RenewsGivenOn,
            renewal::Refusal::Giving(refusal) => refusal.into(),
        }
    }
}

impl From<paper::Refusal> for Error {
    fn from(refusal: paper::Refusal) -> Self {
        match refusal {
            paper::Refusal::Giving(refusal) => refusal.into(),
            // Who may not act for a representative is told no more than of one that is not there.
            paper::Refusal::NotForRepresentative => Self::PartyNotFound,
            paper::Refusal::NotSecond => Self::FourEyes,
            // The same to callers wherever a person is asked for.
            paper::Refusal::DelegatorIsNotPerson => Self::Merging(merging::Refusal::NotPerson),
            paper::Refusal::NotCaseworker
            | paper::Refusal::Period(_)
            | paper::Refusal::ReplacementStartsLater
            | paper::Refusal::NotOnPaper(_)
            | paper::Refusal::Registered
            | paper::Refusal::NotRegistered
            | paper::Refusal::Decided
            | paper::Refusal::NotOnForm(_)
            | paper::Refusal::SignedInFuture
            | paper::Refusal::SignedTooLongAgo
            | paper::Refusal::SignedBeforeStart => Self::Paper(refusal),
        }
    }
}

impl From<sub_delegation::Refusal> for Error {
    fn from(refusal: sub_delegation::Refusal) -> Self {
        if let sub_delegation::Refusal::Giving(refusal) = refusal {
            refusal.into()
        } else {
            Self::SubDelegation(refusal)
        }
    }
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
            Self::Request(refusal) => request_reason(refusal),
            Self::SubDelegation(refusal) => sub_delegation_reason(refusal),
            Self::Ending(refusal) => ending_reason(refusal),
            Self::Designation(refusal) => designation_reason(refusal),
            Self::EmployeeNotFound => "EMPLOYEE_NOT_FOUND",
            Self::ProductionUnitNotFound => "PRODUCTION_UNIT_NOT_FOUND",
            Self::Paper(refusal) => paper_reason(refusal),
            Self::TooManyPaperCases => "PAPER_CASES_EXHAUSTED",
            Self::NoticeNotFound => "NOTICE_NOT_FOUND",
            Self::Signature(refusal) => signature_reason(*refusal),
            Self::AgreementTooLong => "AGREEMENT_TOO_LONG",
            Self::TooManyRequests => "REQUESTS_EXHAUSTED",
            Self::TooManyRequestsToDelegator => "REQUESTS_TO_DELEGATOR_EXHAUSTED",
            Self::DeclinedTooOften => "REQUESTS_DECLINED_TOO_OFTEN",
            Self::TooManyDelegations => "DELEGATIONS_EXHAUSTED",
            Self::TooManyGivenOn => "SUB_DELEGATIONS_EXHAUSTED",
            Self::RenewsGivenOn => "SUB_DELEGATION_NOT_RENEWABLE",
            Self::FourEyes => APPROVER_IS_NOT_SECOND,
            Self::Merging(refusal) => merging_reason(*refusal),
            Self::PartyIsNotEmployee => "PARTY_IS_NOT_EMPLOYEE",
            Self::PartyNotSuspended => "PARTY_NOT_SUSPENDED",
            Self::PartyMerged(_) => "PARTY_MERGED",
            Self::PartyNotFound => PARTY_NOT_FOUND,
            Self::DelegationNotFound => "DELEGATION_NOT_FOUND",
            Self::ReceiptNotFound => "RECEIPT_NOT_FOUND",
            Self::PrivilegeNotFound { .. } => "PRIVILEGE_NOT_FOUND",
            Self::SystemNotFound => "SYSTEM_NOT_FOUND",
            Self::PackageNotFound | Self::PackageNotOffered { .. } => "PACKAGE_NOT_FOUND",
            Self::PackageVersionNotCurrent { .. } => "PACKAGE_VERSION_NOT_CURRENT",
            Self::NotForFollowers { .. } => "PRIVILEGE_NOT_FOR_FOLLOWERS",
            Self::IdentifiersOfTwoParties => "IDENTIFIERS_OF_TWO_PARTIES",
            Self::IdentifierOfAnotherParty => "IDENTIFIER_OF_ANOTHER_PARTY",
            Self::IdentifierKindMismatch => "IDENTIFIER_KIND_MISMATCH",
            Self::IdentifierKindTaken => "IDENTIFIER_KIND_TAKEN",
            Self::IdentifierNotRegistrable => "IDENTIFIER_NOT_REGISTRABLE",
            Self::OrganisationMismatch => "ORGANISATION_MISMATCH",
            Self::EtagMismatch => "ETAG_MISMATCH",
            Self::IdempotencyMismatch => "IDEMPOTENCY_MISMATCH",
            Self::DelegationOverlaps => DELEGATION_OVERLAPS,
            Self::OwnerMismatch => "OWNER_MISMATCH",
            Self::PrivilegeIsDraft => "PRIVILEGE_IS_DRAFT",
            Self::ImportNotFound => "IMPORT_NOT_FOUND",
            Self::CprImport(refusal) => refusal.reason(),
            Self::PrivilegeIsHidden => "PRIVILEGE_IS_HIDDEN",
            Self::PackageIsDraft => "PACKAGE_IS_DRAFT",
            Self::Unauthenticated(refusal) => certificate_reason(*refusal),
            Self::Forbidden => "ROLE_MISSING",
            Self::PurposeNotRegistered => "PURPOSE_NOT_REGISTERED",
            Self::Busy => BUSY,
            Self::Store(error) => store_reason(error),
            Self::Broken(_) => INTERNAL,
        }
    }
}

const ACTOR_IS_NOT_CASEWORKER: &str = "ACTOR_IS_NOT_CASEWORKER";
const PARTY_IS_NOT_PERSON: &str = "PARTY_IS_NOT_PERSON";
const PARTY_NOT_FOUND: &str = "PARTY_NOT_FOUND";
const ASSURANCE_TOO_LOW: &str = "ASSURANCE_TOO_LOW";
const PARTY_NOT_IN_GOOD_STANDING: &str = "PARTY_NOT_IN_GOOD_STANDING";
const DELEGATION_ENDED: &str = "DELEGATION_ENDED";
const DELEGATION_NOT_GIVEN: &str = "DELEGATION_NOT_GIVEN";
const DELEGATION_OVERLAPS: &str = "DELEGATION_OVERLAPS";
const BUSY: &str = "BUSY";
const APPROVER_IS_NOT_SECOND: &str = "APPROVER_IS_NOT_SECOND";
const REPLACEMENT_STARTS_LATER: &str = "REPLACEMENT_STARTS_LATER";
const PRIVILEGE_NOT_DELEGATED: &str = "PRIVILEGE_NOT_DELEGATED";
const INTERNAL: &str = "INTERNAL";

fn refusal_reason(refusal: &giving::Refusal) -> &'static str {
    match refusal {
        // A delegator that is not the actor's looks like one that is not there.
        giving::Refusal::NotForDelegator => PARTY_NOT_FOUND,
        giving::Refusal::AssuranceTooLow => ASSURANCE_TOO_LOW,
        giving::Refusal::ToOneself => "DELEGATOR_IS_REPRESENTATIVE",
        giving::Refusal::DelegatorIsEmployee => "DELEGATOR_IS_EMPLOYEE",
        giving::Refusal::NotInGoodStanding => PARTY_NOT_IN_GOOD_STANDING,
        giving::Refusal::UnderAge => "DELEGATOR_UNDER_AGE",
        giving::Refusal::AgeUnknown => "DELEGATOR_AGE_UNKNOWN",
        giving::Refusal::NotPublished(_) => "PRIVILEGE_NOT_PUBLISHED",
        giving::Refusal::DelegatorKind(_) => "DELEGATOR_KIND_NOT_ALLOWED",
        giving::Refusal::DelegatorAge(_) | giving::Refusal::PackageAge(_) => "DELEGATOR_AGE_NOT_ALLOWED",
        giving::Refusal::RepresentativeKind(_) => "REPRESENTATIVE_KIND_NOT_ALLOWED",
        giving::Refusal::Period(error) => error.reason(),
        giving::Refusal::Overlaps(_) => DELEGATION_OVERLAPS,
        giving::Refusal::ReplacementStartsLater(_) => REPLACEMENT_STARTS_LATER,
    }
}

fn request_reason(refusal: &request::Refusal) -> &'static str {
    match refusal {
        // A representative that is not the actor's looks like one that is not there.
        request::Refusal::NotForRepresentative => PARTY_NOT_FOUND,
        request::Refusal::Giving(refusal) => refusal_reason(refusal),
        request::Refusal::NotOnRequest(_) => "REQUEST_NOT_ALLOWED",
        request::Refusal::NotPending(status) => not_pending_reason(*status),
        request::Refusal::WiderPrivilege(_)
        | request::Refusal::WiderPackage(_)
        | request::Refusal::WiderPeriod => "ACCEPTANCE_WIDER",
    }
}

const fn not_pending_reason(status: Status) -> &'static str {
    match status {
        Status::Declined => "REQUEST_DECLINED",
        Status::Withdrawn => "REQUEST_WITHDRAWN",
        Status::Lapsed => "REQUEST_LAPSED",
        Status::Terminated => "REQUEST_TERMINATED",
        Status::Requested
        | Status::PaperStarted
        | Status::PaperRegistered
        | Status::PaperRejected
        | Status::Scheduled
        | Status::Active
        | Status::Suspended
        | Status::Expired
        | Status::Revoked
        | Status::Renounced
        | Status::Superseded => "REQUEST_ANSWERED",
    }
}

fn sub_delegation_reason(refusal: &sub_delegation::Refusal) -> &'static str {
    match refusal {
        sub_delegation::Refusal::ParentNotInForce => "DELEGATION_NOT_IN_FORCE",
        sub_delegation::Refusal::RepresentativeIsAbove => "REPRESENTATIVE_IS_ABOVE",
        sub_delegation::Refusal::NotDelegated(_) => PRIVILEGE_NOT_DELEGATED,
        sub_delegation::Refusal::TooDeep(_) => "SUB_DELEGATION_NOT_ALLOWED",
        sub_delegation::Refusal::PeriodBeyondParent => "PERIOD_BEYOND_PARENT",
        sub_delegation::Refusal::Giving(refusal) => refusal_reason(refusal),
    }
}

fn paper_reason(refusal: &paper::Refusal) -> &'static str {
    match refusal {
        paper::Refusal::NotCaseworker => ACTOR_IS_NOT_CASEWORKER,
        paper::Refusal::NotForRepresentative => PARTY_NOT_FOUND,
        paper::Refusal::DelegatorIsNotPerson => PARTY_IS_NOT_PERSON,
        paper::Refusal::Giving(refusal) => refusal_reason(refusal),
        paper::Refusal::Period(error) => error.reason(),
        paper::Refusal::ReplacementStartsLater => REPLACEMENT_STARTS_LATER,
        paper::Refusal::NotOnPaper(_) => "PAPER_NOT_ALLOWED",
        paper::Refusal::Registered => "PAPER_REGISTERED",
        paper::Refusal::NotRegistered => "PAPER_NOT_REGISTERED",
        paper::Refusal::Decided => "PAPER_CASE_DECIDED",
        paper::Refusal::NotOnForm(_) => "TICKED_NOT_ON_FORM",
        paper::Refusal::SignedInFuture => "SIGN_DATE_IN_FUTURE",
        paper::Refusal::SignedTooLongAgo => "SIGN_DATE_TOO_OLD",
        paper::Refusal::SignedBeforeStart => "SIGN_DATE_BEFORE_START",
        paper::Refusal::NotSecond => APPROVER_IS_NOT_SECOND,
    }
}

const fn merging_reason(refusal: merging::Refusal) -> &'static str {
    match refusal {
        merging::Refusal::NotPerson => PARTY_IS_NOT_PERSON,
        merging::Refusal::Ended => "PARTY_HAS_ENDED",
        merging::Refusal::NumbersDiffer => "CPR_NUMBERS_DIFFER",
        merging::Refusal::TooLarge => "PARTY_TOO_LARGE_TO_MERGE",
    }
}

const fn signature_reason(refusal: signature::Refusal) -> &'static str {
    match refusal {
        signature::Refusal::SignerIsNotActor { .. } => "SIGNER_IS_NOT_ACTOR",
        signature::Refusal::AssuranceTooLow => ASSURANCE_TOO_LOW,
        signature::Refusal::TextMismatch => "SIGNED_TEXT_MISMATCH",
        signature::Refusal::Used => "SIGNATURE_USED",
    }
}

const fn ending_reason(refusal: &ending::Refusal) -> &'static str {
    match refusal {
        ending::Refusal::AlreadyEnded(_) => DELEGATION_ENDED,
        ending::Refusal::NotGiven => DELEGATION_NOT_GIVEN,
        ending::Refusal::NotDelegated(_) => PRIVILEGE_NOT_DELEGATED,
        ending::Refusal::NotFollowed(_) => "PACKAGE_NOT_DELEGATED",
    }
}

const fn designation_reason(refusal: &designation::Refusal) -> &'static str {
    match refusal {
        designation::Refusal::NotHeldByOrganisation => "DELEGATION_NOT_HELD_BY_ORGANISATION",
        designation::Refusal::NotGiven => DELEGATION_NOT_GIVEN,
        designation::Refusal::Over => DELEGATION_ENDED,
        designation::Refusal::AssuranceTooLow => ASSURANCE_TOO_LOW,
        designation::Refusal::NotInGoodStanding => PARTY_NOT_IN_GOOD_STANDING,
        designation::Refusal::Designated => "EMPLOYEE_DESIGNATED",
        designation::Refusal::DesignatedElsewhere => "EMPLOYEE_DESIGNATED_OTHERWISE",
        designation::Refusal::NotDesignated => "DESIGNATION_NOT_FOUND",
        designation::Refusal::Removed => "DESIGNATION_REMOVED",
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
