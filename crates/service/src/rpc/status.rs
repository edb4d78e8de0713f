//! What callers are told of each [`Error`]: the one place that knows gRPC codes.
//!
//! A status has a code, a short English message, `ErrorInfo` with the stable reason, `BadRequest` where fields are
//! wrong, and `RetryInfo` where sending the same again can help. It holds no value of a person, and no internal text:
//! what happened inside is logged here, once, and without the texts of the database, which quote values.

use std::{collections::HashMap, time::Duration};

use fuldmagt_domain::{
    agreement::signature, designation, ending, giving::Refusal, package::PackageId, paper, party::PartyId,
    privilege::PrivilegeUri, request, sub_delegation,
};
use fuldmagt_store as store;
use tonic::{Code, Response, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use crate::{
    app::{
        error::{Error, Violation},
        import_cpr_snapshot,
    },
    clients,
    server::refusal::ERROR_DOMAIN,
};

/// When to try again while the database is away: a failover takes some seconds.
const UNAVAILABLE_RETRY_DELAY: Duration = Duration::from_secs(1);
/// When to try again after commands got in each other's way: they take some milliseconds.
const BUSY_RETRY_DELAY: Duration = Duration::from_millis(100);

/// The key of `ErrorInfo.metadata` that names a privilege of the catalogue.
const METADATA_PRIVILEGE: &str = "privilege";
/// The key that names a package of the catalogue.
const METADATA_PACKAGE: &str = "package";
/// The key that names the party which another was merged into.
const METADATA_PARTY: &str = "surviving_id";

/// The answer of an RPC.
///
/// # Errors
/// The status of the error.
pub fn answer<T>(result: Result<T, Error>) -> Result<Response<T>, Status> {
    match result {
        Ok(message) => Ok(Response::new(message)),
        Err(error) => Err(error.into()),
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let Told { code, message, fields, metadata, retry_delay } = told(&error);
        let metadata = metadata.map(|(key, value)| (key.to_owned(), value)).into_iter();
        let mut details =
            ErrorDetails::with_error_info(error.reason(), ERROR_DOMAIN, metadata.collect::<HashMap<_, _>>());
        if !fields.is_empty() {
            details.set_bad_request(fields);
        }
        if retry_delay.is_some() {
            details.set_retry_info(retry_delay);
        }
        Self::with_error_details(code, message, details)
    }
}

/// Everything that a caller is told, beside the reason.
struct Told {
    code: Code,
    message: String,
    fields: Vec<FieldViolation>,
    /// Which privilege or package is meant, where several were named: the catalogue is public. Or which party: its id says nothing
    /// about a person.
    metadata: Option<(&'static str, String)>,
    retry_delay: Option<Duration>,
}

#[allow(clippy::too_many_lines, reason = "one table, a row for each error")]
fn told(error: &Error) -> Told {
    match error {
        Error::Invalid(violations) => invalid(violations),
        Error::Refused(refusal) => refused(refusal, error.reason()),
        Error::Request(refusal) => request_refused(refusal, error.reason()),
        Error::SubDelegation(refusal) => sub_delegation_refused(refusal, error.reason()),
        Error::Ending(refusal) => not_ended(refusal, error.reason()),
        Error::Designation(refusal) => not_designated(refusal, error.reason()),
        Error::EmployeeNotFound => {
            not_found("there is no such employee of the organisation").with_field("employee", error.reason())
        }
        Error::ProductionUnitNotFound => not_found("there is no such production unit of the organisation")
            .with_field("p_number", error.reason()),
        Error::Paper(refusal) => paper_refused(refusal, error.reason()),
        Error::TooManyPaperCases => exhausted("too many paper cases of the two parties wait to be decided"),
        Error::NoticeNotFound => not_found("there is no such notice"),
        Error::Signature(refusal) => not_signed(*refusal, error.reason()),
        Error::AgreementTooLong => precondition("the text of the agreement is too long: give less at a time"),
        Error::TooManyRequests => exhausted("the representative has too many unanswered requests"),
        Error::TooManyRequestsToDelegator => {
            exhausted("the representative has too many unanswered requests to the delegator")
        }
        Error::DeclinedTooOften => {
            exhausted("the delegator has declined such requests too often; ask again after 90 days")
        }
        Error::TooManyDelegations => {
            exhausted("there are too many delegations between the two parties: replace or revoke some")
        }
        Error::TooManyGivenOn => {
            exhausted("too much was given on already of what the first representative holds")
        }
        Error::RenewsGivenOn => precondition("a sub-delegation is given on again, not renewed"),
        Error::FourEyes => precondition("a second caseworker approves, who has no other part in the case"),
        Error::Merging(refusal) => precondition(&refusal.to_string()),
        Error::PartyIsNotEmployee => precondition("only an employee has an employment"),
        Error::PartyNotSuspended => precondition("the party is not suspended"),
        Error::PartyMerged(into) => precondition("the party was merged into another").with_party(*into),
        Error::PartyNotFound => not_found("there is no such party, or the actor may not act for it"),
        Error::DelegationNotFound => not_found("there is no such delegation, or it is not the actor's"),
        Error::PrivilegeNotFound { field } => privilege_not_found(field, error.reason()),
        Error::ReceiptNotFound => not_found("nothing was signed for the delegation"),
        Error::SystemNotFound => not_found("there is no such system, or it is not the client's"),
        Error::PackageNotFound => not_found("there is no such package, or it is not the client's"),
        Error::PackageNotOffered { place } => {
            let told = not_found("there is no such package, or it may not be given");
            match place {
                Some(place) => told.with_field(&format!("packages[{place}]"), error.reason()),
                None => told,
            }
        }
        Error::PackageVersionNotCurrent { place } => precondition(
            "the version of the package is not the one that counts: read it again, and decide again",
        )
        .with_field(&format!("packages[{place}].version"), error.reason()),
        Error::NotForFollowers { place } => {
            let told = precondition(
                "the package is followed by delegations whose delegators may not have given a privilege",
            );
            match place {
                Some(place) => told.with_field(&format!("privileges[{place}]"), error.reason()),
                None => told,
            }
        }
        Error::IdentifiersOfTwoParties => precondition("the identifiers name different parties"),
        Error::IdentifierOfAnotherParty => precondition("the identifier names another party"),
        Error::IdentifierKindMismatch => precondition("the identifier is not for this kind of party"),
        Error::IdentifierKindTaken => {
            precondition("the party has the one identifier of this kind that it can have")
        }
        Error::IdentifierNotRegistrable => {
            precondition("the identifiers are not enough to register a party by")
        }
        Error::OrganisationMismatch => precondition("the identifier is of another organisation's employee"),
        Error::OwnerMismatch => {
            precondition("the owner of a system or a package and the system of a privilege never change")
        }
        Error::PrivilegeIsDraft => {
            precondition("the privilege was never published: there is nothing to hide")
        }
        Error::PrivilegeIsHidden => {
            precondition("the privilege is hidden: what lives on can be stopped now, and not later")
        }
        Error::PackageIsDraft => precondition("the package has no version: there is nothing to hide"),
        Error::EtagMismatch => Told::new(Code::Aborted, "the etag is stale: read again, and decide again"),
        Error::IdempotencyMismatch => exists("the request_id was used before, for another request"),
        Error::DelegationOverlaps => exists(
            "the representative has one of the privileges or packages from the delegator in an overlapping period",
        ),
        Error::ImportNotFound => not_found("there is no such import, or it is another client's"),
        Error::CprImport(refusal) => import_refused(*refusal),
        Error::Unauthenticated(refusal) => Told::new(Code::Unauthenticated, unauthenticated(*refusal)),
        Error::Forbidden => denied("none of the client's roles may call this"),
        Error::PurposeNotRegistered => denied("the purpose is not registered for the client"),
        Error::Busy => busy(),
        Error::Store(error) => not_stored(error),
        Error::Broken(what) => {
            tracing::error!(what, "a mistake in this program");
            failed()
        }
    }
}

fn refused(refusal: &Refusal, reason: &'static str) -> Told {
    match refusal {
        // Unknown and forbidden look alike.
        Refusal::NotForDelegator => told(&Error::PartyNotFound),
        Refusal::AssuranceTooLow => precondition(
            "giving, asking and accepting take a login of at least NSIS substantial, and of what each privilege demands",
        ),
        Refusal::ToOneself => {
            Told::new(Code::InvalidArgument, "the representative must be another party than the delegator")
                .with_field("representative_id", reason)
        }
        Refusal::DelegatorIsEmployee => precondition("an employee holds delegations, and gives none"),
        Refusal::NotInGoodStanding => precondition("a party cannot give or hold delegations at present"),
        Refusal::UnderAge => precondition("the delegator is under age"),
        Refusal::AgeUnknown => precondition("the delegator's age is not known: no CPR number is linked"),
        Refusal::NotPublished(privilege) => {
            precondition("a privilege is not published").with_privilege(privilege)
        }
        Refusal::DelegatorKind(privilege) => {
            precondition("a privilege cannot be given by this kind of party").with_privilege(privilege)
        }
        Refusal::DelegatorAge(privilege) => {
            precondition("a privilege is not for delegators of this age").with_privilege(privilege)
        }
        Refusal::PackageAge(package) => {
            precondition("a package is not for delegators of this age").with_package(package)
        }
        Refusal::RepresentativeKind(privilege) => {
            precondition("a privilege cannot be held by this kind of party").with_privilege(privilege)
        }
        Refusal::Period(error) => {
            Told::new(Code::InvalidArgument, error.to_string()).with_field("period", reason)
        }
        Refusal::Overlaps(_) => told(&Error::DelegationOverlaps),
        Refusal::ReplacementStartsLater(_) => {
            Told::new(Code::InvalidArgument, refusal.to_string()).with_field("period", reason)
        }
    }
}

fn request_refused(refusal: &request::Refusal, reason: &'static str) -> Told {
    match refusal {
        // Unknown and forbidden look alike.
        request::Refusal::NotForRepresentative => told(&Error::PartyNotFound),
        request::Refusal::Giving(refusal) => refused(refusal, reason),
        request::Refusal::NotOnRequest(privilege) => {
            precondition("a privilege cannot be asked for").with_privilege(privilege)
        }
        request::Refusal::NotPending(_) => precondition("the request cannot be answered any more"),
        request::Refusal::WiderPrivilege(_) => {
            Told::new(Code::InvalidArgument, refusal.to_string()).with_field("privileges", reason)
        }
        request::Refusal::WiderPackage(_) => {
            Told::new(Code::InvalidArgument, refusal.to_string()).with_field("packages", reason)
        }
        request::Refusal::WiderPeriod => {
            Told::new(Code::InvalidArgument, refusal.to_string()).with_field("period", reason)
        }
    }
}

fn sub_delegation_refused(refusal: &sub_delegation::Refusal, reason: &'static str) -> Told {
    match refusal {
        sub_delegation::Refusal::ParentNotInForce => precondition(&refusal.to_string()),
        sub_delegation::Refusal::RepresentativeIsAbove => {
            Told::new(Code::InvalidArgument, refusal.to_string()).with_field("representative_id", reason)
        }
        sub_delegation::Refusal::NotDelegated(_) => {
            Told::new(Code::InvalidArgument, refusal.to_string()).with_field("privileges", reason)
        }
        sub_delegation::Refusal::TooDeep(privilege) => {
            precondition(&refusal.to_string()).with_privilege(privilege)
        }
        sub_delegation::Refusal::PeriodBeyondParent => {
            Told::new(Code::InvalidArgument, refusal.to_string()).with_field("period", reason)
        }
        sub_delegation::Refusal::Giving(refusal) => refused(refusal, reason),
    }
}

fn paper_refused(refusal: &paper::Refusal, reason: &'static str) -> Told {
    let field = |field| Told::new(Code::InvalidArgument, refusal.to_string()).with_field(field, reason);
    match refusal {
        paper::Refusal::Giving(refusal) => refused(refusal, reason),
        paper::Refusal::NotForRepresentative => told(&Error::PartyNotFound),
        paper::Refusal::NotSecond => told(&Error::FourEyes),
        paper::Refusal::NotCaseworker => {
            denied("a caseworker is an employee in good standing, and the actor is not")
        }
        paper::Refusal::NotOnPaper(privilege) => precondition(&refusal.to_string()).with_privilege(privilege),
        paper::Refusal::DelegatorIsNotPerson
        | paper::Refusal::Period(_)
        | paper::Refusal::ReplacementStartsLater
        | paper::Refusal::Registered
        | paper::Refusal::NotRegistered
        | paper::Refusal::Decided => precondition(&refusal.to_string()),
        paper::Refusal::NotOnForm(_) => field("ticked_privileges"),
        paper::Refusal::SignedInFuture
        | paper::Refusal::SignedTooLongAgo
        | paper::Refusal::SignedBeforeStart => field("sign_date"),
    }
}

fn not_signed(refusal: signature::Refusal, reason: &'static str) -> Told {
    match refusal {
        signature::Refusal::SignerIsNotActor { place } => {
            precondition(&refusal.to_string()).with_field(&format!("signature.signer[{place}]"), reason)
        }
        signature::Refusal::AssuranceTooLow => {
            precondition(&refusal.to_string()).with_field("signature.level_of_assurance", reason)
        }
        signature::Refusal::TextMismatch => {
            precondition("what was signed is not what is being agreed: preview it again, and sign that")
                .with_field("signature.digest", reason)
        }
        signature::Refusal::Used => precondition("the signature counted for another delegation: sign again")
            .with_field("signature.evidence", reason),
    }
}

fn not_ended(refusal: &ending::Refusal, reason: &'static str) -> Told {
    match refusal {
        ending::Refusal::AlreadyEnded(_) | ending::Refusal::NotGiven => precondition(&refusal.to_string()),
        ending::Refusal::NotDelegated(_) => {
            Told::new(Code::InvalidArgument, refusal.to_string()).with_field("privileges", reason)
        }
        ending::Refusal::NotFollowed(_) => {
            Told::new(Code::InvalidArgument, refusal.to_string()).with_field("packages", reason)
        }
    }
}

fn not_designated(refusal: &designation::Refusal, reason: &'static str) -> Told {
    match refusal {
        designation::Refusal::NotDesignated => {
            not_found("the employee was never designated for the delegation")
                .with_field("employee_id", reason)
        }
        designation::Refusal::AssuranceTooLow => refused(&Refusal::AssuranceTooLow, reason),
        designation::Refusal::NotInGoodStanding => refused(&Refusal::NotInGoodStanding, reason),
        designation::Refusal::NotHeldByOrganisation
        | designation::Refusal::NotGiven
        | designation::Refusal::Over
        | designation::Refusal::Designated
        | designation::Refusal::DesignatedElsewhere
        | designation::Refusal::Removed => precondition(&refusal.to_string()),
    }
}

fn import_refused(refusal: import_cpr_snapshot::Refusal) -> Told {
    use import_cpr_snapshot::Refusal;
    match refusal {
        Refusal::NotNewer => precondition("the copy in use is of that day, or of a later one"),
        Refusal::TooSmall => precondition("the copy has implausibly few records"),
        Refusal::Running => precondition("another import is loading, and has not been idle for long"),
        Refusal::RefusedBefore => {
            precondition("the import was refused before: begin again with another import_id")
        }
        Refusal::NumberTwice => Told::new(Code::InvalidArgument, "a CPR number is there twice"),
        Refusal::TakenOver => {
            precondition("the import goes on in another stream, or was given up for another one")
        }
    }
}

const fn unauthenticated(refusal: clients::Refusal) -> &'static str {
    match refusal {
        clients::Refusal::CertificateMissing => "the connection has no client certificate",
        clients::Refusal::CertificateUnreadable => {
            "the client certificate is unreadable or names no organisation"
        }
        clients::Refusal::NotRegistered => "the client certificate is not registered",
    }
}

fn not_stored(error: &store::Error) -> Told {
    // The text of a `store::Error` is ours; the text of its source is the database's, and stays out of the log.
    let store::Diagnosis { kind, sqlstate, constraint, table } = error.diagnosis();
    let (sqlstate, constraint, table) = (sqlstate.as_deref(), constraint.as_deref(), table.as_deref());
    match error {
        store::Error::Unavailable(_) => {
            tracing::warn!(%error, kind, sqlstate, constraint, table, "the store is not available");
            Told::new(Code::Unavailable, "the database is not available; try again")
                .with_retry(UNAVAILABLE_RETRY_DELAY)
        }
        store::Error::Contention(_) | store::Error::Conflict(_) => {
            tracing::warn!(%error, kind, sqlstate, constraint, table, "the store is contended");
            busy()
        }
        store::Error::Unexpected(_) | store::Error::Unreadable(_) | store::Error::Misfit(_) => {
            tracing::error!(%error, kind, sqlstate, constraint, table, "the store failed");
            failed()
        }
    }
}

/// The message tells the first wrong field, for who reads nothing else; all of them are in the details.
fn invalid(violations: &[Violation]) -> Told {
    let message = match violations {
        [] => "the request is not valid".to_owned(),
        [only] => format!("{}: {}", only.field, only.description),
        [first, rest @ ..] => format!("{}: {} (and {} more)", first.field, first.description, rest.len()),
    };
    Told {
        fields: violations.iter().map(field_violation).collect(),
        ..Told::new(Code::InvalidArgument, message)
    }
}

fn field_violation(violation: &Violation) -> FieldViolation {
    FieldViolation {
        field: violation.field.clone(),
        description: violation.description.clone(),
        reason: violation.reason.to_owned(),
        localized_message: None,
    }
}

fn not_found(message: &str) -> Told {
    Told::new(Code::NotFound, message)
}

fn privilege_not_found(field: &str, reason: &'static str) -> Told {
    not_found("there is no such privilege, or it is not the client's").with_field(field, reason)
}

fn precondition(message: &str) -> Told {
    Told::new(Code::FailedPrecondition, message)
}

fn exhausted(message: &str) -> Told {
    Told::new(Code::ResourceExhausted, message)
}

fn exists(message: &str) -> Told {
    Told::new(Code::AlreadyExists, message)
}

fn denied(message: &str) -> Told {
    Told::new(Code::PermissionDenied, message)
}

fn busy() -> Told {
    Told::new(Code::Aborted, "other commands got in the way; try again").with_retry(BUSY_RETRY_DELAY)
}

fn failed() -> Told {
    Told::new(Code::Internal, "the service failed")
}

impl Told {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), fields: Vec::new(), metadata: None, retry_delay: None }
    }

    /// One wrong field, of which the message tells what is wrong.
    fn with_field(self, field: &str, reason: &'static str) -> Self {
        let violation = field_violation(&Violation::new(field, reason, self.message.as_str()));
        Self { fields: vec![violation], ..self }
    }

    fn with_privilege(self, privilege: &PrivilegeUri) -> Self {
        Self { metadata: Some((METADATA_PRIVILEGE, privilege.as_str().to_owned())), ..self }
    }

    fn with_package(self, package: &PackageId) -> Self {
        Self { metadata: Some((METADATA_PACKAGE, package.as_str().to_owned())), ..self }
    }

    fn with_party(self, party: PartyId) -> Self {
        Self { metadata: Some((METADATA_PARTY, party.to_string())), ..self }
    }

    fn with_retry(self, delay: Duration) -> Self {
        Self { retry_delay: Some(delay), ..self }
    }
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
