//! The refusals that every field of a kind has, wherever it stands.

use std::rc::Rc;

use fuldmagt_proto::v1::{self, Period, identifier::Value, period};
use fuldmagt_tests::fixtures::note_secret;
use fuldmagt_tests::world::{days, identifier, instant, instants, until_day};
use prost_types::Timestamp;
use tonic::Code;
use uuid::Uuid;

use super::refusals::Refusals;

/// The one form of a UUID that is read. Nobody's.
pub(crate) const SOME_UUID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
/// A CVR number whose check digit fits. Nobody's.
const CVR: &str = "13748136";
/// Longer than any text that is looked at.
const LONG: usize = 100_000;

/// A field's path, the reason why it is refused, and its value.
type Row<T> = (String, &'static str, T);

/// Where in a request the signature is.
type GetSignature<R> = dyn Fn(&mut R) -> &mut Option<v1::SignatureProof>;

/// Where in a request the logged-in user is.
type GetActor<R> = dyn Fn(&mut R) -> &mut Option<v1::Actor>;

/// The same path and reason for each value.
fn rows<T>(path: &str, reason: &'static str, values: impl IntoIterator<Item = T>) -> Vec<Row<T>> {
    values.into_iter().map(|value| (path.to_owned(), reason, value)).collect()
}

fn texts<const N: usize>(texts: [&str; N]) -> [String; N] {
    texts.map(str::to_owned)
}

impl<R: Clone + 'static> Refusals<R> {
    fn rows<T: Clone + 'static>(mut self, rows: Vec<Row<T>>, set: impl Fn(&mut R, T) + 'static) -> Self {
        let set = Rc::new(set);
        for (path, reason, value) in rows {
            let set = Rc::clone(&set);
            self = self.field(&path, reason, move |request| set(request, value.clone()));
        }
        self
    }

    /// A UUID.
    pub(crate) fn uuid(self, path: &str, set: impl Fn(&mut R, String) + 'static) -> Self {
        let malformed = [
            "x".to_owned(),
            "0501792275".to_owned(),
            SOME_UUID.replace('-', ""),
            format!("urn:uuid:{SOME_UUID}"),
            format!("{SOME_UUID} "),
            SOME_UUID.replace('f', "g"),
            Uuid::nil().to_string(),
            Uuid::max().to_string(),
            "3".repeat(LONG),
        ];
        let mut all = rows(path, "UUID_MALFORMED", malformed);
        all.extend(rows(path, "REQUIRED", [String::new()]));
        self.rows(all, set)
    }

    /// The idempotency key.
    pub(crate) fn request_id(self, set: impl Fn(&mut R, String) + 'static) -> Self {
        self.uuid("request_id", set)
    }

    /// A version.
    pub(crate) fn etag(self, set: impl Fn(&mut R, String) + 'static) -> Self {
        let malformed = ["0", "01", "+1", "-1", "1.0", "W/\"1\"", "99999999999999999999", "x", "\u{661}"];
        self.rows(rows("etag", "ETAG_MALFORMED", texts(malformed)), set)
    }

    /// The logged-in user.
    pub(crate) fn actor(self, get: impl Fn(&mut R) -> &mut Option<v1::Actor> + 'static) -> Self {
        let get: Rc<GetActor<R>> = Rc::new(get);
        let (missing, party, level) = (Rc::clone(&get), Rc::clone(&get), get);
        let mut levels = rows("actor.level_of_assurance", "ENUM_UNKNOWN", [-1, 4, i32::MAX]);
        levels.extend(rows("actor.level_of_assurance", "REQUIRED", [0]));
        self.field("actor", "REQUIRED", move |request| *missing(request) = None)
            .uuid("actor.party_id", move |request, text| {
                party(request).as_mut().expect("an actor").party_id = text;
            })
            .rows(levels, move |request, number| {
                level(request).as_mut().expect("an actor").level_of_assurance = number;
            })
    }

    /// The number of an enum that has no more than `last`, and none for 0 when it is required.
    pub(crate) fn number(
        self,
        path: &str,
        last: i32,
        required: bool,
        set: impl Fn(&mut R, i32) + 'static,
    ) -> Self {
        let mut all = rows(path, "ENUM_UNKNOWN", [-1, last + 1, i32::MAX, i32::MIN]);
        all.extend(rows(path, "REQUIRED", required.then_some(0)));
        self.rows(all, set)
    }

    /// A free text that may be left out.
    pub(crate) fn optional_text(
        self,
        path: &str,
        max_chars: usize,
        lines: Lines,
        set: impl Fn(&mut R, String) + 'static,
    ) -> Self {
        let mut all = rows(path, "TEXT_EMPTY", texts([" ", "\u{200b}", "\u{3164}\u{ad}"]));
        all.extend(rows(path, "TEXT_TOO_LONG", ["å".repeat(max_chars + 1), "Uforsigtig ".repeat(LONG / 11)]));
        all.extend(rows(path, "TEXT_NOT_NFC", texts(["A\u{30a}rhusianer", "Cafe\u{301}gæst"])));
        let control = [
            "Nul\u{0}punktet",
            "Lyd\u{7}giveren",
            "Vend\u{202e}ekåben",
            "Isoleret\u{2066}tekst",
            "Linje\u{2028}skilleren",
            "Retur\rvarer",
            "Tabulator\tteksten",
            "Ingen\u{fffe}tegn",
            "Slettet\u{7f}tegn",
        ];
        all.extend(rows(path, "TEXT_CONTROL_CHARACTER", texts(control)));
        if lines == Lines::One {
            all.extend(rows(path, "TEXT_CONTROL_CHARACTER", texts(["Første linje\nAnden linje"])));
        }
        all.extend(rows(
            path,
            "TEXT_UNTRIMMED",
            texts([" Indrykket tekst", "Udrykket tekst ", "Nylinjet tekst\n"]),
        ));
        if lines == Lines::One {
            all.retain(|(_, reason, text)| *reason != "TEXT_UNTRIMMED" || !text.contains('\n'));
        }
        for (_, _, text) in all.iter().filter(|(_, reason, _)| *reason != "TEXT_EMPTY") {
            note_secret(text.trim());
        }
        self.rows(all, set)
    }

    /// A free text that must be given.
    pub(crate) fn text(
        self,
        path: &str,
        max_chars: usize,
        lines: Lines,
        set: impl Fn(&mut R, String) + 'static,
    ) -> Self {
        let set = Rc::new(set);
        let missing = Rc::clone(&set);
        self.optional_text(path, max_chars, lines, move |request, text| set(request, text)).field(
            path,
            "REQUIRED",
            move |request| missing(request, String::new()),
        )
    }

    /// A privilege's URI.
    pub(crate) fn privilege(self, path: &str, set: impl Fn(&mut R, String) + 'static) -> Self {
        let malformed = [
            "no scheme".to_owned(),
            "urn:".to_owned(),
            ":x".to_owned(),
            "1urn:x".to_owned(),
            "urn:dk:white space".to_owned(),
            "urn:dk:A\u{30a}".to_owned(),
            "urn:dk:\u{202e}x".to_owned(),
            "urn:dk:\u{0}".to_owned(),
            "urn:dk:<x>".to_owned(),
            format!("urn:{}", "x".repeat(497)),
            "urn:x".repeat(LONG),
        ];
        let mut all = rows(path, "PRIVILEGE_MALFORMED", malformed);
        all.extend(rows(path, "REQUIRED", [String::new()]));
        self.rows(all, set)
    }

    /// A list of privileges' URIs, which may be empty unless `required`.
    pub(crate) fn privileges(self, required: bool, set: impl Fn(&mut R, Vec<String>) + 'static) -> Self {
        self.privileges_at("privileges", required, set)
    }

    /// The same in another field.
    pub(crate) fn privileges_at(
        self,
        path: &str,
        required: bool,
        set: impl Fn(&mut R, Vec<String>) + 'static,
    ) -> Self {
        let many = |count: usize| (0..count).map(|n| format!("urn:dk:example:{n}")).collect::<Vec<_>>();
        let mut all = rows(path, "PRIVILEGES_COUNT", [many(101), many(5_000)]);
        all.extend(rows(path, "PRIVILEGES_COUNT", required.then(Vec::new)));
        let twice = vec!["urn:dk:a".to_owned(), "urn:dk:b".to_owned(), "urn:dk:a".to_owned()];
        all.extend(rows(&format!("{path}[2]"), "PRIVILEGE_DUPLICATE", [twice]));
        let set = Rc::new(set);
        let second = Rc::clone(&set);
        self.rows(all, move |request, uris| set(request, uris))
            .privilege(&format!("{path}[1]"), move |request, uri| {
                second(request, vec!["urn:dk:example:good".to_owned(), uri])
            })
    }

    /// The purpose of a question.
    pub(crate) fn purpose(self, set: impl Fn(&mut R, String) + 'static) -> Self {
        let path = "purpose";
        let malformed = ["Case", "case work", "case-work", "sagsbehandlingå", " case", "case\0"];
        let mut all = rows(path, "PURPOSE_MALFORMED", texts(malformed));
        all.extend(rows(path, "PURPOSE_MALFORMED", ["a".repeat(65), "a".repeat(LONG)]));
        all.extend(rows(path, "REQUIRED", [String::new()]));
        let set = Rc::new(set);
        let unregistered = Rc::clone(&set);
        self.rows(all, move |request, text| set(request, text)).because(
            Code::PermissionDenied,
            "PURPOSE_NOT_REGISTERED",
            move |request| unregistered(request, "curiosity".to_owned()),
        )
    }

    /// The size of a page.
    pub(crate) fn page_size(self, set: impl Fn(&mut R, i32) + 'static) -> Self {
        self.page_size_up_to(500, set)
    }

    /// The size of a page that has fewer entries.
    pub(crate) fn page_size_up_to(self, most: i32, set: impl Fn(&mut R, i32) + 'static) -> Self {
        let wrong = [0, -1, most + 1, 65_537, i32::MAX, i32::MIN];
        self.rows(rows("page_size", "PAGE_SIZE_OUT_OF_RANGE", wrong), set)
    }

    /// When something is to happen, now or later, at noon in Denmark on 15 June 2026.
    pub(crate) fn planned(self, path: &str, set: impl Fn(&mut R, Option<Timestamp>) + 'static) -> Self {
        let now = instant("2026-06-15T10:00:00Z").timestamp();
        let at = |seconds, nanos| Some(Timestamp { seconds, nanos });
        let year = 366 * 24 * 60 * 60;
        let mut all = rows(path, "TIME_IN_PAST", [at(now - 301, 0), at(0, 0), at(-62_135_596_800, 0)]);
        all.extend(rows(
            path,
            "TIME_TOO_FAR_AHEAD",
            [at(now + year, 1_000), at(now + year + 1, 0), at(253_402_300_799, 999_999_999)],
        ));
        let invalid = [at(now + 9, -1), at(now + 9, 1_000_000_000), at(i64::MAX, 0), at(i64::MIN, 0)];
        all.extend(rows(path, "TIMESTAMP_INVALID", invalid));
        self.rows(all, set)
    }

    /// A page token. `foreign`: some that are good for another caller, or for another question.
    pub(crate) fn page_token(self, foreign: &[String], set: impl Fn(&mut R, String) + 'static) -> Self {
        let mut wrong = foreign.to_vec();
        wrong.extend(texts(["x", "AAAA", "=", "a token"]));
        wrong.push("A".repeat(LONG));
        self.rows(rows("page_token", "PAGE_TOKEN_INVALID", wrong), set)
    }

    /// An identifier of any kind.
    pub(crate) fn identifier(
        self,
        path: &str,
        set: impl Fn(&mut R, Option<v1::Identifier>) + 'static,
    ) -> Self {
        let mut all: Vec<Row<Option<v1::Identifier>>> = Vec::new();
        for (name, reason, value) in malformed_identifiers() {
            all.push((format!("{path}.{name}"), reason, identifier(value)));
        }
        all.extend(rows(path, "REQUIRED", [None, Some(v1::Identifier { value: None })]));
        self.rows(all, set)
    }

    /// A signature, at noon in Denmark on 15 June 2026.
    pub(crate) fn signature(self, get: impl Fn(&mut R) -> &mut Option<v1::SignatureProof> + 'static) -> Self {
        let get: Rc<GetSignature<R>> = Rc::new(get);
        let (missing, spoiled) = (Rc::clone(&get), get);
        let all: Vec<Row<Spoil>> = wrong_signatures()
            .into_iter()
            .map(|(path, reason, spoil)| (format!("signature.{path}"), reason, spoil))
            .collect();
        self.field("signature", "REQUIRED", move |request| *missing(request) = None)
            .rows(all, move |request, spoil| spoil(spoiled(request).as_mut().expect("a signature")))
    }

    /// A period, at noon in Denmark on 15 June 2026.
    pub(crate) fn period(self, set: impl Fn(&mut R, Option<Period>) + 'static) -> Self {
        let mut all = wrong_periods();
        let too_long = [until_day("2028-06-15"), until_day("9999-12-31")];
        all.extend(rows("period", "PERIOD_TOO_LONG", too_long));
        self.rows(all, set)
    }

    /// A period that is wrong whatever it is for.
    pub(crate) fn wrong_period(self, set: impl Fn(&mut R, Option<Period>) + 'static) -> Self {
        self.rows(wrong_periods(), set)
    }

    /// A period that may be left out, and is within another: it is never too long by itself.
    pub(crate) fn narrower_period(self, set: impl Fn(&mut R, Option<Period>) + 'static) -> Self {
        let mut all = wrong_periods();
        all.retain(|(path, reason, _)| path != "period" || *reason != "REQUIRED");
        for (path, reason, _) in &mut all {
            if path == "period" {
                *reason = "ACCEPTANCE_WIDER";
            }
        }
        self.rows(all, set)
    }
}

