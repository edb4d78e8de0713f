use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;
use unicode_normalization::is_nfc;
use uuid::Uuid;

use super::*;
use crate::period::{Bound, parse_date};

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    parse_date(text).unwrap()
}

fn named(id: u128, name: &str) -> Named {
    Named { id: PartyId(Uuid::from_u128(id)), name: Name::parse(name).ok() }
}

fn person(id: u128, name: &str) -> Side {
    Side { party: named(id, name), kind: PartyKind::Person, employer: None }
}

fn uri(text: &str) -> PrivilegeUri {
    PrivilegeUri::parse(text).unwrap()
}

fn delegation(id: u128) -> DelegationId {
    DelegationId(Uuid::from_u128(id))
}

fn assessment() -> Item {
    Item {
        uri: uri("urn:dk:skat:årsopgørelse:se"),
        title_da: Title::parse("Se årsopgørelse").unwrap(),
        title_en: Title::parse("See the tax assessment").unwrap(),
        description_da: Description::parse("Må se årsopgørelsen.\n\nOgså fra tidligere år.").unwrap(),
        description_en: Description::parse("May see the tax assessment.\n\nOf earlier years too.").unwrap(),
        access: AccessKind::Read,
        may_be_given_on: 0,
    }
}

fn statement() -> Item {
    Item {
        uri: uri("urn:dk:skat:forskudsopgoerelse:ret"),
        title_da: Title::parse("Rette forskudsopgørelse").unwrap(),
        title_en: Title::parse("Change the preliminary assessment").unwrap(),
        description_da: Description::parse("Må rette forskudsopgørelsen.").unwrap(),
        description_en: Description::parse("May change the preliminary assessment.").unwrap(),
        access: AccessKind::Act,
        may_be_given_on: 2,
    }
}

fn package(id: &str, content: PackageContent) -> PackageItem {
    PackageItem {
        id: PackageId::parse(id).unwrap(),
        title_da: Title::parse("Al skat").unwrap(),
        title_en: Title::parse("All of tax").unwrap(),
        description_da: Description::parse("Alt om skat.\n\nOgså det nye.").unwrap(),
        description_en: Description::parse("Everything about tax.\n\nThe new too.").unwrap(),
        content,
    }
}

/// What is held by a package that is followed is not given on.
fn held() -> Item {
    Item { may_be_given_on: 0, ..statement() }
}

/// Of a privilege, a pinned package that holds it, and two that are followed.
fn packages() -> Agreement {
    let followed = |members| PackageContent::Followed { members };
    Agreement {
        privileges: vec![assessment()],
        packages: vec![
            package("skat-al", followed(vec![assessment(), held()])),
            package("skat-se", PackageContent::Pinned { version: 3 }),
            package("skat-tom", followed(Vec::new())),
        ],
        ..gift()
    }
}

fn gift() -> Agreement {
    Agreement {
        kind: Kind::Gift,
        delegator: person(1, "Åse Ærøskøbing"),
        representative: person(2, "Bo Holm"),
        privileges: vec![assessment(), statement()],
        packages: Vec::new(),
        period: Stated { start: None, end: Bound::Date(day("2026-07-15")) },
        replaces: Vec::new(),
    }
}

fn replacing() -> Agreement {
    let old = |id, privileges: &[&str], is_whole| Replaced {
        id: delegation(id),
        period: Period::new(utc("2026-06-01T10:00:00Z"), utc("2026-06-30T22:00:00Z")).unwrap(),
        privileges: privileges.iter().map(|text| uri(text)).collect(),
        packages: Vec::new(),
        is_whole,
    };
    Agreement {
        representative: Side {
            party: named(2, ""),
            kind: PartyKind::Employee,
            employer: Some(named(9, "Holm & Co. ApS")),
        },
        replaces: vec![
            old(5, &["urn:dk:skat:årsopgørelse:se"], false),
            old(6, &["urn:dk:skat:forskudsopgoerelse:ret", "urn:dk:skat:årsopgørelse:se"], true),
        ],
        ..gift()
    }
}

