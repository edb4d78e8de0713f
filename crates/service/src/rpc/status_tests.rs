use std::collections::HashSet;
use std::sync::Arc;

use fuldmagt_domain::{
    delegation::{DelegationId, Status as Stands},
    merging,
    party::PartyId,
    period,
    privilege::PrivilegeUri,
    sub_delegation::Refusal as GivenOn,
};
use fuldmagt_store::Conflict;

use super::*;
use crate::rpc::from_proto::MAX_VIOLATIONS;

fn uri() -> PrivilegeUri {
    PrivilegeUri::parse("urn:dk:skat:a").unwrap()
}

fn party() -> PartyId {
    PartyId(uuid::Uuid::from_u128(7))
}

/// Every error that there is, with what the caller is told: part of the API.
fn table() -> Vec<(Error, Code, &'static str)> {
    let wrong = Error::invalid("delegator.cpr_number", "CPR_MALFORMED", "a CPR number is ten digits");
    let mut rows = vec![
        (wrong, Code::InvalidArgument, "CPR_MALFORMED"),
        (Error::Invalid(vec![]), Code::InvalidArgument, "REQUEST_INVALID"),
        (Error::PartyNotFound, Code::NotFound, "PARTY_NOT_FOUND"),
        (Error::DelegationNotFound, Code::NotFound, "DELEGATION_NOT_FOUND"),
        (Error::privilege_not_found("privileges[2]"), Code::NotFound, "PRIVILEGE_NOT_FOUND"),
        (Error::SystemNotFound, Code::NotFound, "SYSTEM_NOT_FOUND"),
        (Error::PackageNotFound, Code::NotFound, "PACKAGE_NOT_FOUND"),
        (Error::IdentifiersOfTwoParties, Code::FailedPrecondition, "IDENTIFIERS_OF_TWO_PARTIES"),
        (Error::IdentifierOfAnotherParty, Code::FailedPrecondition, "IDENTIFIER_OF_ANOTHER_PARTY"),
        (Error::IdentifierKindMismatch, Code::FailedPrecondition, "IDENTIFIER_KIND_MISMATCH"),
        (Error::IdentifierKindTaken, Code::FailedPrecondition, "IDENTIFIER_KIND_TAKEN"),
        (Error::IdentifierNotRegistrable, Code::FailedPrecondition, "IDENTIFIER_NOT_REGISTRABLE"),
        (Error::OrganisationMismatch, Code::FailedPrecondition, "ORGANISATION_MISMATCH"),
        (Error::PartyIsNotEmployee, Code::FailedPrecondition, "PARTY_IS_NOT_EMPLOYEE"),
        (Error::PartyNotSuspended, Code::FailedPrecondition, "PARTY_NOT_SUSPENDED"),
        (Error::PartyMerged(party()), Code::FailedPrecondition, "PARTY_MERGED"),
        (Error::Merging(merging::Refusal::Ended), Code::FailedPrecondition, "PARTY_HAS_ENDED"),
        (Error::Merging(merging::Refusal::NumbersDiffer), Code::FailedPrecondition, "CPR_NUMBERS_DIFFER"),
        (Error::Merging(merging::Refusal::TooLarge), Code::FailedPrecondition, "PARTY_TOO_LARGE_TO_MERGE"),
        (Error::EtagMismatch, Code::Aborted, "ETAG_MISMATCH"),
        (Error::IdempotencyMismatch, Code::AlreadyExists, "IDEMPOTENCY_MISMATCH"),
        (Error::DelegationOverlaps, Code::AlreadyExists, "DELEGATION_OVERLAPS"),
        (
            signature::Refusal::SignerIsNotActor { place: 1 }.into(),
            Code::FailedPrecondition,
            "SIGNER_IS_NOT_ACTOR",
        ),
        (signature::Refusal::TextMismatch.into(), Code::FailedPrecondition, "SIGNED_TEXT_MISMATCH"),
        (signature::Refusal::Used.into(), Code::FailedPrecondition, "SIGNATURE_USED"),
        (Error::AgreementTooLong, Code::FailedPrecondition, "AGREEMENT_TOO_LONG"),
        (Error::ReceiptNotFound, Code::NotFound, "RECEIPT_NOT_FOUND"),
        (Error::OwnerMismatch, Code::FailedPrecondition, "OWNER_MISMATCH"),
        (Error::PrivilegeIsDraft, Code::FailedPrecondition, "PRIVILEGE_IS_DRAFT"),
        (Error::ImportNotFound, Code::NotFound, "IMPORT_NOT_FOUND"),
        (Error::PrivilegeIsHidden, Code::FailedPrecondition, "PRIVILEGE_IS_HIDDEN"),
        (Error::PackageIsDraft, Code::FailedPrecondition, "PACKAGE_IS_DRAFT"),
        (Error::Forbidden, Code::PermissionDenied, "ROLE_MISSING"),
        (Error::PurposeNotRegistered, Code::PermissionDenied, "PURPOSE_NOT_REGISTERED"),
        (Error::TooManyPaperCases, Code::ResourceExhausted, "PAPER_CASES_EXHAUSTED"),
        (Error::NoticeNotFound, Code::NotFound, "NOTICE_NOT_FOUND"),
        (Error::EmployeeNotFound, Code::NotFound, "EMPLOYEE_NOT_FOUND"),
        (Error::ProductionUnitNotFound, Code::NotFound, "PRODUCTION_UNIT_NOT_FOUND"),
    ];
    rows.extend(of_designations().map(|(refusal, code, reason)| (refusal.into(), code, reason)));
    rows.extend(of_paper().map(|(refusal, code, reason)| (Error::Paper(refusal), code, reason)));
    rows.extend(refusals().map(|(refusal, code, reason)| (Error::Refused(refusal), code, reason)));
    rows.extend(imports().map(|(refusal, code, reason)| (Error::CprImport(refusal), code, reason)));
    rows.extend(of_a_whole_life());
    rows.extend(
        unregistered()
            .map(|(refusal, reason)| (Error::Unauthenticated(refusal), Code::Unauthenticated, reason)),
    );
    rows.extend([
        (Error::Busy, Code::Aborted, "BUSY"),
        (unavailable(), Code::Unavailable, "DATABASE_UNAVAILABLE"),
        (Error::Broken("test"), Code::Internal, "INTERNAL"),
    ]);
    rows
}

