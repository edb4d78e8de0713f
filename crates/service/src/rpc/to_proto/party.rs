//! Parties and their identifiers.

use fuldmagt_domain::identifier::{Identifier, IdentifierKind, PartyKind};
use fuldmagt_proto::v1::{self, identifier::Value};

use super::{etag, timestamp};
use crate::app::resolve_party::ResolvedParty;

/// A party, with the kinds of identifier that are linked and not the identifiers themselves.
pub fn party(resolved: &ResolvedParty) -> v1::Party {
    let party = &resolved.party;
    v1::Party {
        party_id: party.id.to_string(),
        kind: party_kind(party.kind).into(),
        organisation_id: party.organisation.map(|organisation| organisation.to_string()).unwrap_or_default(),
        identifier_kinds: resolved
            .identifier_kinds
            .iter()
            .map(|kind| identifier_kind(*kind).into())
            .collect(),
        create_time: Some(timestamp(party.created_at)),
        etag: etag(party.version),
    }
}

/// An identifier, for an authority's list.
pub fn identifier(identifier: &Identifier) -> v1::Identifier {
    let value = match identifier {
        Identifier::Cpr(cpr) => Value::CprNumber(cpr.expose().to_owned()),
        Identifier::Pid(pid) => Value::Pid(pid.expose().to_owned()),
        Identifier::PersonUuid(uuid) => Value::Uuid(uuid.expose().to_owned()),
        Identifier::Rid(rid) => Value::Rid(rid.expose().to_owned()),
        Identifier::EmployeeUuid(employee) => Value::EmployeeUuid(v1::EmployeeUuid {
            cvr_number: employee.cvr().expose().to_owned(),
            uuid: employee.expose().split_once("-UUID:").map_or("", |(_, uuid)| uuid).to_owned(),
        }),
        Identifier::Cvr(cvr) => Value::CvrNumber(cvr.expose().to_owned()),
        Identifier::PNumber(p_number) => Value::PNumber(p_number.expose().to_owned()),
        Identifier::Se(se) => Value::SeNumber(se.expose().to_owned()),
    };
    v1::Identifier { value: Some(value) }
}

/// A kind of party.
pub const fn party_kind(kind: PartyKind) -> v1::PartyKind {
    match kind {
        PartyKind::Person => v1::PartyKind::Person,
        PartyKind::Organisation => v1::PartyKind::Organisation,
        PartyKind::Employee => v1::PartyKind::Employee,
    }
}

const fn identifier_kind(kind: IdentifierKind) -> v1::IdentifierKind {
    match kind {
        IdentifierKind::Cpr => v1::IdentifierKind::CprNumber,
        IdentifierKind::Pid => v1::IdentifierKind::Pid,
        IdentifierKind::PersonUuid => v1::IdentifierKind::Uuid,
        IdentifierKind::Rid => v1::IdentifierKind::Rid,
        IdentifierKind::EmployeeUuid => v1::IdentifierKind::EmployeeUuid,
        IdentifierKind::Cvr => v1::IdentifierKind::CvrNumber,
        IdentifierKind::PNumber => v1::IdentifierKind::PNumber,
        IdentifierKind::Se => v1::IdentifierKind::SeNumber,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use fuldmagt_domain::party::{Party, PartyId, Standing};
    use uuid::Uuid;

    use super::*;
    use crate::rpc::from_proto::{Violations, identifier::identifier as read_identifier};

    #[test]
    fn every_identifier_is_read_back_as_it_is_told() {
        let uuid = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
        for (kind, canonical) in [
            (IdentifierKind::Cpr, "0501792275".to_owned()),
            (IdentifierKind::Pid, "PID:9208-2002-2-123456789012".to_owned()),
            (IdentifierKind::PersonUuid, uuid.to_owned()),
            (IdentifierKind::Rid, "CVR:34051178-RID:1".to_owned()),
            (IdentifierKind::EmployeeUuid, format!("CVR:34051178-UUID:{uuid}")),
            (IdentifierKind::Cvr, "34051178".to_owned()),
            (IdentifierKind::PNumber, "1003366844".to_owned()),
            (IdentifierKind::Se, "13748136".to_owned()),
        ] {
            let some = Identifier::parse(kind, &canonical).unwrap();
            assert_eq!(read_identifier(&mut Violations::new(), Some(identifier(&some))), Some(some));
        }
    }

    #[test]
    fn a_party_is_told_without_its_identifiers() {
        let employee = Party {
            id: PartyId(Uuid::from_u128(1)),
            kind: PartyKind::Employee,
            organisation: Some(PartyId(Uuid::from_u128(2))),
            standing: Standing::Good,
            created_at: DateTime::from_timestamp(5, 0).unwrap(),
            version: 3,
        };
        let identifier_kinds = IdentifierKind::ALL.to_vec();
        let proto = party(&ResolvedParty { party: employee.clone(), identifier_kinds, created: false });
        assert_eq!(proto.party_id, Uuid::from_u128(1).to_string());
        assert_eq!(proto.organisation_id, Uuid::from_u128(2).to_string());
        assert_eq!(proto.kind(), v1::PartyKind::Employee);
        assert_eq!(proto.identifier_kinds, [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!((proto.create_time.unwrap().seconds, proto.etag.as_str()), (5, "3"));
        let person = Party { kind: PartyKind::Person, organisation: None, ..employee };
        let proto = party(&ResolvedParty { party: person, identifier_kinds: vec![], created: true });
        assert_eq!((proto.kind(), proto.organisation_id.as_str()), (v1::PartyKind::Person, ""));
        assert_eq!(party_kind(PartyKind::Organisation), v1::PartyKind::Organisation);
    }
}
