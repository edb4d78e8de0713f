//! Identifiers of parties.

use fuldmagt_domain::{
    identifier::{CvrNumber, Error, Identifier, IdentifierKind, PNumber},
    party::IdentifierSet,
};
use fuldmagt_proto::v1::{self, identifier::Value};

use super::Violations;

/// The most identifiers of one party in one request: one of each kind.
pub const MAX_IDENTIFIERS: usize = 8;

/// One identifier. What is wrong is told under the name of its kind, such as `delegator.cpr_number`.
pub fn identifier(fields: &mut Violations, proto: Option<v1::Identifier>) -> Option<Identifier> {
    let Some(value) = proto.and_then(|identifier| identifier.value) else {
        return fields.refuse(super::REQUIRED, "exactly one kind of identifier must be set");
    };
    match value {
        Value::CprNumber(text) => plain(fields, "cpr_number", IdentifierKind::Cpr, &text),
        Value::Pid(text) => plain(fields, "pid", IdentifierKind::Pid, &text),
        Value::Uuid(text) => plain(fields, "uuid", IdentifierKind::PersonUuid, &text),
        Value::Rid(text) => plain(fields, "rid", IdentifierKind::Rid, &text),
        Value::EmployeeUuid(employee) => {
            fields.read("employee_uuid", |fields| employee_uuid(fields, &employee))
        }
        Value::CvrNumber(text) => plain(fields, "cvr_number", IdentifierKind::Cvr, &text),
        Value::PNumber(text) => plain(fields, "p_number", IdentifierKind::PNumber, &text),
        Value::SeNumber(text) => plain(fields, "se_number", IdentifierKind::Se, &text),
    }
}

/// The identifiers of one and the same party.
pub fn identifiers(fields: &mut Violations, protos: Vec<v1::Identifier>) -> Option<IdentifierSet> {
    if protos.is_empty() || protos.len() > MAX_IDENTIFIERS {
        return fields.refuse("IDENTIFIERS_COUNT", format!("1 to {MAX_IDENTIFIERS} identifiers"));
    }
    let identifiers = fields.each(protos, |fields, proto| identifier(fields, Some(proto)))?;
    match IdentifierSet::new(identifiers) {
        Ok(set) => Some(set),
        Err(error) => fields.refuse(error.reason(), error.to_string()),
    }
}

/// The CVR number of an authority.
pub fn cvr_number(fields: &mut Violations, text: &str) -> Option<CvrNumber> {
    if text.is_empty() {
        return fields.required();
    }
    match CvrNumber::parse(text) {
        Ok(cvr) => Some(cvr),
        Err(error) => told(fields, error),
    }
}

/// The P number of a production unit, where one is given.
pub fn p_number(fields: &mut Violations, text: &str) -> Option<Option<PNumber>> {
    if text.is_empty() {
        return Some(None);
    }
    match PNumber::parse(text) {
        Ok(number) => Some(Some(number)),
        Err(error) => told(fields, error),
    }
}

fn plain(fields: &mut Violations, name: &str, kind: IdentifierKind, text: &str) -> Option<Identifier> {
    fields.read(name, |fields| {
        if text.is_empty() {
            return fields.required();
        }
        match Identifier::parse(kind, text) {
            Ok(identifier) => Some(identifier),
            Err(error) => told(fields, error),
        }
    })
}

/// Each part is judged by itself, so that the one that is wrong is named.
fn employee_uuid(fields: &mut Violations, proto: &v1::EmployeeUuid) -> Option<Identifier> {
    let cvr = fields.read("cvr_number", |fields| cvr_number(fields, &proto.cvr_number));
    let uuid = fields.read("uuid", |fields| super::ids::uuid(fields, &proto.uuid));
    let text = format!("CVR:{}-UUID:{}", cvr?.expose(), uuid?.hyphenated());
    match Identifier::parse(IdentifierKind::EmployeeUuid, &text) {
        Ok(identifier) => Some(identifier),
        Err(error) => told(fields, error),
    }
}

