//! A catalogue in a file, in TOML; `demo.toml` says what it can hold.

use std::collections::HashSet;

use anyhow::anyhow;
use fuldmagt_domain::{
    assurance::LevelOfAssurance,
    identifier::{CvrNumber, PartyKind},
    package::PackageId,
    privilege::{AccessKind, PrivilegeUri, SystemId},
    text::{Description, Title},
};
use fuldmagt_proto::v1;
use serde::{Deserialize, Deserializer, de::Error as _};
use toml::Spanned;

use crate::{
    app::Error,
    rpc::{
        from_proto::{self, Violations},
        to_proto,
    },
};

/// The catalogue that comes with the program.
pub(super) const DEMO: &str = include_str!("demo.toml");

/// What a file says, as it is to be put, each sorted as it is listed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::cli) struct Catalogue {
    pub(super) systems: Vec<v1::System>,
    pub(super) privileges: Vec<v1::Privilege>,
    /// Each with what it is to hold.
    pub(super) packages: Vec<(v1::Package, Vec<String>)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "system")]
    systems: Vec<System>,
    #[serde(default, rename = "package")]
    packages: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct System {
    id: Spanned<Parsed<SystemId>>,
    authority_cvr: Parsed<CvrNumber>,
    title_da: Parsed<Title>,
    title_en: Parsed<Title>,
    #[serde(default, rename = "privilege")]
    privileges: Vec<Privilege>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Privilege {
    uri: Spanned<Parsed<PrivilegeUri>>,
    title_da: Parsed<Title>,
    title_en: Parsed<Title>,
    description_da: Parsed<Description>,
    description_en: Parsed<Description>,
    access: Parsed<AccessKind>,
    assurance: Option<Parsed<LevelOfAssurance>>,
    delegators: Vec<Parsed<PartyKind>>,
    representatives: Vec<Parsed<PartyKind>>,
    #[serde(default)]
    max_period_days: i32,
    #[serde(default)]
    min_age: i32,
    #[serde(default)]
    max_age: i32,
    #[serde(default)]
    sub_delegation_depth: i32,
    #[serde(default)]
    paper: bool,
    requests: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Package {
    id: Spanned<Parsed<PackageId>>,
    authority_cvr: Parsed<CvrNumber>,
    title_da: Parsed<Title>,
    title_en: Parsed<Title>,
    description_da: Parsed<Description>,
    description_en: Parsed<Description>,
    #[serde(default)]
    min_age: i32,
    #[serde(default)]
    max_age: i32,
    privileges: Vec<Parsed<PrivilegeUri>>,
}

/// A domain type, read from its text: the reader of the file adds the line to what is refused.
struct Parsed<T>(T);

trait FromText: Sized {
    /// The value, or why the text is none.
    fn from_text(text: &str) -> Result<Self, String>;
}

impl<'de, T: FromText> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        T::from_text(&text).map(Self).map_err(D::Error::custom)
    }
}

macro_rules! from_text {
    ($($type:ty),*) => {$(
        impl FromText for $type {
            fn from_text(text: &str) -> Result<Self, String> {
                Self::parse(text).map_err(|error| error.to_string())
            }
        }
    )*};
}

from_text!(SystemId, PackageId, PrivilegeUri, CvrNumber, Title, Description, LevelOfAssurance, PartyKind);

impl FromText for AccessKind {
    fn from_text(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| "must be read or act".to_owned())
    }
}

impl Catalogue {
    /// The demo catalogue.
    ///
    /// # Errors
    /// None: a test reads it.
    pub(in crate::cli) fn demo() -> anyhow::Result<Self> {
        Self::parse(DEMO)
    }

    /// What the text says.
    ///
    /// # Errors
    /// With line and reason, when it is no catalogue that the service would take.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let File { systems, packages } = toml::from_str(text).map_err(|error| anyhow!("{error}"))?;
        let mut reader = Reader { text, names: HashSet::new(), catalogue: Self::default() };
        for system in systems {
            reader.system(system)?;
        }
        for package in packages {
            reader.package(package)?;
        }
        let mut catalogue = reader.catalogue;
        catalogue.systems.sort_by(|a, b| a.system_id.cmp(&b.system_id));
        catalogue.privileges.sort_by(|a, b| a.privilege.cmp(&b.privilege));
        catalogue.packages.sort_by(|(a, _), (b, _)| a.package_id.cmp(&b.package_id));
        Ok(catalogue)
    }
}

struct Reader<'a> {
    text: &'a str,
    /// What was named already: kind and name.
    names: HashSet<(&'static str, String)>,
    catalogue: Catalogue,
}

