//! What can go wrong in the store, sorted by what a caller can do about it.

use std::fmt;

/// Why the store did not do what was asked. Nothing was changed, whichever it is.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached, or did not answer in time. Trying again may help.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// Two commands got in each other's way. Trying again at once helps.
    #[error("commands got in each other's way")]
    Contention(#[source] sqlx::Error),
    /// A constraint decided against the command.
    #[error("a constraint decided: {0}")]
    Conflict(Conflict),
    /// The database's answer is not what this version of the service can work with.
    #[error("the database answered unexpectedly")]
    Unexpected(#[source] sqlx::Error),
    /// What is stored cannot be read: a wrong key, or a damaged row.
    #[error("stored data cannot be read: {0}")]
    Unreadable(&'static str),
    /// The database was made by another version, or with other keys.
    #[error("the database does not fit: {0}")]
    Misfit(String),
}

/// The constraints that commands race for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The client used the request id before.
    RequestId,
    /// The identifier names a party already.
    Identifier,
    /// The party has an identifier of that kind already.
    IdentifierKind,
    /// The representative has the privilege from the delegator in an overlapping period.
    OverlappingGrant,
    /// The requester has as many unanswered requests as are allowed.
    TooManyRequests,
    /// The requester has as many unanswered requests to the delegator as are allowed.
    TooManyRequestsToDelegator,
    /// The delegator has declined the requester's requests too often.
    DeclinedTooOften,
    /// There are as many delegations between the two parties as are allowed.
    TooManyDelegations,
    /// The representative, and those after them, have given on as often as is allowed.
    TooManyGivenOn,
    /// A paper delegation was to be approved by who registered or started it.
    FourEyes,
    /// As many paper cases of the two parties wait as are allowed.
    TooManyPaperCases,
    /// A version of a package has a privilege that not all who follow the package may have given.
    VersionNotForFollowers,
    /// The signature was used for another delegation.
    SignatureUsed,
    /// A system, privilege or package of that name was registered meanwhile.
    CatalogueName,
    /// The row was changed meanwhile.
    Version,
    /// Another copy of the CPR register is loading, or this one was begun meanwhile.
    CprImport,
    /// The import goes on in another stream, or has ended meanwhile.
    CprImportLost,
    /// A copy of the CPR register has a number twice.
    CprNumberTwice,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RequestId => "request id",
            Self::Identifier => "identifier",
            Self::IdentifierKind => "kind of identifier",
            Self::OverlappingGrant => "overlapping grant",
            Self::TooManyRequests => "requests",
            Self::TooManyRequestsToDelegator => "requests to one delegator",
            Self::DeclinedTooOften => "declined requests",
            Self::TooManyDelegations => "delegations between two parties",
            Self::TooManyGivenOn => "sub-delegations",
            Self::FourEyes => "four eyes",
            Self::TooManyPaperCases => "paper cases",
            Self::VersionNotForFollowers => "who follows a package",
            Self::SignatureUsed => "signature",
            Self::CatalogueName => "name in the catalogue",
            Self::Version => "version",
            Self::CprImport => "import of the CPR register",
            Self::CprImportLost => "stream of an import",
            Self::CprNumberTwice => "number in the CPR register",
        })
    }
}

