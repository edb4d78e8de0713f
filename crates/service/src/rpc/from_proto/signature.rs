//! Signatures on agreements.

use chrono::{DateTime, SubsecRound as _, Utc};
use fuldmagt_domain::{
    agreement::{
        Signature,
        signature::{MAX_EVIDENCE_BYTES, MAX_IDENTIFIERS, MIN_ASSURANCE, check_time},
    },
    assurance::LevelOfAssurance,
    identifier::Identifier,
};
use fuldmagt_proto::v1;
use prost_types::Timestamp;

use super::{Violations, actor::level_of_assurance, identifier::identifier, period::timestamp};

/// A signature, which must be given, as it stands at the instant `now`.
pub fn signature(
    fields: &mut Violations,
    proto: Option<v1::SignatureProof>,
    now: DateTime<Utc>,
) -> Option<Signature> {
    let Some(proto) = proto else { return fields.required() };
    let digest = fields.read("digest", |fields| digest(fields, &proto.digest));
    let signed_at = fields.read("sign_time", |fields| signed_at(fields, proto.sign_time, now));
    let assurance = fields.read("level_of_assurance", |fields| assurance(fields, proto.level_of_assurance));
    let signer = fields.read("signer", |fields| signer(fields, proto.signer));
    let evidence = fields.read("evidence", |fields| evidence(fields, proto.evidence));
    Some(Signature {
        digest: digest?,
        signed_at: signed_at?,
        assurance: assurance?,
        signer: signer?,
        evidence: evidence?,
    })
}

fn digest(fields: &mut Violations, bytes: &[u8]) -> Option<[u8; 32]> {
    if bytes.is_empty() {
        return fields.required();
    }
    match bytes.try_into() {
        Ok(digest) => Some(digest),
        Err(_) => fields.refuse("DIGEST_MALFORMED", "must be the 32 bytes of a SHA-256 digest"),
    }
}

fn signed_at(fields: &mut Violations, proto: Option<Timestamp>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let Some(proto) = proto else { return fields.required() };
    let at = timestamp(fields, proto)?;
    match check_time(at, now) {
        // As the database keeps it.
        Ok(()) => Some(at.trunc_subsecs(6)),
        Err(error) => fields.refuse(error.reason(), error.to_string()),
    }
}

fn assurance(fields: &mut Violations, number: i32) -> Option<LevelOfAssurance> {
    let level = level_of_assurance(fields, number)?;
    if level < MIN_ASSURANCE {
        return fields.refuse("ASSURANCE_TOO_LOW", "must be at least NSIS substantial");
    }
    Some(level)
}

/// That they name one party, the actor's, is for the store to tell.
fn signer(fields: &mut Violations, protos: Vec<v1::Identifier>) -> Option<Vec<Identifier>> {
    if protos.is_empty() || protos.len() > MAX_IDENTIFIERS {
        return fields.refuse("IDENTIFIERS_COUNT", format!("1 to {MAX_IDENTIFIERS} identifiers"));
    }
    let mut seen: Vec<Identifier> = Vec::with_capacity(protos.len());
    fields.each(protos, |fields, proto| {
        let identifier = identifier(fields, Some(proto))?;
        if seen.contains(&identifier) {
            return fields.refuse("IDENTIFIER_DUPLICATE", "each identifier at most once");
        }
        seen.push(identifier);
        Some(())
    })?;
    Some(seen)
}

