//! People and a company that do not exist.

use anyhow::Context as _;
use chrono::{Datelike as _, Days, NaiveDate};
use fuldmagt_proto::v1::{Identifier, identifier::Value};

/// The delegator.
pub(super) const KAREN: &str = "Karen Demosen";
/// The representative.
pub(super) const ANDERS: &str = "Anders Eksempel";

/// A company that is given a delegation.
pub(super) const COMPANY: &str = "Demosens Revision ApS";
/// Who decides at the company.
pub(super) const LONE: &str = "Lone Prøvesen";
/// Who does the work at the company.
pub(super) const PER: &str = "Per Skabelon";
/// A caseworker of the municipality.
pub(super) const METTE: &str = "Mette Mønster";
/// Another one.
pub(super) const JENS: &str = "Jens Forlæg";
/// Who has no MitID.
pub(super) const OVE: &str = "Ove Fiktivsen";

/// The company's CVR number: well-formed, and given to nobody.
const COMPANY_CVR: &str = "99999918";
/// The municipality's.
const MUNICIPALITY_CVR: &str = "10000009";

/// Karen as she is known at first: by her CPR number, one that was published as an example, and the UUID of her MitID.
pub(super) fn karen() -> Vec<Identifier> {
    vec![cpr("2512489996"), uuid("6b1f6d2c-30a2-4f4e-9a0c-1d8e5c2b7a41")]
}

/// What Karen is also called: the PID of her old NemID, learnt later.
pub(super) fn karen_pid() -> Identifier {
    Identifier { value: Some(Value::Pid("PID:9208-2002-2-000000000042".to_owned())) }
}

/// Anders by his CPR number, one that was published as an example.
pub(super) fn anders() -> Vec<Identifier> {
    vec![cpr("0501792275")]
}

/// Ove by his CPR number, another one in each run: whoever is dead gives nothing any more. He was born in the nineteenth
/// century, so that nobody alive has it.
///
/// # Errors
/// When there were too many runs.
pub(super) fn ove(run: u32) -> anyhow::Result<Identifier> {
    let first = NaiveDate::from_ymd_opt(1870, 1, 1).context("a date")?;
    let born = first.checked_add_days(Days::new(run.into())).filter(|day| day.year() < 1900);
    let born = born.context("there were too many runs: remove the data, and begin again")?;
    // A seventh digit from 5 to 8 says, for these years, that it was in the nineteenth century.
    Ok(cpr(&format!("{}5000", born.format("%d%m%y"))))
}

/// The company by its CVR number.
pub(super) fn company() -> Identifier {
    Identifier { value: Some(Value::CvrNumber(COMPANY_CVR.to_owned())) }
}

/// Lone as an employee of the company.
pub(super) fn lone() -> Vec<Identifier> {
    vec![rid(COMPANY_CVR, 1)]
}

/// Per as an employee of the company.
pub(super) fn per() -> Vec<Identifier> {
    vec![rid(COMPANY_CVR, 2)]
}

/// Mette as an employee of the municipality.
pub(super) fn mette() -> Vec<Identifier> {
    vec![rid(MUNICIPALITY_CVR, 1)]
}

/// Jens as an employee of the municipality.
pub(super) fn jens() -> Vec<Identifier> {
    vec![rid(MUNICIPALITY_CVR, 2)]
}

fn rid(cvr: &str, number: u32) -> Identifier {
    Identifier { value: Some(Value::Rid(format!("CVR:{cvr}-RID:{number}"))) }
}

fn cpr(number: &str) -> Identifier {
    Identifier { value: Some(Value::CprNumber(number.to_owned())) }
}

fn uuid(uuid: &str) -> Identifier {
    Identifier { value: Some(Value::Uuid(uuid.to_owned())) }
}
