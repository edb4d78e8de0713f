/// A refused identifier.
///
/// Carries no part of the refused text: an error is logged and sent to callers, an identifier is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Error {
    /// Not `DDMMYYSSSS` or `DDMMYY-SSSS`.
    #[error("a CPR number is ten digits, with or without a hyphen after the sixth")]
    CprMalformed,
    /// The first six digits, with the century of the seventh, are no calendar date.
    #[error("a CPR number begins with a date of birth")]
    CprDateInvalid,
    /// Not a PID.
    #[error("a PID is PID:9208-2002-2- and twelve digits, the prefix PID: being optional")]
    PidMalformed,
    /// Not a RID with its CVR number.
    #[error("a RID is written CVR:, eight digits, -RID: and at most twenty digits")]
    RidMalformed,
    /// Not eight digits, or eight zeros.
    #[error("a CVR number is eight digits")]
    CvrMalformed,
    /// The check digit of a CVR number does not fit.
    #[error("the check digit of the CVR number does not fit")]
    CvrChecksum,
    /// Not a UUID (or, for an employee, not a CVR number with a UUID), or the nil or the max UUID.
    #[error("not a UUID that can name somebody")]
    UuidMalformed,
    /// Not ten digits, or ten zeros.
    #[error("a P number is ten digits")]
    PNumberMalformed,
    /// Not eight digits, or eight zeros.
    #[error("an SE number is eight digits")]
    SeMalformed,
    /// The check digit of an SE number does not fit.
    #[error("the check digit of the SE number does not fit")]
    SeChecksum,
    /// The text names no kind of identifier.
    #[error("not a kind of identifier")]
    KindUnknown,
    /// The text names no kind of party.
    #[error("not a kind of party")]
    PartyKindUnknown,
}

impl Error {
    /// The stable, machine-readable name of the refusal.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::CprMalformed => "CPR_MALFORMED",
            Self::CprDateInvalid => "CPR_DATE_INVALID",
            Self::PidMalformed => "PID_MALFORMED",
            Self::RidMalformed => "RID_MALFORMED",
            Self::CvrMalformed => "CVR_MALFORMED",
            Self::CvrChecksum => "CVR_CHECKSUM",
            Self::UuidMalformed => "UUID_MALFORMED",
            Self::PNumberMalformed => "P_NUMBER_MALFORMED",
            Self::SeMalformed => "SE_MALFORMED",
            Self::SeChecksum => "SE_CHECKSUM",
            Self::KindUnknown => "IDENTIFIER_KIND_UNKNOWN",
            Self::PartyKindUnknown => "PARTY_KIND_UNKNOWN",
        }
    }
}