/// A way to spoil a signature.
type Spoil = fn(&mut v1::SignatureProof);

fn second(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds: instant("2026-06-15T10:00:00Z").timestamp() + seconds, nanos: 0 })
}

/// Signatures that are wrong in themselves, with the field that is told.
fn wrong_signatures() -> Vec<(&'static str, &'static str, Spoil)> {
    vec![
        ("digest", "REQUIRED", |proof| proof.digest.clear()),
        ("digest", "DIGEST_MALFORMED", |proof| proof.digest.truncate(31)),
        ("digest", "DIGEST_MALFORMED", |proof| proof.digest = vec![7; LONG]),
        ("sign_time", "REQUIRED", |proof| proof.sign_time = None),
        ("sign_time", "TIMESTAMP_INVALID", |proof| {
            proof.sign_time = Some(Timestamp { seconds: 1_780_000_000, nanos: -1 });
        }),
        ("sign_time", "SIGNATURE_TIME_TOO_OLD", |proof| proof.sign_time = second(-86_401)),
        ("sign_time", "SIGNATURE_TIME_TOO_OLD", |proof| proof.sign_time = Some(Timestamp::default())),
        ("sign_time", "SIGNATURE_TIME_IN_FUTURE", |proof| proof.sign_time = second(301)),
        ("level_of_assurance", "REQUIRED", |proof| proof.level_of_assurance = 0),
        ("level_of_assurance", "ASSURANCE_TOO_LOW", |proof| proof.level_of_assurance = 1),
        ("level_of_assurance", "ENUM_UNKNOWN", |proof| proof.level_of_assurance = 4),
        ("level_of_assurance", "ENUM_UNKNOWN", |proof| proof.level_of_assurance = -1),
        ("signer", "IDENTIFIERS_COUNT", |proof| proof.signer.clear()),
        ("signer", "IDENTIFIERS_COUNT", |proof| {
            proof.signer = vec![v1::Identifier { value: Some(Value::Uuid(SOME_UUID.to_owned())) }; 5];
        }),
        ("signer[1]", "IDENTIFIER_DUPLICATE", |proof| {
            proof.signer.truncate(1);
            proof.signer.extend_from_within(..);
        }),
        ("signer[0]", "REQUIRED", |proof| proof.signer = vec![v1::Identifier { value: None }]),
        ("signer[0].cpr_number", "CPR_MALFORMED", |proof| {
            note_secret("050179-227");
            proof.signer = vec![v1::Identifier { value: Some(Value::CprNumber("050179-227".to_owned())) }];
        }),
        ("evidence", "REQUIRED", |proof| proof.evidence.clear()),
        ("evidence", "EVIDENCE_TOO_LONG", |proof| proof.evidence = vec![b'e'; 262_145]),
    ]
}