fn acceptance() -> Agreement {
    Agreement {
        kind: Kind::Acceptance { request: delegation(7) },
        period: Stated {
            start: Some(Bound::Date(day("2027-03-01"))),
            end: Bound::Instant(utc("2027-04-01T08:30:00Z")),
        },
        privileges: vec![assessment()],
        ..gift()
    }
}

fn renewal() -> Agreement {
    Agreement {
        kind: Kind::Renewal { of: delegation(5) },
        delegator: Side { party: named(1, "Holm & Co. ApS"), kind: PartyKind::Organisation, employer: None },
        representative: Side { party: named(2, ""), kind: PartyKind::Organisation, employer: None },
        ..gift()
    }
}

fn sub_delegation() -> Agreement {
    Agreement {
        kind: Kind::SubDelegation { parent: delegation(5), giver: Box::new(person(2, "Bo Holm")) },
        representative: person(3, "Cille Dahl"),
        privileges: vec![Item { may_be_given_on: 1, ..statement() }],
        period: Stated {
            start: Some(Bound::Instant(utc("2026-10-25T00:30:05Z"))),
            end: Bound::Instant(utc("2026-10-25T01:30:00.000250Z")),
        },
        ..gift()
    }
}

/// Of nothing but what a package holds; in place of a delegation that followed two.
fn following() -> Agreement {
    let mut agreement = replacing();
    agreement.privileges = Vec::new();
    agreement.packages = vec![package("skat-al", PackageContent::Followed { members: vec![held()] })];
    agreement.replaces.truncate(1);
    agreement.replaces[0].packages = ["skat-al", "skat-se"].map(|id| PackageId::parse(id).unwrap()).to_vec();
    agreement
}

fn all() -> [(&'static str, Agreement); 7] {
    [
        ("packages", packages()),
        ("following", following()),
        ("gift", gift()),
        ("replacing", replacing()),
        ("acceptance", acceptance()),
        ("renewal", renewal()),
        ("sub_delegation", sub_delegation()),
    ]
}

/// With `FULDMAGT_REGENERATE=1` the texts are written instead of compared.
#[test]
fn each_kind_of_agreement_reads_as_it_was_approved() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/agreement/golden");
    for (name, agreement) in all() {
        let text = agreement.text();
        for (language, written) in [("da", text.da), ("en", text.en)] {
            let path = folder.join(format!("{name}.{language}.txt"));
            if std::env::var_os("FULDMAGT_REGENERATE").is_some() {
                std::fs::write(&path, &written).unwrap();
            }
            let approved = std::fs::read_to_string(&path).unwrap();
            assert_eq!(
                written, approved,
                "{name} in {language}: if that is meant, set FULDMAGT_REGENERATE=1"
            );
        }
    }
}

#[test]
fn the_digest_is_that_of_both_texts_with_a_zero_byte_between() {
    let text = Text { da: "Hej\n".to_owned(), en: "Hi\n".to_owned() };
    // printf 'Hej\n\0Hi\n' | sha256sum
    let expected = "c4012ada81c95748396353ceefd803cb05daf6a854574501e622988838b99e3a";
    let digest: String = text.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, expected);
}

#[test]
fn no_name_is_in_what_is_printed_for_debugging() {
    let printed = format!("{:?} {:?}", gift(), gift().text());
    assert!(!printed.contains("Holm") && !printed.contains("Åse"), "{printed}");
}

#[test]
fn the_same_period_is_written_alike_however_it_is_stated() {
    let dates = Stated { start: Some(Bound::Date(day("2027-03-01"))), end: Bound::Date(day("2027-03-28")) };
    let instants = Stated {
        start: Some(Bound::Instant(utc("2027-02-28T23:00:00Z"))),
        end: Bound::Instant(utc("2027-03-28T22:00:00.0000009Z")),
    };
    let of = |period| Agreement { period, ..gift() }.text();
    assert_eq!(of(dates), of(instants));
    assert!(of(dates).da.contains("fra og med 1. marts 2027 til og med 28. marts 2027."));
}

