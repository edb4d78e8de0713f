//! Two people who do not exist. Their CPR numbers are well-formed and were published as examples.

use fuldmagt_proto::v1::{Identifier, identifier::Value};

/// The delegator.
pub(super) const KAREN: &str = "Karen Demosen";
/// The representative.
pub(super) const ANDERS: &str = "Anders Eksempel";

/// Karen as she is known at first: by her CPR number and the UUID of her MitID.
pub(super) fn karen() -> Vec<Identifier> {
    vec![cpr("2512489996"), uuid("6b1f6d2c-30a2-4f4e-9a0c-1d8e5c2b7a41")]
}

/// What Karen is also called: the PID of her old NemID, learnt later.
pub(super) fn karen_pid() -> Identifier {
    Identifier { value: Some(Value::Pid("PID:9208-2002-2-000000000042".to_owned())) }
}

/// Anders by his CPR number.
pub(super) fn anders() -> Vec<Identifier> {
    vec![cpr("0501792275")]
}

fn cpr(number: &str) -> Identifier {
    Identifier { value: Some(Value::CprNumber(number.to_owned())) }
}

fn uuid(uuid: &str) -> Identifier {
    Identifier { value: Some(Value::Uuid(uuid.to_owned())) }
}