/// Whether a text may have several lines.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    One,
    Several,
}

/// Each kind of identifier in forms that it does not have, with the field below the identifier that is told.
fn malformed_identifiers() -> Vec<(&'static str, &'static str, Value)> {
    let employee = |cvr: &str, uuid: &str| {
        Value::EmployeeUuid(v1::EmployeeUuid { cvr_number: cvr.to_owned(), uuid: uuid.to_owned() })
    };
    let text = |text: &str| {
        note_secret(if text.chars().filter(char::is_ascii_digit).count() > 7 { text } else { "" });
        text.to_owned()
    };
    vec![
        ("cpr_number", "CPR_MALFORMED", Value::CprNumber(text("050179227"))),
        ("cpr_number", "CPR_MALFORMED", Value::CprNumber(text("05017922755"))),
        ("cpr_number", "CPR_MALFORMED", Value::CprNumber(text("0501-792275"))),
        ("cpr_number", "CPR_MALFORMED", Value::CprNumber(text(SOME_UUID))),
        ("cpr_number", "CPR_MALFORMED", Value::CprNumber(text("٠٥٠١٧٩٢٢٧٥"))),
        ("cpr_number", "CPR_MALFORMED", Value::CprNumber("0".repeat(LONG))),
        ("cpr_number", "CPR_DATE_INVALID", Value::CprNumber(text("3113792275"))),
        ("cpr_number", "CPR_DATE_INVALID", Value::CprNumber(text("2902792275"))),
        ("cpr_number", "REQUIRED", Value::CprNumber(String::new())),
        ("pid", "PID_MALFORMED", Value::Pid(text("0501792276"))),
        ("pid", "PID_MALFORMED", Value::Pid(text("PID:9208-2002-2-60501792277"))),
        ("pid", "PID_MALFORMED", Value::Pid(text("PID:9208-2002-3-605017922773"))),
        ("pid", "REQUIRED", Value::Pid(String::new())),
        ("uuid", "UUID_MALFORMED", Value::Uuid(text("0501792278"))),
        ("uuid", "UUID_MALFORMED", Value::Uuid(text(&SOME_UUID.replace('-', "")))),
        ("uuid", "UUID_MALFORMED", Value::Uuid(Uuid::nil().to_string())),
        ("uuid", "REQUIRED", Value::Uuid(String::new())),
        ("rid", "RID_MALFORMED", Value::Rid(format!("CVR:{CVR}"))),
        ("rid", "RID_MALFORMED", Value::Rid(text("1234567890123"))),
        ("rid", "RID_MALFORMED", Value::Rid(format!("CVR:{CVR}-RID:{}", "1".repeat(21)))),
        ("rid", "CVR_CHECKSUM", Value::Rid(text("CVR:12345678-RID:1234567890124"))),
        ("rid", "REQUIRED", Value::Rid(String::new())),
        ("employee_uuid.cvr_number", "CVR_CHECKSUM", employee("12345678", SOME_UUID)),
        ("employee_uuid.cvr_number", "CVR_MALFORMED", employee("1", SOME_UUID)),
        ("employee_uuid.cvr_number", "REQUIRED", employee("", SOME_UUID)),
        ("employee_uuid.uuid", "UUID_MALFORMED", employee(CVR, "1")),
        ("employee_uuid.uuid", "REQUIRED", employee(CVR, "")),
        ("cvr_number", "CVR_CHECKSUM", Value::CvrNumber(text("93825592"))),
        ("cvr_number", "CVR_MALFORMED", Value::CvrNumber(text("0501792279"))),
        ("cvr_number", "CVR_MALFORMED", Value::CvrNumber(format!("DK{CVR}"))),
        ("cvr_number", "REQUIRED", Value::CvrNumber(String::new())),
        ("p_number", "P_NUMBER_MALFORMED", Value::PNumber(CVR.to_owned())),
        ("p_number", "P_NUMBER_MALFORMED", Value::PNumber("0".repeat(10))),
        ("p_number", "REQUIRED", Value::PNumber(String::new())),
        ("se_number", "SE_CHECKSUM", Value::SeNumber(text("12345678"))),
        ("se_number", "SE_MALFORMED", Value::SeNumber("1".to_owned())),
        ("se_number", "REQUIRED", Value::SeNumber(String::new())),
    ]
}

