//! `QueryService.CheckDelegation`.

use chrono::{Days, TimeDelta};
use fuldmagt_proto::v1::{
    CheckDelegationRequest, CreateDelegationRequest, DenialReason, Identifier, LinkIdentifierRequest,
    identifier::Value,
};
use fuldmagt_service::clock::Clock as _;
use fuldmagt_tests::fixtures::note_secret;
use fuldmagt_tests::refusal::assert_alike;
use fuldmagt_tests::world::{
    CHANGE, DRAFT, FOREIGN, HIDDEN, PURPOSE, Registered, SEE, SIGN, UNKNOWN, asking, days, identifier,
    instant,
};
use fuldmagt_tests::{Refused, World};
use prost_types::Duration;
use tonic::Code;

use crate::rpc::refusals::Refusals;

#[tokio::test]
async fn a_yes_names_the_delegation_and_its_end_and_may_not_be_kept() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE, CHANGE]).await;
    let answer =
        world.authority.query().check_delegation(asking(&from, &to, SEE)).await.unwrap().into_inner();
    assert_eq!(answer.evaluate_time.unwrap().to_string(), "2026-06-15T10:00:00Z");
    let decision = answer.decision.unwrap();
    assert!(decision.granted);
    assert_eq!(decision.denial_reason(), DenialReason::Unspecified);
    assert_eq!((decision.delegation_id, decision.valid_to), (given.delegation_id, given.valid_to));
    assert_eq!(decision.max_age, Some(Duration::default()));
    assert!(world.check(&from, &to, CHANGE).await.granted);
}

#[tokio::test]
async fn what_was_not_given_is_denied_in_either_direction_and_to_everybody_else() {
    let world = World::with_catalogue().await;
    let (from, to, stranger) = (world.person().await, world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    let organisation = world.organisation().await;
    let employee = world.employee_of(&organisation).await;
    world.give(&from, &organisation, &[CHANGE]).await;
    for (from, to, privilege) in [
        (&from, &to, SIGN),
        (&to, &from, SEE),
        (&from, &stranger, SEE),
        (&stranger, &to, SEE),
        // An employee is not the organisation, as long as nobody was designated.
        (&from, &employee, CHANGE),
    ] {
        let decision = world.check(from, to, privilege).await;
        assert!(!decision.granted);
        assert_eq!(decision.denial_reason(), DenialReason::NoDelegation);
        assert_eq!((decision.delegation_id.as_str(), decision.valid_to), ("", None));
        assert_eq!(decision.max_age, Some(Duration::default()));
    }
}

#[tokio::test]
async fn somebody_unknown_and_somebody_who_has_given_nothing_look_alike() {
    let world = World::with_catalogue().await;
    let (known, to) = (world.person().await, world.person().await);
    let unknown = identifier(Value::CprNumber(world.people.person().cpr.expose().to_owned()));
    let mut answers = Vec::new();
    for delegator in [known.identifier(), unknown] {
        let request = CheckDelegationRequest { delegator, ..asking(&known, &to, SEE) };
        answers.push(world.authority.query().check_delegation(request).await.unwrap().into_inner());
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn an_answer_may_be_kept_for_as_long_as_is_configured_but_not_past_the_end() {
    let world = World::with(&[("rules.answer_max_age_s", "60")]).await;
    world.catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let given = world.give(&from, &to, &[SEE]).await;
    assert_eq!(world.check(&from, &to, SEE).await.max_age.unwrap().seconds, 60);
    let end = instant(&given.valid_to.unwrap().to_string());
    world.move_to(end - TimeDelta::seconds(7)).await;
    assert_eq!(world.check(&from, &to, SEE).await.max_age.unwrap().seconds, 7);
    world.move_to(end).await;
    assert_eq!(world.check(&from, &to, SEE).await.max_age, Some(Duration::default()));
}

#[tokio::test]
async fn a_scheduled_delegation_is_not_yet_valid_then_granted_then_expired() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    // The one day of 25 hours.
    let period = days("2026-10-25", "2026-10-25");
    let request = CreateDelegationRequest { period, ..world.giving(&from, &to, &[SEE]) };
    let given = world.try_give(request).await.unwrap().delegation.unwrap();
    let (start, end) = (instant("2026-10-24T22:00:00Z"), instant("2026-10-25T23:00:00Z"));
    let moment = TimeDelta::microseconds(1);
    for (at, wanted) in [
        (world.clock.now(), Some(DenialReason::NotYetValid)),
        (start - moment, Some(DenialReason::NotYetValid)),
        (start, None),
        (end - moment, None),
        (end, Some(DenialReason::Expired)),
        (end + Days::new(400), Some(DenialReason::Expired)),
    ] {
        world.move_to(at).await;
        let decision = world.check(&from, &to, SEE).await;
        assert_eq!((!decision.granted).then(|| decision.denial_reason()), wanted, "{at}");
        assert_eq!(decision.delegation_id, given.delegation_id, "{at}");
    }
}

#[tokio::test]
async fn a_hidden_privilege_is_denied_with_the_reason_and_comes_back_when_it_is_published() {
    let world = World::with_catalogue().await;
    let (from, to, nobody) = (world.person().await, world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    world.hide(SEE).await;
    assert_eq!(world.check_denied(&from, &to, SEE).await, DenialReason::PrivilegeNotPublished);
    assert_eq!(world.check_denied(&from, &nobody, SEE).await, DenialReason::NoDelegation);
    world.a_second_passes().await;
    world.publish(SEE).await;
    assert!(world.check(&from, &to, SEE).await.granted);
    for privilege in [DRAFT, HIDDEN] {
        assert_eq!(world.check_denied(&from, &to, privilege).await, DenialReason::NoDelegation);
    }
}

#[tokio::test]
async fn a_party_is_found_by_each_of_its_identifiers() {
    let world = World::with_catalogue().await;
    let (person, organisation) = (world.person().await, world.organisation().await);
    let employee = world.employee_of(&organisation).await;
    let (p_number, se_number) = ("1003366844", "13748136");
    [p_number, se_number].iter().for_each(|number| note_secret(number));
    for value in [Value::PNumber(p_number.to_owned()), Value::SeNumber(se_number.to_owned())] {
        let link = LinkIdentifierRequest {
            request_id: world.request_id(),
            party_id: organisation.id.clone(),
            identifier: identifier(value),
            etag: String::new(),
        };
        world.register_feed.parties().link_identifier(link).await.unwrap();
    }
    world.give(&person, &employee, &[SEE]).await;
    world.give(&person, &organisation, &[SEE]).await;
    let mut names: Vec<_> = employee.identifiers.clone();
    names.extend(organisation.identifiers.clone());
    names.extend(identifier(Value::PNumber(p_number.to_owned())));
    names.extend(identifier(Value::SeNumber(se_number.to_owned())));
    assert_eq!(names.len(), 5);
    for delegator in &person.identifiers {
        for representative in &names {
            let request = CheckDelegationRequest {
                delegator: Some(delegator.clone()),
                representative: Some(representative.clone()),
                privilege: SEE.to_owned(),
                purpose: PURPOSE.to_owned(),
                p_number: String::new(),
            };
            let answer = world.authority.query().check_delegation(request).await.unwrap().into_inner();
            assert!(answer.decision.unwrap().granted);
        }
    }
}

#[tokio::test]
async fn an_identifier_is_read_in_each_of_its_forms() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[SEE]).await;
    for identifier in &from.identifiers {
        for value in other_forms(identifier.value.as_ref().unwrap()) {
            let request = CheckDelegationRequest {
                delegator: Some(Identifier { value: Some(value) }),
                ..asking(&from, &to, SEE)
            };
            let answer = world.authority.query().check_delegation(request).await.unwrap().into_inner();
            assert!(answer.decision.unwrap().granted);
        }
    }
}

fn other_forms(value: &Value) -> Vec<Value> {
    match value {
        Value::CprNumber(cpr) => vec![Value::CprNumber(format!("{}-{}", &cpr[..6], &cpr[6..]))],
        Value::Pid(pid) => vec![Value::Pid(pid.strip_prefix("PID:").unwrap().to_owned())],
        Value::Uuid(uuid) => vec![
            Value::Uuid(uuid.to_uppercase()),
            Value::Uuid(format!("urn:uuid:{uuid}")),
            Value::Uuid(format!("https://data.gov.dk/model/core/eid/person/uuid/{uuid}")),
        ],
        _ => panic!("not a person's identifier"),
    }
}

#[tokio::test]
async fn each_wrong_field_is_refused() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    let hyphenated = hyphenated(&from);
    Refusals::of(asking(&from, &to, SEE))
        .identifier("delegator", |request, identifier| request.delegator = identifier)
        .identifier("representative", |request, identifier| request.representative = identifier)
        .privilege("privilege", |request, uri| request.privilege = uri)
        .purpose(|request, purpose| request.purpose = purpose)
        .field("representative", "DELEGATOR_IS_REPRESENTATIVE", |request| {
            request.representative = request.delegator.clone();
        })
        .field("representative", "DELEGATOR_IS_REPRESENTATIVE", move |request| {
            request.representative = hyphenated.clone();
        })
        .refused(not_found(), |request| request.privilege = UNKNOWN.to_owned())
        .refused(not_found(), |request| request.privilege = FOREIGN.to_owned())
        .refused(not_found(), |request| request.privilege = SEE.to_uppercase())
        .sent_by(&world, async |request| world.authority.query().check_delegation(request).await)
        .await;
}