impl Conflict {
    fn of_constraint(name: &str) -> Option<Self> {
        match name {
            "idempotency_pkey" => Some(Self::RequestId),
            "identifier_pkey" => Some(Self::Identifier),
            "one_cpr_or_cvr_per_party" => Some(Self::IdentifierKind),
            "no_overlapping_grants" | "no_overlapping_packages" => Some(Self::OverlappingGrant),
            "at_most_20_requests" => Some(Self::TooManyRequests),
            "at_most_5_requests_to_one_delegator" => Some(Self::TooManyRequestsToDelegator),
            "no_request_after_3_declines" => Some(Self::DeclinedTooOften),
            "at_most_200_between_two" => Some(Self::TooManyDelegations),
            "at_most_500_given_on" => Some(Self::TooManyGivenOn),
            "paper_takes_four_eyes" => Some(Self::FourEyes),
            "at_most_5_paper_cases_of_a_pair" => Some(Self::TooManyPaperCases),
            "version_fits_followers" => Some(Self::VersionNotForFollowers),
            "signature_counts_once" => Some(Self::SignatureUsed),
            "system_pkey" | "privilege_shard_uri_key" | "package_pkey" => Some(Self::CatalogueName),
            // An event with the version that this command wanted was written meanwhile, or the parent has changed, or
            // the employee was designated, or the request accepted, or the form registered or decided on. The
            // statement's parts are written in no certain order, so that any of them may be the first to notice.
            "event_pkey"
            | "sub_delegation_within_parent"
            | "one_designation_at_a_time"
            | "designation_pkey"
            | "delegation_privilege_pkey"
            | "delegation_package_pkey"
            | "paper_case_is_written_once"
            | "supersession_pkey"
            | "proof_of_delegation" => Some(Self::Version),
            "one_loading_cpr_snapshot" | "one_cpr_import_per_id" => Some(Self::CprImport),
            _ if name.starts_with("cpr_record_") && name.ends_with("_pkey") => Some(Self::CprNumberTwice),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let Some(database) = error.as_database_error() else {
            let passes = matches!(
                error,
                sqlx::Error::Io(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::WorkerCrashed
                    | sqlx::Error::Protocol(_)
                    | sqlx::Error::Tls(_)
            );
            return if passes { Self::Unavailable(error) } else { Self::Unexpected(error) };
        };
        if let Some(conflict) = database.constraint().and_then(Conflict::of_constraint) {
            return Self::Conflict(conflict);
        }
        match database.code().as_deref() {
            // serialization_failure, deadlock_detected
            Some("40001" | "40P01") => Self::Contention(error),
            // connection_exception, insufficient_resources, operator_intervention (shutdown, statement timeout);
            // read_only_sql_transaction (a standby), and what only a new session is told, while a database is being
            // restored or looked after: invalid_catalog_name, object_not_in_prerequisite_state
            Some(code)
                if ["08", "53", "57"].iter().any(|class| code.starts_with(class))
                    || ["25006", "3D000", "55000"].contains(&code) =>
            {
                Self::Unavailable(error)
            }
            _ => Self::Unexpected(error),
        }
    }
}

/// What a log may tell of a database error: never its message or detail, which can quote what was to be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// What kind of error it is, such as `database` or `pool_timed_out`.
    pub kind: &'static str,
    /// The SQLSTATE, five characters.
    pub sqlstate: Option<String>,
    /// The constraint that was violated.
    pub constraint: Option<String>,
    /// The table that it happened to.
    pub table: Option<String>,
}

impl Error {
    /// What a log may tell of it.
    #[must_use]
    pub fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Unavailable(error) | Self::Contention(error) | Self::Unexpected(error) => {
                Diagnosis::of(error)
            }
            Self::Conflict(_) => Diagnosis { kind: "conflict", ..Diagnosis::default() },
            Self::Unreadable(what) => Diagnosis { kind: what, ..Diagnosis::default() },
            Self::Misfit(_) => Diagnosis { kind: "misfit", ..Diagnosis::default() },
        }
    }
}

impl Diagnosis {
    fn of(error: &sqlx::Error) -> Self {
        let Some(database) = error.as_database_error() else {
            return Self { kind: kind(error), ..Self::default() };
        };
        Self {
            kind: "database",
            sqlstate: database.code().map(|code| code.into_owned()),
            constraint: database.constraint().map(str::to_owned),
            table: database.table().map(str::to_owned),
        }
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "sqlx's enum is open")]
fn kind(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::Io(_) => "io",
        sqlx::Error::Tls(_) => "tls",
        sqlx::Error::Protocol(_) => "protocol",
        sqlx::Error::RowNotFound => "row_not_found",
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => "decode",
        sqlx::Error::PoolTimedOut => "pool_timed_out",
        sqlx::Error::PoolClosed => "pool_closed",
        sqlx::Error::WorkerCrashed => "worker_crashed",
        _ => "other",
    }
}