/// The domain's refusals hold nothing of the refused text.
fn told<T>(fields: &mut Violations, error: Error) -> Option<T> {
    fields.refuse(error.reason(), error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rpc::from_proto::testing::{at, read, refused, tells_nothing};

    const UUID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

    fn proto(value: Value) -> Option<v1::Identifier> {
        Some(v1::Identifier { value: Some(value) })
    }

    fn employee(cvr: &str, uuid: &str) -> Value {
        Value::EmployeeUuid(v1::EmployeeUuid { cvr_number: cvr.to_owned(), uuid: uuid.to_owned() })
    }

    fn one_of_each() -> [(Value, IdentifierKind, String); 8] {
        let text = str::to_owned;
        [
            (Value::CprNumber(text("050179-2275")), IdentifierKind::Cpr, text("0501792275")),
            (
                Value::Pid(text("9208-2002-2-123456789012")),
                IdentifierKind::Pid,
                text("PID:9208-2002-2-123456789012"),
            ),
            (Value::Uuid(UUID.to_uppercase()), IdentifierKind::PersonUuid, text(UUID)),
            (Value::Rid(text("CVR:34051178-RID:1")), IdentifierKind::Rid, text("CVR:34051178-RID:1")),
            (
                employee("34051178", &UUID.to_uppercase()),
                IdentifierKind::EmployeeUuid,
                format!("CVR:34051178-UUID:{UUID}"),
            ),
            (Value::CvrNumber(text("34051178")), IdentifierKind::Cvr, text("34051178")),
            (Value::PNumber(text("1003366844")), IdentifierKind::PNumber, text("1003366844")),
            (Value::SeNumber(text("13748136")), IdentifierKind::Se, text("13748136")),
        ]
    }

    #[test]
    fn each_kind_is_read_and_normalised() {
        for (value, kind, canonical) in one_of_each() {
            let read = read(|fields| identifier(fields, proto(value))).unwrap();
            assert_eq!((read.kind(), read.expose()), (kind, canonical.as_str()));
        }
    }

    #[test]
    fn each_kind_is_refused_under_its_name_with_its_reason() {
        let text = str::to_owned;
        for (value, path, reason) in [
            (Value::CprNumber(text("050179227")), "field.cpr_number", "CPR_MALFORMED"),
            (Value::CprNumber(text("3113792275")), "field.cpr_number", "CPR_DATE_INVALID"),
            (Value::CprNumber(text(UUID)), "field.cpr_number", "CPR_MALFORMED"),
            (Value::Pid(text("0501792275")), "field.pid", "PID_MALFORMED"),
            (Value::Uuid(text("0501792275")), "field.uuid", "UUID_MALFORMED"),
            (Value::Rid(text("CVR:34051178")), "field.rid", "RID_MALFORMED"),
            (Value::Rid(text("CVR:12345678-RID:1")), "field.rid", "CVR_CHECKSUM"),
            (employee("12345678", UUID), "field.employee_uuid.cvr_number", "CVR_CHECKSUM"),
            (employee("1", UUID), "field.employee_uuid.cvr_number", "CVR_MALFORMED"),
            (employee("", UUID), "field.employee_uuid.cvr_number", "REQUIRED"),
            (employee("34051178", "1"), "field.employee_uuid.uuid", "UUID_MALFORMED"),
            (employee("34051178", ""), "field.employee_uuid.uuid", "REQUIRED"),
            (Value::CvrNumber(text("0501792275")), "field.cvr_number", "CVR_MALFORMED"),
            (Value::CvrNumber(text("12345678")), "field.cvr_number", "CVR_CHECKSUM"),
            (Value::PNumber(text("34051178")), "field.p_number", "P_NUMBER_MALFORMED"),
            (Value::SeNumber(text("1")), "field.se_number", "SE_MALFORMED"),
            (Value::SeNumber(text("12345678")), "field.se_number", "SE_CHECKSUM"),
            (Value::CprNumber(text("")), "field.cpr_number", "REQUIRED"),
            (Value::SeNumber(text("")), "field.se_number", "REQUIRED"),
        ] {
            assert_eq!(refused(|fields| identifier(fields, proto(value))), at(path, reason));
        }
    }

    #[test]
    fn an_identifier_that_is_not_set_is_missing() {
        for absent in [None, Some(v1::Identifier { value: None })] {
            assert_eq!(refused(|fields| identifier(fields, absent)), at("field", "REQUIRED"));
        }
    }

    #[test]
    fn both_parts_of_an_employees_uuid_are_told() {
        let found = read(|fields| identifier(fields, proto(employee("x", "y")))).unwrap_err();
        assert_eq!(
            found,
            [
                at("field.employee_uuid.cvr_number", "CVR_MALFORMED"),
                at("field.employee_uuid.uuid", "UUID_MALFORMED")
            ]
        );
    }

    #[test]
    fn the_identifiers_of_a_party_are_counted_and_fit_together() {
        let of = |values: Vec<Value>| {
            values.into_iter().map(|value| v1::Identifier { value: Some(value) }).collect()
        };
        let cpr = || Value::CprNumber("0501792275".to_owned());
        let cvr = || Value::CvrNumber("34051178".to_owned());
        let set = |values| move |fields: &mut Violations| identifiers(fields, of(values));
        assert_eq!(read(set(vec![cpr(), Value::Uuid(UUID.to_owned())])).unwrap().identifiers().len(), 2);
        assert_eq!(refused(set(vec![])), at("field", "IDENTIFIERS_COUNT"));
        assert_eq!(refused(set(vec![cpr(); 9])), at("field", "IDENTIFIERS_COUNT"));
        assert_eq!(refused(set(vec![cpr(), cvr()])), at("field", "IDENTIFIER_KIND_MISMATCH"));
        assert_eq!(refused(set(vec![cpr(), cpr()])), at("field", "IDENTIFIER_DUPLICATE"));
        let found =
            read(set(vec![Value::Pid("x".to_owned()), cpr(), Value::Uuid("y".to_owned())])).unwrap_err();
        assert_eq!(found, [at("field[0].pid", "PID_MALFORMED"), at("field[2].uuid", "UUID_MALFORMED")]);
    }

    #[test]
    fn an_authority_is_named_by_its_cvr_number() {
        assert_eq!(read(|fields| cvr_number(fields, "34051178")).unwrap().expose(), "34051178");
        assert_eq!(refused(|fields| cvr_number(fields, "")), at("field", "REQUIRED"));
        assert_eq!(refused(|fields| cvr_number(fields, "12345678")), at("field", "CVR_CHECKSUM"));
        assert_eq!(refused(|fields| cvr_number(fields, "DK34051178")), at("field", "CVR_MALFORMED"));
    }

    fn any_value(text: &str) -> [Value; 8] {
        let text = text.to_owned();
        [
            Value::CprNumber(text.clone()),
            Value::Pid(text.clone()),
            Value::Uuid(text.clone()),
            Value::Rid(text.clone()),
            employee(&text, &text),
            Value::CvrNumber(text.clone()),
            Value::PNumber(text.clone()),
            Value::SeNumber(text),
        ]
    }

    #[test]
    fn a_production_unit_may_be_left_out() {
        assert_eq!(read(|fields| p_number(fields, "")), Ok(None));
        let number = read(|fields| p_number(fields, "1003366844")).unwrap().unwrap();
        assert_eq!(number.expose(), "1003366844");
        for wrong in ["100336684", "0000000000", "10033668444", "100336684x"] {
            assert_eq!(
                refused(|fields| p_number(fields, wrong)),
                at("field", "P_NUMBER_MALFORMED"),
                "{wrong}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_is_told_to_anybody(
            text in "\\PC{0,40}|[0-9]{0,12}|[0-3][0-9][01][0-9]{3}-?[0-9]{4}|CVR:[0-9]{8}-RID:[0-9]{1,21}"
        ) {
            for value in any_value(&text) {
                tells_nothing(&text, |fields| identifier(fields, proto(value)));
            }
        }
    }
}