fn evidence(fields: &mut Violations, bytes: Vec<u8>) -> Option<Vec<u8>> {
    if bytes.is_empty() {
        return fields.required();
    }
    if bytes.len() > MAX_EVIDENCE_BYTES {
        return fields.refuse("EVIDENCE_TOO_LONG", format!("1 to {MAX_EVIDENCE_BYTES} bytes"));
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use fuldmagt_proto::v1::identifier::Value;
    use proptest::prelude::*;

    use super::*;
    use crate::rpc::from_proto::testing::{at, read, refused, tells_nothing};

    const NOW: i64 = 1_790_000_000;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(NOW, 0).unwrap()
    }

    fn cpr(text: &str) -> v1::Identifier {
        v1::Identifier { value: Some(Value::CprNumber(text.to_owned())) }
    }

    fn good() -> v1::SignatureProof {
        v1::SignatureProof {
            digest: vec![7; 32],
            sign_time: Some(Timestamp { seconds: NOW - 60, nanos: 0 }),
            level_of_assurance: 2,
            signer: vec![cpr("0501792275")],
            evidence: vec![0],
        }
    }

    fn read_good(
        spoil: impl FnOnce(&mut v1::SignatureProof),
    ) -> impl FnOnce(&mut Violations) -> Option<Signature> {
        let mut proto = good();
        spoil(&mut proto);
        |fields| signature(fields, Some(proto), now())
    }

    #[test]
    fn a_signature_is_read() {
        let signature = read(read_good(|_| ())).unwrap();
        assert_eq!((signature.digest, signature.evidence.as_slice()), ([7; 32], [0].as_slice()));
        assert_eq!(signature.signed_at.timestamp(), NOW - 60);
        assert_eq!(signature.assurance, LevelOfAssurance::Substantial);
        assert_eq!(signature.signer.iter().map(Identifier::expose).collect::<Vec<_>>(), ["0501792275"]);
    }

    #[test]
    fn the_bounds_themselves_are_good() {
        for spoil in [
            (|p| p.sign_time = Some(Timestamp { seconds: NOW - 86_400, nanos: 0 }))
                as fn(&mut v1::SignatureProof),
            |p| p.sign_time = Some(Timestamp { seconds: NOW + 300, nanos: 0 }),
            |p| p.evidence = vec![0; 262_144],
            |p| p.signer = (1..5).map(|n| cpr(&format!("050179227{n}"))).collect(),
            |p| p.level_of_assurance = 3,
        ] {
            assert!(read(read_good(spoil)).is_ok());
        }
    }

    #[test]
    fn each_field_of_a_signature_has_its_refusal() {
        let at_second = |seconds| Some(Timestamp { seconds, nanos: 0 });
        type Spoil = Box<dyn FnOnce(&mut v1::SignatureProof)>;
        let spoils: Vec<(Spoil, &str, &str)> = vec![
            (Box::new(|p| p.digest.clear()), "field.digest", "REQUIRED"),
            (Box::new(|p| p.digest = vec![7; 31]), "field.digest", "DIGEST_MALFORMED"),
            (Box::new(|p| p.digest = vec![7; 64]), "field.digest", "DIGEST_MALFORMED"),
            (Box::new(|p| p.sign_time = None), "field.sign_time", "REQUIRED"),
            (Box::new(move |p| p.sign_time = at_second(i64::MAX)), "field.sign_time", "TIMESTAMP_INVALID"),
            (
                Box::new(move |p| p.sign_time = at_second(NOW - 86_401)),
                "field.sign_time",
                "SIGNATURE_TIME_TOO_OLD",
            ),
            (
                Box::new(move |p| p.sign_time = at_second(NOW + 301)),
                "field.sign_time",
                "SIGNATURE_TIME_IN_FUTURE",
            ),
            (Box::new(|p| p.level_of_assurance = 0), "field.level_of_assurance", "REQUIRED"),
            (Box::new(|p| p.level_of_assurance = 1), "field.level_of_assurance", "ASSURANCE_TOO_LOW"),
            (Box::new(|p| p.level_of_assurance = 4), "field.level_of_assurance", "ENUM_UNKNOWN"),
            (Box::new(|p| p.signer.clear()), "field.signer", "IDENTIFIERS_COUNT"),
            (Box::new(|p| p.signer = vec![cpr("0501792275"); 5]), "field.signer", "IDENTIFIERS_COUNT"),
            (Box::new(|p| p.signer.push(cpr("050179-2275"))), "field.signer[1]", "IDENTIFIER_DUPLICATE"),
            (Box::new(|p| p.signer.push(cpr("1"))), "field.signer[1].cpr_number", "CPR_MALFORMED"),
            (Box::new(|p| p.evidence.clear()), "field.evidence", "REQUIRED"),
            (Box::new(|p| p.evidence = vec![0; 262_145]), "field.evidence", "EVIDENCE_TOO_LONG"),
        ];
        for (spoil, path, reason) in spoils {
            assert_eq!(refused(read_good(spoil)), at(path, reason));
        }
        assert_eq!(refused(|fields| signature(fields, None, now())), at("field", "REQUIRED"));
    }

    proptest! {
        #[test]
        fn no_value_is_told_to_anybody(text in "\\PC{0,20}|[0-9-]{0,20}", level: i32, seconds: i64) {
            let evidence = text.as_bytes().to_vec();
            let signer = vec![cpr(&text)];
            let sign_time = Some(Timestamp { seconds, nanos: 0 });
            let digest = evidence.clone();
            let proto = v1::SignatureProof { digest, sign_time, level_of_assurance: level, signer, evidence };
            tells_nothing(&text, |fields| signature(fields, Some(proto.clone()), now()));
            tells_nothing(&seconds.to_string(), |fields| signature(fields, Some(proto), now()));
        }
    }
}