fn hyphenated(person: &Registered) -> Option<Identifier> {
    let value = person.identifier().unwrap().value.unwrap();
    identifier(other_forms(&value).remove(0))
}

fn not_found() -> Refused {
    Refused::because(Code::NotFound, "PRIVILEGE_NOT_FOUND").naming("privilege")
}

#[tokio::test]
async fn another_authoritys_privilege_and_none_at_all_look_alike() {
    let world = World::with_catalogue().await;
    let (from, to) = (world.person().await, world.person().await);
    world.give(&from, &to, &[FOREIGN]).await;
    let mut statuses = Vec::new();
    for privilege in [FOREIGN, UNKNOWN] {
        let asked = world.authority.query().check_delegation(asking(&from, &to, privilege)).await;
        statuses.push(asked.unwrap_err());
    }
    assert_alike(&statuses[0], &statuses[1]);
    let owner = world.other_authority.query().check_delegation(asking(&from, &to, FOREIGN)).await;
    assert!(owner.unwrap().into_inner().decision.unwrap().granted);
}

#[tokio::test]
async fn all_wrong_fields_are_told_at_once() {
    let world = World::start().await;
    let empty = CheckDelegationRequest::default();
    let status = world.authority.query().check_delegation(empty).await.unwrap_err();
    let fields = Refused::of(&status).fields;
    let paths: Vec<_> = fields.iter().map(|(path, reason)| (path.as_str(), reason.as_str())).collect();
    assert_eq!(paths, ["delegator", "representative", "privilege", "purpose"].map(|path| (path, "REQUIRED")));
}