fn imports() -> [(import_cpr_snapshot::Refusal, Code, &'static str); 6] {
    use import_cpr_snapshot::Refusal;
    [
        (Refusal::NotNewer, Code::FailedPrecondition, "SNAPSHOT_NOT_NEWER"),
        (Refusal::TooSmall, Code::FailedPrecondition, "SNAPSHOT_TOO_SMALL"),
        (Refusal::Running, Code::FailedPrecondition, "IMPORT_RUNNING"),
        (Refusal::RefusedBefore, Code::FailedPrecondition, "IMPORT_REFUSED"),
        (Refusal::NumberTwice, Code::InvalidArgument, "CPR_NUMBER_TWICE"),
        (Refusal::TakenOver, Code::FailedPrecondition, "IMPORT_TAKEN_OVER"),
    ]
}

/// What is told of requests, of giving on, of endings and of paper.
fn of_a_whole_life() -> Vec<(Error, Code, &'static str)> {
    let answered = |status| Error::Request(request::Refusal::NotPending(status));
    let wider = request::Refusal::WiderPeriod;
    vec![
        (answered(Stands::Declined), Code::FailedPrecondition, "REQUEST_DECLINED"),
        (answered(Stands::Withdrawn), Code::FailedPrecondition, "REQUEST_WITHDRAWN"),
        (answered(Stands::Lapsed), Code::FailedPrecondition, "REQUEST_LAPSED"),
        (answered(Stands::Terminated), Code::FailedPrecondition, "REQUEST_TERMINATED"),
        (answered(Stands::Active), Code::FailedPrecondition, "REQUEST_ANSWERED"),
        (Error::Request(wider), Code::InvalidArgument, "ACCEPTANCE_WIDER"),
        (
            Error::Request(request::Refusal::NotOnRequest(uri())),
            Code::FailedPrecondition,
            "REQUEST_NOT_ALLOWED",
        ),
        (Error::TooManyRequests, Code::ResourceExhausted, "REQUESTS_EXHAUSTED"),
        (Error::TooManyRequestsToDelegator, Code::ResourceExhausted, "REQUESTS_TO_DELEGATOR_EXHAUSTED"),
        (Error::DeclinedTooOften, Code::ResourceExhausted, "REQUESTS_DECLINED_TOO_OFTEN"),
        (Error::TooManyDelegations, Code::ResourceExhausted, "DELEGATIONS_EXHAUSTED"),
        (Error::TooManyGivenOn, Code::ResourceExhausted, "SUB_DELEGATIONS_EXHAUSTED"),
        (Error::RenewsGivenOn, Code::FailedPrecondition, "SUB_DELEGATION_NOT_RENEWABLE"),
        (given_on(GivenOn::ParentNotInForce), Code::FailedPrecondition, "DELEGATION_NOT_IN_FORCE"),
        (given_on(GivenOn::RepresentativeIsAbove), Code::InvalidArgument, "REPRESENTATIVE_IS_ABOVE"),
        (given_on(GivenOn::NotDelegated(uri())), Code::InvalidArgument, "PRIVILEGE_NOT_DELEGATED"),
        (given_on(GivenOn::TooDeep(uri())), Code::FailedPrecondition, "SUB_DELEGATION_NOT_ALLOWED"),
        (given_on(GivenOn::PeriodBeyondParent), Code::InvalidArgument, "PERIOD_BEYOND_PARENT"),
        (Error::Ending(ending::Refusal::NotGiven), Code::FailedPrecondition, "DELEGATION_NOT_GIVEN"),
    ]
}

fn of_designations() -> [(designation::Refusal, Code, &'static str); 5] {
    use designation::Refusal;
    let precondition = Code::FailedPrecondition;
    [
        (Refusal::NotHeldByOrganisation, precondition, "DELEGATION_NOT_HELD_BY_ORGANISATION"),
        (Refusal::Designated, precondition, "EMPLOYEE_DESIGNATED"),
        (Refusal::DesignatedElsewhere, precondition, "EMPLOYEE_DESIGNATED_OTHERWISE"),
        (Refusal::NotDesignated, Code::NotFound, "DESIGNATION_NOT_FOUND"),
        (Refusal::Removed, precondition, "DESIGNATION_REMOVED"),
    ]
}

fn given_on(refusal: GivenOn) -> Error {
    Error::SubDelegation(refusal)
}

fn refusals() -> [(Refusal, Code, &'static str); 11] {
    let replaced = DelegationId(uuid::Uuid::nil());
    [
        (Refusal::ReplacementStartsLater(replaced), Code::InvalidArgument, "REPLACEMENT_STARTS_LATER"),
        (Refusal::AssuranceTooLow, Code::FailedPrecondition, "ASSURANCE_TOO_LOW"),
        (Refusal::ToOneself, Code::InvalidArgument, "DELEGATOR_IS_REPRESENTATIVE"),
        (Refusal::DelegatorIsEmployee, Code::FailedPrecondition, "DELEGATOR_IS_EMPLOYEE"),
        (Refusal::NotInGoodStanding, Code::FailedPrecondition, "PARTY_NOT_IN_GOOD_STANDING"),
        (Refusal::UnderAge, Code::FailedPrecondition, "DELEGATOR_UNDER_AGE"),
        (Refusal::AgeUnknown, Code::FailedPrecondition, "DELEGATOR_AGE_UNKNOWN"),
        (Refusal::NotPublished(uri()), Code::FailedPrecondition, "PRIVILEGE_NOT_PUBLISHED"),
        (Refusal::DelegatorKind(uri()), Code::FailedPrecondition, "DELEGATOR_KIND_NOT_ALLOWED"),
        (Refusal::RepresentativeKind(uri()), Code::FailedPrecondition, "REPRESENTATIVE_KIND_NOT_ALLOWED"),
        (Refusal::Period(period::Error::TooLong), Code::InvalidArgument, "PERIOD_TOO_LONG"),
    ]
}

fn of_paper() -> [(paper::Refusal, Code, &'static str); 11] {
    [
        (paper::Refusal::NotCaseworker, Code::PermissionDenied, "ACTOR_IS_NOT_CASEWORKER"),
        (paper::Refusal::Period(period::Error::InPast), Code::FailedPrecondition, "PERIOD_IN_PAST"),
        (paper::Refusal::ReplacementStartsLater, Code::FailedPrecondition, "REPLACEMENT_STARTS_LATER"),
        (paper::Refusal::NotOnPaper(uri()), Code::FailedPrecondition, "PAPER_NOT_ALLOWED"),
        (paper::Refusal::Registered, Code::FailedPrecondition, "PAPER_REGISTERED"),
        (paper::Refusal::NotRegistered, Code::FailedPrecondition, "PAPER_NOT_REGISTERED"),
        (paper::Refusal::Decided, Code::FailedPrecondition, "PAPER_CASE_DECIDED"),
        (paper::Refusal::NotOnForm(uri()), Code::InvalidArgument, "TICKED_NOT_ON_FORM"),
        (paper::Refusal::SignedInFuture, Code::InvalidArgument, "SIGN_DATE_IN_FUTURE"),
        (paper::Refusal::SignedTooLongAgo, Code::InvalidArgument, "SIGN_DATE_TOO_OLD"),
        (paper::Refusal::SignedBeforeStart, Code::InvalidArgument, "SIGN_DATE_BEFORE_START"),
    ]
}

fn unregistered() -> [(clients::Refusal, &'static str); 3] {
    [
        (clients::Refusal::CertificateMissing, "CERTIFICATE_MISSING"),
        (clients::Refusal::CertificateUnreadable, "CERTIFICATE_UNREADABLE"),
        (clients::Refusal::NotRegistered, "CERTIFICATE_NOT_REGISTERED"),
    ]
}

fn unavailable() -> Error {
    store::Error::Unavailable(sqlx::Error::PoolTimedOut).into()
}

#[test]
fn every_error_has_its_code_and_its_reason() {
    for (error, code, reason) in table() {
        assert_eq!(error.reason(), reason);
        let status = Status::from(error);
        let info = status.get_details_error_info().unwrap();
        assert_eq!((status.code(), info.reason.as_str()), (code, reason));
        assert_eq!(info.domain, "fuldmagt.dk");
        assert!(!status.message().is_empty());
    }
}

#[test]
fn no_two_errors_look_alike_but_those_that_must() {
    let told: HashSet<_> = table().into_iter().map(|(_, code, reason)| (code as i32, reason)).collect();
    assert_eq!(told.len(), table().len());
    // Not allowed and not there; one contention and another; one mistake of ours and another.
    for (error, twin) in [
        (Error::Refused(Refusal::NotForDelegator), Error::PartyNotFound),
        (paper::Refusal::NotForRepresentative.into(), Error::PartyNotFound),
        (paper::Refusal::NotSecond.into(), Error::FourEyes),
        (designation::Refusal::AssuranceTooLow.into(), Refusal::AssuranceTooLow.into()),
        (designation::Refusal::NotInGoodStanding.into(), Refusal::NotInGoodStanding.into()),
        (paper::Refusal::DelegatorIsNotPerson.into(), Error::Merging(merging::Refusal::NotPerson)),
        (store::Error::Contention(sqlx::Error::PoolTimedOut).into(), Error::Busy),
        (store::Error::Conflict(Conflict::Version).into(), Error::Busy),
        (store::Error::Unexpected(sqlx::Error::RowNotFound).into(), Error::Broken("")),
        (store::Error::Unreadable("row").into(), Error::Broken("")),
        (store::Error::Misfit("schema".to_owned()).into(), Error::Broken("")),
    ] {
        let (status, twin) = (Status::from(error), Status::from(twin));
        assert_eq!((status.code(), status.message()), (twin.code(), twin.message()));
        assert_eq!(status.details(), twin.details());
    }
}

#[test]
fn only_what_is_worth_sending_again_has_a_delay() {
    for (error, code, reason) in table() {
        let has_delay =
            Status::from(error).get_details_retry_info().is_some_and(|info| info.retry_delay.is_some());
        let retryable = matches!(code, Code::Unavailable | Code::Aborted) && reason != "ETAG_MISMATCH";
        assert_eq!(has_delay, retryable, "{reason}");
    }
}

#[test]
fn wrong_fields_are_told_with_path_reason_and_description() {
    let status = Status::from(Error::Invalid(vec![
        Violation::new("items[3].delegator.cpr_number", "CPR_MALFORMED", "a CPR number is ten digits"),
        Violation::new("purpose", "REQUIRED", "must be set"),
    ]));
    assert_eq!(status.message(), "items[3].delegator.cpr_number: a CPR number is ten digits (and 1 more)");
    let fields = status.get_details_bad_request().unwrap().field_violations;
    let told: Vec<_> =
        fields.iter().map(|f| (f.field.as_str(), f.reason.as_str(), f.description.as_str())).collect();
    assert_eq!(
        told,
        [
            ("items[3].delegator.cpr_number", "CPR_MALFORMED", "a CPR number is ten digits"),
            ("purpose", "REQUIRED", "must be set"),
        ]
    );
}

#[test]
fn errors_that_are_about_one_field_name_it() {
    for (error, path) in [
        (Error::privilege_not_found("items[7].privilege"), "items[7].privilege"),
        (Error::Refused(Refusal::ToOneself), "representative_id"),
        (signature::Refusal::SignerIsNotActor { place: 1 }.into(), "signature.signer[1]"),
        (signature::Refusal::AssuranceTooLow.into(), "signature.level_of_assurance"),
        (signature::Refusal::TextMismatch.into(), "signature.digest"),
        (signature::Refusal::Used.into(), "signature.evidence"),
        (Error::Refused(Refusal::Period(period::Error::TooLong)), "period"),
        (Error::Paper(paper::Refusal::NotOnForm(uri())), "ticked_privileges"),
        (Error::Paper(paper::Refusal::SignedBeforeStart), "sign_date"),
        (Error::EmployeeNotFound, "employee"),
        (Error::ProductionUnitNotFound, "p_number"),
        (designation::Refusal::NotDesignated.into(), "employee_id"),
    ] {
        let reason = error.reason();
        let fields = Status::from(error).get_details_bad_request().unwrap().field_violations;
        let told: Vec<_> = fields.iter().map(|f| (f.field.as_str(), f.reason.as_str())).collect();
        assert_eq!(told, [(path, reason)]);
    }
}

#[test]
fn a_refused_privilege_is_named() {
    let status = Status::from(Error::Refused(Refusal::NotPublished(uri())));
    assert_eq!(status.get_details_error_info().unwrap().metadata["privilege"], "urn:dk:skat:a");
    assert!(Status::from(Error::Busy).get_details_error_info().unwrap().metadata.is_empty());
}

#[test]
fn a_party_that_was_merged_is_told_with_the_one_that_remains() {
    let status = Status::from(Error::PartyMerged(party()));
    let told = &status.get_details_error_info().unwrap().metadata["surviving_id"];
    assert_eq!(told, "00000000-0000-0000-0000-000000000007");
    assert!(!status.message().contains(told));
}

#[test]
fn the_most_wrong_fields_fit_into_the_trailers_that_clients_accept() {
    let worst = Violation::new(
        "items[999].representative.employee_uuid.cvr_number",
        "DELEGATOR_IS_REPRESENTATIVE",
        "x".repeat(120),
    );
    let status = Status::from(Error::Invalid(vec![worst; MAX_VIOLATIONS]));
    let base64_bytes = status.details().len().div_ceil(3) * 4;
    assert!(base64_bytes + status.message().len() < 7 * 1024, "{base64_bytes}");
}

/// A database error as Postgres words it: with values.
#[derive(Debug)]
struct Talkative;

const SECRET: &str = "0501792275";

impl std::fmt::Display for Talkative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "duplicate key: Key (cpr)=({SECRET}) already exists")
    }
}

impl std::error::Error for Talkative {}

impl sqlx::error::DatabaseError for Talkative {
    fn message(&self) -> &str {
        SECRET
    }

    fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
        Some("23505".into())
    }

    fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
        self
    }

    fn constraint(&self) -> Option<&str> {
        Some("some_constraint")
    }

    fn table(&self) -> Option<&str> {
        Some("identifier")
    }

    fn kind(&self) -> sqlx::error::ErrorKind {
        sqlx::error::ErrorKind::UniqueViolation
    }
}

#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_failure_of_the_database_is_logged_once_without_its_words() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
    let status = tracing::subscriber::with_default(subscriber, || {
        Status::from(Error::from(store::Error::from(sqlx::Error::Database(Box::new(Talkative)))))
    });
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(logged.lines().count(), 1, "{logged}");
    for told in ["ERROR", "23505", "some_constraint", "identifier", "kind=\"database\""] {
        assert!(logged.contains(told), "{told} in {logged}");
    }
    assert_eq!(status.code(), Code::Internal);
    for text in [logged, format!("{status} {status:?}")] {
        assert!(!text.contains(SECRET));
    }
}