/// Periods that are wrong in themselves, with the field that is told.
fn wrong_periods() -> Vec<Row<Option<Period>>> {
    let at = |seconds, nanos| Timestamp { seconds, nanos };
    let from = |start| Some(Period { start: Some(period::Start::ValidFrom(start)), ..good_end() });
    let to = |end| Some(Period { start: None, end: Some(period::End::ValidTo(end)) });
    let day = |first: &str| days(first, "2026-07-01");
    let now = instant("2026-06-15T10:00:00Z");
    let later = instant("2026-06-20T00:00:00Z");
    let earliest = at(-62_135_596_800, 0);
    let latest = at(253_402_300_799, 0);
    let table: [(&str, &str, Option<Period>); 22] = [
        ("period", "REQUIRED", None),
        ("period.valid_to", "REQUIRED", Some(Period::default())),
        ("period.valid_to", "REQUIRED", Some(Period { end: None, ..day("2026-06-20").expect("a period") })),
        ("period.to_date", "REQUIRED", until_day("")),
        ("period.from_date", "REQUIRED", day("")),
        ("period.to_date", "DATE_MALFORMED", until_day("2026-7-1")),
        ("period.to_date", "DATE_MALFORMED", until_day("2026-02-30")),
        ("period.to_date", "DATE_MALFORMED", until_day("01-07-2026")),
        ("period.to_date", "DATE_MALFORMED", until_day("2026-07-01T00:00:00Z")),
        ("period.from_date", "DATE_MALFORMED", day("i morgen")),
        ("period.to_date", "PERIOD_IN_PAST", until_day("2026-06-14")),
        ("period.valid_to", "PERIOD_IN_PAST", to(at(now.timestamp(), 0))),
        ("period.from_date", "PERIOD_START_IN_PAST", day("2026-06-14")),
        ("period.valid_from", "PERIOD_START_IN_PAST", from(at(now.timestamp() - 301, 0))),
        ("period.to_date", "PERIOD_REVERSED", days("2026-07-02", "2026-07-01")),
        ("period.valid_to", "PERIOD_REVERSED", instants(later, later)),
        ("period.valid_from", "PERIOD_OUT_OF_RANGE", from(earliest)),
        ("period.valid_to", "PERIOD_OUT_OF_RANGE", to(latest)),
        ("period.valid_to", "TIMESTAMP_INVALID", to(at(now.timestamp() + 9, -1))),
        ("period.valid_to", "TIMESTAMP_INVALID", to(at(now.timestamp() + 9, 1_000_000_000))),
        ("period.valid_to", "TIMESTAMP_INVALID", to(at(i64::MAX, 0))),
        ("period.valid_from", "TIMESTAMP_INVALID", from(at(i64::MIN, 0))),
    ];
    table.into_iter().map(|(path, reason, period)| (path.to_owned(), reason, period)).collect()
}

fn good_end() -> Period {
    until_day("2026-07-01").expect("a period")
}