impl Reader<'_> {
    fn system(&mut self, system: System) -> anyhow::Result<()> {
        let id = self.named("system", &system.id, system.id.get_ref().0.as_str())?;
        self.catalogue.systems.push(v1::System {
            system_id: id.clone(),
            authority_cvr: system.authority_cvr.0.expose().to_owned(),
            title_da: system.title_da.0.as_str().to_owned(),
            title_en: system.title_en.0.as_str().to_owned(),
            etag: String::new(),
        });
        system.privileges.into_iter().try_for_each(|privilege| self.privilege(&id, privilege))
    }

    fn privilege(&mut self, system: &str, privilege: Privilege) -> anyhow::Result<()> {
        let uri = self.named("privilege", &privilege.uri, privilege.uri.get_ref().0.as_str())?;
        let assurance = privilege.assurance.map_or(LevelOfAssurance::Substantial, |level| level.0);
        let proto = v1::Privilege {
            privilege: uri,
            system_id: system.to_owned(),
            title_da: privilege.title_da.0.as_str().to_owned(),
            title_en: privilege.title_en.0.as_str().to_owned(),
            description_da: privilege.description_da.0.as_str().to_owned(),
            description_en: privilege.description_en.0.as_str().to_owned(),
            max_period_days: privilege.max_period_days,
            delegator_kinds: kinds(&privilege.delegators),
            representative_kinds: kinds(&privilege.representatives),
            access_kind: to_proto::access_kind(privilege.access.0).into(),
            level_of_assurance: to_proto::level_of_assurance(assurance).into(),
            min_delegator_age_years: privilege.min_age,
            max_delegator_age_years: privilege.max_age,
            max_sub_delegation_depth: privilege.sub_delegation_depth,
            paper_allowed: privilege.paper,
            requests_forbidden: privilege.requests == Some(false),
            ..v1::Privilege::default()
        };
        self.taken(&privilege.uri, |fields| from_proto::catalogue::privilege(fields, Some(proto.clone())))?;
        self.catalogue.privileges.push(proto);
        Ok(())
    }

    fn package(&mut self, package: Package) -> anyhow::Result<()> {
        let id = self.named("package", &package.id, package.id.get_ref().0.as_str())?;
        let mut privileges: Vec<String> = package.privileges.iter().map(|uri| uri.0.to_string()).collect();
        let proto = v1::Package {
            package_id: id,
            authority_cvr: package.authority_cvr.0.expose().to_owned(),
            title_da: package.title_da.0.as_str().to_owned(),
            title_en: package.title_en.0.as_str().to_owned(),
            description_da: package.description_da.0.as_str().to_owned(),
            description_en: package.description_en.0.as_str().to_owned(),
            min_delegator_age_years: package.min_age,
            max_delegator_age_years: package.max_age,
            ..v1::Package::default()
        };
        self.taken(&package.id, |fields| {
            let taken = from_proto::package::package(fields, Some(proto.clone()));
            let privileges =
                fields.read("privileges", |fields| from_proto::privileges::in_order(fields, &privileges));
            taken.zip(privileges)
        })?;
        privileges.sort();
        self.catalogue.packages.push((proto, privileges));
        Ok(())
    }

    /// The name, when it is the first of its kind.
    fn named<T>(&mut self, kind: &'static str, at: &Spanned<T>, name: &str) -> anyhow::Result<String> {
        if self.names.insert((kind, name.to_owned())) {
            Ok(name.to_owned())
        } else {
            Err(anyhow!("line {}: the {kind} {name} is there already", self.line(at)))
        }
    }

    /// What the service would refuse of the entry, it is refused for here already.
    fn taken<T, V>(
        &self,
        at: &Spanned<T>,
        read: impl FnOnce(&mut Violations) -> Option<V>,
    ) -> anyhow::Result<()> {
        let mut fields = Violations::new();
        let value = read(&mut fields);
        match fields.finish(|| value) {
            Ok(_) => Ok(()),
            Err(Error::Invalid(found)) => {
                let told: Vec<_> =
                    found.iter().map(|wrong| format!("{}: {}", wrong.field, wrong.description)).collect();
                Err(anyhow!("line {}: {}", self.line(at), told.join("; ")))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The line that the value begins on, from 1.
    fn line<T>(&self, at: &Spanned<T>) -> usize {
        let before = self.text.as_bytes().iter().take(at.span().start);
        before.filter(|byte| **byte == b'\n').count() + 1
    }
}

/// In the order that the service lists them in.
fn kinds(kinds: &[Parsed<PartyKind>]) -> Vec<i32> {
    let mut numbers: Vec<i32> = kinds.iter().map(|kind| to_proto::party_kind(kind.0).into()).collect();
    numbers.sort_unstable();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn privilege<'a>(catalogue: &'a Catalogue, uri: &str) -> &'a v1::Privilege {
        catalogue.privileges.iter().find(|privilege| privilege.privilege == uri).unwrap()
    }

    #[test]
    fn the_demo_catalogue_has_a_privilege_for_each_system_of_mit_overblik() {
        let demo = Catalogue::demo().unwrap();
        for uri in [
            "urn:dk:digst:cpr:se",
            "urn:dk:digst:bbr:se",
            "urn:dk:digst:adresse:se",
            "urn:dk:digst:ejerfortegnelse:se",
            "urn:dk:atp:ydelser:se",
            "urn:dk:udbetaling-danmark:gaeld:se",
            "urn:dk:kommune:sager:se",
            "urn:dk:ufst:su:se",
            "urn:dk:star:akasse:se",
            "urn:dk:star:efterloen:se",
            "urn:dk:star:dagpenge:se",
            "urn:dk:skat:loen:se",
        ] {
            assert_eq!(privilege(&demo, uri).access_kind(), v1::AccessKind::Read, "{uri}");
        }
        assert!(!privilege(&demo, "urn:dk:skat:årsopgørelse:se").privilege.is_ascii());
    }

    #[test]
    fn the_demo_catalogue_shows_every_rule_and_two_packages() {
        let demo = Catalogue::demo().unwrap();
        let protection = privilege(&demo, "urn:dk:digst:cpr:beskyttelse:ret");
        assert_eq!(protection.level_of_assurance(), v1::LevelOfAssurance::High);
        assert_eq!((protection.max_period_days, protection.min_delegator_age_years), (30, 18));
        assert!(protection.requests_forbidden);
        let vat = privilege(&demo, "urn:dk:skat:moms:indberet");
        assert_eq!((vat.max_sub_delegation_depth, vat.access_kind()), (1, v1::AccessKind::Act));
        let pension = privilege(&demo, "urn:dk:udbetaling-danmark:pension:soeg");
        assert!(pension.paper_allowed && !pension.requests_forbidden);
        let ids: Vec<_> = demo.packages.iter().map(|(package, _)| package.package_id.as_str()).collect();
        assert_eq!(ids, ["seniorhjaelp", "skat-samlet"]);
        assert_eq!(demo.packages[0].0.min_delegator_age_years, 65);
        assert!(demo.packages.iter().all(|(_, privileges)| privileges.is_sorted()));
    }

    /// A line of the demo catalogue replaced by another, and what is said of it.
    fn spoiled(line: &str, by: &str) -> (usize, String) {
        let number =
            DEMO.lines().position(|each| each == line).unwrap_or_else(|| panic!("no line {line}")) + 1;
        let error = Catalogue::parse(&DEMO.replacen(line, by, 1)).unwrap_err();
        (number, error.to_string())
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (line, by, reason) in [
            (r#"id = "skat-tastselv""#, r#"id = "TastSelv""#, "not a system id"),
            (r#"authority_cvr = "19552101""#, r#"authority_cvr = "19552102""#, "CVR"),
            (r#"uri = "urn:dk:skat:gaeld:se""#, r#"uri = "gaeld""#, "not a privilege URI"),
            (r#"title_da = "Se gæld""#, r#"title_da = """#, "the text is empty"),
            (r#"assurance = "high""#, r#"assurance = "higher""#, "not a level of assurance"),
            (r#"access = "act""#, r#"access = "write""#, "must be read or act"),
            (r#"delegators = ["organisation"]"#, r#"delegators = ["company"]"#, ""),
            (r#"max_period_days = 366"#, r#"max_period_days = "a year""#, "invalid type"),
            (r#"paper = true"#, r#"papers = true"#, "unknown field"),
            (r#"id = "skat-samlet""#, r#"id = """#, "not a package id"),
            ("[[package]]", "[[package", "invalid"),
        ] {
            let (number, told) = spoiled(line, by);
            assert!(told.contains(&format!("line {number}, column ")), "{told}");
            assert!(told.contains(reason), "{told}");
        }
    }

    #[test]
    fn what_the_service_would_refuse_is_told_with_the_line_of_the_entry() {
        let uri = r#"uri = "urn:dk:digst:cpr:beskyttelse:ret""#;
        let entry = DEMO.lines().position(|line| line == uri).unwrap() + 1;
        for (line, by, reason) in [
            ("max_period_days = 30", "max_period_days = 36501", "max_period_days: 1 to 36500 days"),
            ("max_period_days = 30", "max_age = 17", "max_delegator_age_years: the lowest age is above"),
            ("max_period_days = 30", "sub_delegation_depth = 6", "max_sub_delegation_depth: 0 to 5"),
            (r#"assurance = "high""#, r#"assurance = "low""#, "level_of_assurance: nothing is given below"),
            (r#"representatives = ["person"]"#, "representatives = []", "representative_kinds: must be set"),
        ] {
            let (_, told) = spoiled(line, by);
            assert!(told.starts_with(&format!("line {entry}: {reason}")), "{told}");
        }
    }

    #[test]
    fn nothing_is_named_twice() {
        for (line, by) in [
            (r#"id = "bolig""#, r#"id = "skat-tastselv""#),
            (r#"uri = "urn:dk:skat:gaeld:se""#, r#"uri = "urn:dk:skat:årsopgørelse:se""#),
            (r#"id = "seniorhjaelp""#, r#"id = "skat-samlet""#),
        ] {
            let (number, told) = spoiled(line, by);
            assert!(
                told.starts_with(&format!("line {number}: the ")) && told.ends_with("is there already"),
                "{told}"
            );
        }
        let (_, told) = spoiled(r#"    "urn:dk:skat:gaeld:se","#, r#"    "urn:dk:skat:loen:se","#);
        assert!(told.contains("privileges[3]: "), "{told}");
    }
}
