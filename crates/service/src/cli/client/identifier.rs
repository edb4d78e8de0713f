//! Identifiers on the command line: `KIND:VALUE`, or `KIND:@FILE` because other users of a machine see arguments.

use anyhow::{Context as _, bail};
use fuldmagt_proto::v1::{EmployeeUuid, Identifier, identifier::Value};

/// Reads an identifier. Whether it is a good one is the service's to say.
pub(in crate::cli) fn identifier(argument: &str) -> anyhow::Result<Identifier> {
    let (kind, value) =
        argument.split_once(':').context("an identifier is KIND:VALUE, such as cvr:34051178")?;
    let value = match value.strip_prefix('@') {
        None => value.to_owned(),
        Some(file) => {
            std::fs::read_to_string(file).with_context(|| format!("{file} cannot be read"))?.trim().to_owned()
        }
    };
    let value = match kind {
        "cpr" => Value::CprNumber(value),
        "pid" => Value::Pid(value),
        "uuid" => Value::Uuid(value),
        "rid" => Value::Rid(value),
        "employee" => {
            let (cvr, uuid) = value.split_once('/').context("an employee is employee:CVR/UUID")?;
            Value::EmployeeUuid(EmployeeUuid { cvr_number: cvr.to_owned(), uuid: uuid.to_owned() })
        }
        "cvr" => Value::CvrNumber(value),
        "p" => Value::PNumber(value),
        "se" => Value::SeNumber(value),
        other => bail!("{other} is no kind of identifier: cpr, pid, uuid, rid, employee, cvr, p or se"),
    };
    Ok(Identifier { value: Some(value) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_has_a_kind_and_a_value() {
        assert_eq!(identifier("cvr:34051178").unwrap().value, Some(Value::CvrNumber("34051178".into())));
        let rid = identifier("rid:CVR:34051178-RID:1").unwrap();
        assert_eq!(rid.value, Some(Value::Rid("CVR:34051178-RID:1".into())));
        for bad in ["34051178", "xyz:1", "employee:34051178", "cpr:@/nowhere"] {
            assert!(identifier(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_value_may_stand_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("number");
        std::fs::write(&file, "34051178\n").unwrap();
        let read = identifier(&format!("cvr:@{}", file.display())).unwrap();
        assert_eq!(read.value, Some(Value::CvrNumber("34051178".into())));
    }
}
