//! The logged-in user that a front end acts for.

use fuldmagt_domain::assurance::LevelOfAssurance;
use fuldmagt_proto::v1;

use super::{ENUM_UNKNOWN, Violations, ids};
use crate::app::Actor;

/// The actor, who must be given.
pub fn actor(fields: &mut Violations, proto: Option<v1::Actor>) -> Option<Actor> {
    let Some(proto) = proto else { return fields.required() };
    let party = fields.read("party_id", |fields| ids::party_id(fields, &proto.party_id));
    let assurance =
        fields.read("level_of_assurance", |fields| level_of_assurance(fields, proto.level_of_assurance));
    Some(Actor { party: party?, assurance: assurance? })
}

/// A level of assurance, which must be given.
pub fn level_of_assurance(fields: &mut Violations, number: i32) -> Option<LevelOfAssurance> {
    match v1::LevelOfAssurance::try_from(number) {
        Ok(v1::LevelOfAssurance::Low) => Some(LevelOfAssurance::Low),
        Ok(v1::LevelOfAssurance::Substantial) => Some(LevelOfAssurance::Substantial),
        Ok(v1::LevelOfAssurance::High) => Some(LevelOfAssurance::High),
        Ok(v1::LevelOfAssurance::Unspecified) => fields.required(),
        Err(_) => fields.refuse(ENUM_UNKNOWN, "must be a level of assurance of NSIS"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rpc::from_proto::testing::{at, read, refused, tells_nothing};

    const SOME: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

    fn proto(party_id: &str, level_of_assurance: i32) -> Option<v1::Actor> {
        Some(v1::Actor { party_id: party_id.to_owned(), level_of_assurance })
    }

    #[test]
    fn an_actor_has_a_party_and_a_level() {
        for (number, expected) in (1..).zip(LevelOfAssurance::ALL) {
            let actor = read(|fields| actor(fields, proto(SOME, number))).unwrap();
            assert_eq!((actor.party.to_string().as_str(), actor.assurance), (SOME, expected));
        }
    }

    #[test]
    fn a_wrong_actor_is_told_field_by_field() {
        assert_eq!(refused(|fields| actor(fields, None)), at("field", "REQUIRED"));
        for (party, level, path, reason) in [
            ("", 2, "field.party_id", "REQUIRED"),
            ("x", 2, "field.party_id", "UUID_MALFORMED"),
            (SOME, 0, "field.level_of_assurance", "REQUIRED"),
            (SOME, 4, "field.level_of_assurance", "ENUM_UNKNOWN"),
            (SOME, -1, "field.level_of_assurance", "ENUM_UNKNOWN"),
        ] {
            assert_eq!(refused(|fields| actor(fields, proto(party, level))), at(path, reason));
        }
        let both = read(|fields| actor(fields, proto("", 9))).unwrap_err();
        assert_eq!(both, [at("field.party_id", "REQUIRED"), at("field.level_of_assurance", "ENUM_UNKNOWN")]);
    }

    proptest! {
        #[test]
        fn no_value_is_told_to_anybody(party in "\\PC{0,40}|[0-9]{4,40}", level: i32) {
            tells_nothing(&party, |fields| actor(fields, proto(&party, level)));
            tells_nothing(&level.to_string(), |fields| actor(fields, proto(SOME, level)));
        }
    }
}
