use chrono::DateTime;
use uuid::Uuid;

use super::*;
use crate::certificates::{Authority, Issued, Subject};

const CVR: &str = "34051178";
const OTHER_CVR: &str = "19552101";

fn issue(cvr: Option<&str>) -> Issued {
    let authority = Authority::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap()).unwrap();
    let subject =
        Subject { common_name: "A system", organisation: "An organisation", cvr, system: Uuid::from_u128(7) };
    authority.client(&subject).unwrap()
}

fn entry(id: &str, cvr: &str, fingerprints: &[&str]) -> String {
    format!(
        "[[clients]]\nid = '{id}'\nname = 'Somebody'\ncvr = '{cvr}'\nfingerprints = {fingerprints:?}\n\
         roles = ['authority', 'auditor']\npurposes = ['a_reason']\n"
    )
}

#[test]
fn a_client_is_found_by_its_certificate() {
    let issued = issue(Some(CVR));
    let registry = Registry::parse(&entry("one", CVR, &[&fingerprint_hex(&issued.certificate_der)])).unwrap();
    let client = registry.find(&issued.certificate_der).unwrap();
    assert_eq!(client.id, "one");
    assert_eq!(client.cvr.expose(), CVR);
    assert_eq!(client.roles.iter().collect::<Vec<_>>(), [Role::Authority, Role::Auditor]);
    assert!(!client.roles.contains(Role::Operator));
    assert_eq!(client.purposes, ["a_reason"]);
}

#[test]
fn a_fingerprint_may_be_written_as_the_usual_tools_print_it() {
    let issued = issue(Some(CVR));
    let hex = fingerprint_hex(&issued.certificate_der).to_uppercase();
    let pairs: Vec<&str> = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap()).collect();
    let registry = Registry::parse(&entry("one", CVR, &[&pairs.join(":")])).unwrap();
    registry.find(&issued.certificate_der).unwrap();
}

#[test]
fn a_certificate_that_is_not_registered_is_refused_even_with_a_registered_organisation() {
    let (registered, other) = (issue(Some(CVR)), issue(Some(CVR)));
    let registry =
        Registry::parse(&entry("one", CVR, &[&fingerprint_hex(&registered.certificate_der)])).unwrap();
    assert_eq!(registry.find(&other.certificate_der).unwrap_err(), Refusal::NotRegistered);
}

#[test]
fn a_registered_certificate_of_another_organisation_than_the_registered_is_refused() {
    let issued = issue(Some(OTHER_CVR));
    let registry = Registry::parse(&entry("one", CVR, &[&fingerprint_hex(&issued.certificate_der)])).unwrap();
    assert_eq!(registry.find(&issued.certificate_der).unwrap_err(), Refusal::NotRegistered);
}

#[test]
fn a_certificate_that_names_no_valid_organisation_is_unreadable() {
    for cvr in [None, Some("12345678"), Some("3405117"), Some("")] {
        let issued = issue(cvr);
        let registry =
            Registry::parse(&entry("one", CVR, &[&fingerprint_hex(&issued.certificate_der)])).unwrap();
        assert_eq!(
            registry.find(&issued.certificate_der).unwrap_err(),
            Refusal::CertificateUnreadable,
            "{cvr:?}"
        );
    }
    assert_eq!(Registry::default().find(b"no certificate").unwrap_err(), Refusal::CertificateUnreadable);
}

#[test]
fn a_file_with_anything_wrong_in_it_is_refused_as_a_whole() {
    let fingerprint = "ab".repeat(32);
    let good = entry("one", CVR, &[&fingerprint]);
    Registry::parse(&good).unwrap();
    let other = "cd".repeat(32);
    for (text, words) in [
        (entry("One", CVR, &[&fingerprint]), "a-z"),
        (entry("", CVR, &[&fingerprint]), "a-z"),
        (entry(&"x".repeat(65), CVR, &[&fingerprint]), "a-z"),
        (entry("one", "12345678", &[&fingerprint]), "CVR"),
        (entry("one", CVR, &[]), "fingerprints"),
        (entry("one", CVR, &["abc"]), "no SHA-256"),
        (entry("one", CVR, &[&fingerprint[1..]]), "no SHA-256"),
        (good.replace("'authority', 'auditor'", ""), "role"),
        (good.replace("auditor", "admin"), "admin"),
        (good.replace("Somebody", " "), "name"),
        (good.replace("a_reason", "a reason"), "purposes"),
        (good.replace("purposes", "purpose"), "purpose"),
        (format!("{good}{}", entry("one", CVR, &[&other])), "listed twice"),
        (format!("{good}{}", entry("two", CVR, &[&fingerprint])), "fingerprint is also"),
        ("clients = 1".to_owned(), "invalid type"),
    ] {
        let message = Registry::parse(&text).unwrap_err();
        assert!(message.contains(words), "{words} is not in {message}");
    }
}

#[test]
fn every_role_has_its_own_name_and_place() {
    assert_eq!(RoleSet::all().iter().count(), Role::ALL.len());
    for role in Role::ALL {
        let alone: RoleSet = [role].into_iter().collect();
        assert_eq!(alone.iter().collect::<Vec<_>>(), [role]);
        assert!(alone.intersects(RoleSet::all()) && !alone.intersects(RoleSet::default()));
    }
}

#[test]
fn the_development_client_may_be_everything() {
    let client = development_client().unwrap();
    assert_eq!(client.roles, RoleSet::all());
}

#[test]
fn no_registered_client_can_be_the_service_itself() {
    let fingerprint = "ab".repeat(32);
    Registry::parse(&entry("service-itself", CVR, &[&fingerprint])).unwrap();
    Registry::parse(&entry(SERVICE_ITSELF, CVR, &[&fingerprint])).unwrap_err();
    let itself = service_itself().unwrap();
    assert!(itself.id == SERVICE_ITSELF && itself.roles.is_empty());
}