#[test]
fn an_hour_that_comes_twice_is_told_apart() {
    let until = |instant: &str| {
        let period = Stated { start: None, end: Bound::Instant(utc(instant)) };
        Agreement { period, ..gift() }.text().da
    };
    assert!(until("2026-10-25T00:30:00Z").contains("indtil 25. oktober 2026 kl. 02.30 dansk tid (UTC+2)."));
    assert!(until("2026-10-25T01:30:00Z").contains("indtil 25. oktober 2026 kl. 02.30 dansk tid (UTC+1)."));
}

/// Every field, each changed by itself.
fn changes() -> Vec<(&'static str, Agreement)> {
    let start = |instant: &str| Some(Bound::Instant(utc(instant)));
    let mut changed: Vec<(&'static str, Agreement)> = Vec::new();
    let mut change = |what, change: &dyn Fn(&mut Agreement)| {
        let mut agreement = replacing();
        change(&mut agreement);
        changed.push((what, agreement));
    };
    change("kind", &|a| a.kind = Kind::Acceptance { request: delegation(5) });
    change("request", &|a| a.kind = Kind::Acceptance { request: delegation(6) });
    change("renewal", &|a| a.kind = Kind::Renewal { of: delegation(5) });
    change("renewed", &|a| a.kind = Kind::Renewal { of: delegation(6) });
    for (what, parent, giver) in [
        ("giver", 5, person(2, "Bo Holm")),
        ("parent", 6, person(2, "Bo Holm")),
        ("named", 5, person(2, "Bo")),
    ] {
        let kind = Kind::SubDelegation { parent: delegation(parent), giver: Box::new(giver) };
        change(what, &move |a| a.kind = kind.clone());
    }
    change("delegator", &|a| a.delegator.party.id = PartyId(Uuid::from_u128(8)));
    change("delegator's name", &|a| a.delegator.party.name = None);
    change("delegator's kind", &|a| a.delegator.kind = PartyKind::Organisation);
    change("representative", &|a| a.representative.party.id = PartyId(Uuid::from_u128(8)));
    change("representative's name", &|a| a.representative.party.name = Name::parse("Bo").ok());
    change("representative's kind", &|a| a.representative.kind = PartyKind::Person);
    change("no employer", &|a| a.representative.employer = None);
    change("employer", &|a| a.representative.employer = Some(named(8, "Holm & Co. ApS")));
    change("employer's name", &|a| a.representative.employer = Some(named(9, "")));
    change("one privilege less", &|a| drop(a.privileges.pop()));
    change("privilege", &|a| a.privileges[0].uri = uri("urn:dk:skat:aarsopgoerelse:se"));
    change("title", &|a| a.privileges[0].title_da = Title::parse("Se årsopgørelser").unwrap());
    change("English title", &|a| a.privileges[0].title_en = Title::parse("See").unwrap());
    change("description", &|a| a.privileges[0].description_da = Description::parse("Må se.").unwrap());
    change("English description", &|a| a.privileges[0].description_en = Description::parse("See").unwrap());
    change("access", &|a| a.privileges[0].access = AccessKind::Act);
    change("given on", &|a| a.privileges[0].may_be_given_on = 1);
    change("given on twice", &|a| a.privileges[0].may_be_given_on = 2);
    change("start", &|a| a.period.start = Some(Bound::Date(day("2026-06-20"))));
    change("start's second", &|a| a.period.start = start("2026-06-20T10:00:00Z"));
    change("start's microsecond", &|a| a.period.start = start("2026-06-20T10:00:00.000001Z"));
    change("end", &|a| a.period.end = Bound::Date(day("2026-07-16")));
    change("end's instant", &|a| a.period.end = Bound::Instant(utc("2026-07-16T10:00:00Z")));
    change("nothing replaced", &|a| a.replaces.clear());
    change("one replaced", &|a| drop(a.replaces.pop()));
    change("replaced", &|a| a.replaces[0].id = delegation(4));
    change("replaced period", &|a| {
        a.replaces[0].period = Period::new(utc("2026-06-01T10:00:00Z"), utc("2026-06-29T22:00:00Z")).unwrap();
    });
    change("replaced privileges", &|a| a.replaces[1].privileges.truncate(1));
    change("replaced wholly", &|a| a.replaces[0].is_whole = true);
    changed.push(("nothing", replacing()));
    changed.extend(changed_packages());
    changed
}

/// The same with packages.
fn changed_packages() -> Vec<(&'static str, Agreement)> {
    let pinned = |id, version| vec![package(id, PackageContent::Pinned { version })];
    let followed = |members| vec![package("skat-al", PackageContent::Followed { members })];
    let with = |packages| Agreement { packages, ..replacing() };
    let mut replaced = replacing();
    replaced.replaces[1].packages = vec![PackageId::parse("skat").unwrap()];
    vec![
        ("packages", with(packages().packages)),
        ("one package less", with(packages().packages[..2].to_vec())),
        ("pinned", with(pinned("skat-al", 1))),
        ("version", with(pinned("skat-al", 2))),
        ("other package", with(pinned("skat", 1))),
        ("nothing yet", with(followed(vec![]))),
        ("member", with(followed(vec![assessment()]))),
        ("member given on", with(followed(vec![Item { may_be_given_on: 1, ..assessment() }]))),
        ("replaced package", replaced),
    ]
}

#[test]
fn whatever_is_changed_the_digest_is_another() {
    let changes = changes();
    let digests: Vec<_> = changes.iter().map(|(_, agreement)| agreement.text().digest()).collect();
    for (place, digest) in digests.iter().enumerate() {
        for other in 0..place {
            assert_ne!(*digest, digests[other], "{} and {}", changes[place].0, changes[other].0);
        }
    }
}

/// Few enough values of each field that two agreements are often nearly the same, and texts that imitate the layout.
fn any_agreement() -> impl Strategy<Value = Agreement> {
    let side = || {
        let name = prop_oneof![
            Just(String::new()),
            Just("Bo".to_owned()),
            Just("Type: privatperson".to_owned()),
            Just("\u{301}o".to_owned()),
            "\\PC{1,8}",
        ];
        let employer =
            prop_oneof![Just(None), (0..2_u128, "[AB]?").prop_map(|(id, name)| Some(named(id, &name)))];
        (0..3_u128, name, 0..3_usize, employer).prop_map(|(id, name, kind, employer)| Side {
            party: named(id, &name),
            kind: [PartyKind::Person, PartyKind::Organisation, PartyKind::Employee][kind],
            employer,
        })
    };
    let kind = (0..4, 0..2_u128, side()).prop_map(|(kind, id, giver)| match kind {
        0 => Kind::Gift,
        1 => Kind::Acceptance { request: delegation(id) },
        2 => Kind::Renewal { of: delegation(id) },
        _ => Kind::SubDelegation { parent: delegation(id), giver: Box::new(giver) },
    });
    let items = prop::collection::vec(any_item(), 0..3);
    let packages = prop::collection::vec(any_package(), 0..3);
    (kind, side(), side(), items, packages, any_stated(), any_replaced()).prop_map(
        |(kind, delegator, representative, privileges, packages, period, replaces)| Agreement {
            kind,
            delegator,
            representative,
            privileges,
            packages,
            period,
            replaces,
        },
    )
}

fn any_item() -> impl Strategy<Value = Item> {
    let line = "(1\\. A|\u{338}|   Rettighed: urn:a|Rettighed: urn:a|   | |a|b)";
    let title = (line, "[ab]").prop_map(|(one, other)| Title::parse(format!("{one}{other}").trim()).unwrap());
    let description =
        prop::collection::vec(prop_oneof![Just(String::new()), line.prop_map(String::from)], 1..5)
            .prop_map(|lines| Description::parse(format!("a\n{}\nb", lines.join("\n")).trim()).unwrap());
    ("urn:[ab]", title, description, any::<bool>(), 0..3_u8).prop_map(
        |(text, title, description, acts, may_be_given_on)| Item {
            uri: uri(&text),
            title_da: title.clone(),
            title_en: title,
            description_da: description.clone(),
            description_en: description,
            access: if acts { AccessKind::Act } else { AccessKind::Read },
            may_be_given_on,
        },
    )
}

fn any_package() -> impl Strategy<Value = PackageItem> {
    let content = prop_oneof![
        (1..3_u32).prop_map(|version| PackageContent::Pinned { version }),
        prop::collection::vec(any_item(), 0..3).prop_map(|members| PackageContent::Followed { members }),
    ];
    ("[ab]", any_item(), content).prop_map(|(id, texts, content)| PackageItem {
        title_da: texts.title_da,
        title_en: texts.title_en,
        description_da: texts.description_da,
        description_en: texts.description_en,
        ..package(&id, content)
    })
}

fn any_stated() -> impl Strategy<Value = Stated> {
    let bound = || {
        (any::<bool>(), 0..400_i64, 0..3_i64).prop_map(|(as_date, days, hours)| {
            let instant = utc("2026-01-01T22:00:00Z") + TimeDelta::days(days) + TimeDelta::hours(hours);
            if as_date { Bound::Date(instant.date_naive()) } else { Bound::Instant(instant) }
        })
    };
    (prop::option::of(bound()), bound()).prop_map(|(start, end)| Stated { start, end }.canonical())
}

fn any_replaced() -> impl Strategy<Value = Vec<Replaced>> {
    let packages = prop::collection::vec("[ab]", 0..2);
    let one = (0..2_u128, 1..3_i64, prop::collection::vec("urn:[ab]", 0..3), packages, any::<bool>());
    let one = one.prop_map(|(id, days, uris, packages, is_whole)| {
        let from = utc("2026-06-01T10:00:00Z");
        Replaced {
            id: delegation(id),
            period: Period::new(from, from + TimeDelta::days(days)).unwrap(),
            privileges: uris.iter().map(|text| uri(text)).collect(),
            packages: packages.iter().map(|id| PackageId::parse(id).unwrap()).collect(),
            is_whole,
        }
    });
    prop::collection::vec(one, 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn two_agreements_have_one_text_exactly_when_they_are_the_same(one in any_agreement(), other in any_agreement()) {
        let (text, other_text) = (one.text(), other.text());
        prop_assert_eq!(one == other, text.da == other_text.da);
        prop_assert_eq!(one == other, text.en == other_text.en);
        prop_assert_eq!(one == other, text.digest() == other_text.digest());
    }

    #[test]
    fn one_part_changed_is_another_text(one in any_agreement(), other in any_agreement(), part in 0..7) {
        let mut changed = one.clone();
        match part {
            0 => changed.kind = other.kind,
            1 => changed.delegator = other.delegator,
            2 => changed.representative = other.representative,
            3 => changed.privileges = other.privileges,
            4 => changed.period = other.period,
            5 => changed.packages = other.packages,
            _ => changed.replaces = other.replaces,
        }
        prop_assert_eq!(one == changed, one.text() == changed.text());
    }

    #[test]
    fn a_text_is_in_normal_form_ends_its_lines_and_holds_no_other_control_character(agreement in any_agreement()) {
        let text = agreement.text();
        for text in [text.da, text.en] {
            prop_assert!(is_nfc(&text));
            prop_assert!(text.ends_with('\n') && !text.ends_with("\n\n"));
            prop_assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
        }
    }
}
