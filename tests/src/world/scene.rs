//! What most tests set up first: a catalogue, people, and delegations between them.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use fuldmagt_domain::{identifier::Identifier, period::danish_date, text::Name};
use fuldmagt_proto::v1::{self, LevelOfAssurance, PartyKind, identifier::Value};
use fuldmagt_service::rpc::to_proto;
use prost_types::Timestamp;
use tonic::{Response, Status};

use super::{AUTHORITY_CVR, OTHER_AUTHORITY_CVR, World};
use crate::fixtures::Organisation;

/// The authority's system.
pub const SYSTEM: &str = "self-service";
/// The other authority's system.
pub const OTHER_SYSTEM: &str = "case-handling";
/// Published, for everybody.
pub const SEE: &str = "urn:dk:example:indkomst:se";
/// Published, for everybody, and not ASCII.
pub const CHANGE: &str = "urn:dk:example:indkomst:ændre";
/// Published; from person to person, and for at most [`SIGN_DAYS`].
pub const SIGN: &str = "urn:dk:example:indkomst:underskriv";
/// The longest period of [`SIGN`].
pub const SIGN_DAYS: i32 = 60;
/// Never published.
pub const DRAFT: &str = "urn:dk:example:kladde";
/// Published and hidden again.
pub const HIDDEN: &str = "urn:dk:example:skjult";
/// The other authority's, published, for everybody.
pub const FOREIGN: &str = "urn:dk:other:sag:se";
/// Nobody's.
pub const UNKNOWN: &str = "urn:dk:example:ukendt";
/// A purpose of both authorities.
pub const PURPOSE: &str = "case";
/// How long a delegation lasts when nothing else is said.
const DAYS: u64 = 30;

/// A party that the service knows.
#[derive(Debug, Clone)]
pub struct Registered {
    /// Its party id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// All that it was registered by.
    pub identifiers: Vec<v1::Identifier>,
    /// Of an organisation: whose employees can be registered.
    pub organisation: Option<Organisation>,
}

impl Registered {
    /// The first of its identifiers: a person's CPR number, an organisation's CVR number, an employee's RID.
    pub fn identifier(&self) -> Option<v1::Identifier> {
        self.identifiers.first().cloned()
    }

    /// The party as the logged-in user, with a login of NSIS substantial.
    pub fn actor(&self) -> Option<v1::Actor> {
        self.actor_at(LevelOfAssurance::Substantial)
    }

    /// The party as the logged-in user.
    pub fn actor_at(&self, level: LevelOfAssurance) -> Option<v1::Actor> {
        Some(v1::Actor { party_id: self.id.clone(), level_of_assurance: level.into() })
    }
}

/// One identifier.
pub fn identifier(value: Value) -> Option<v1::Identifier> {
    Some(v1::Identifier { value: Some(value) })
}

/// The instant that an RFC 3339 text says.
pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// The same in proto.
pub fn timestamp(text: &str) -> Option<Timestamp> {
    Some(text.parse().expect("an instant"))
}

/// From now to and including that day.
pub fn until_day(day: &str) -> Option<v1::Period> {
    Some(v1::Period { start: None, end: Some(v1::period::End::ToDate(day.to_owned())) })
}

/// From and to those days, both included.
pub fn days(first: &str, last: &str) -> Option<v1::Period> {
    Some(v1::Period {
        start: Some(v1::period::Start::FromDate(first.to_owned())),
        end: Some(v1::period::End::ToDate(last.to_owned())),
    })
}

/// From an instant to another.
pub fn instants(from: DateTime<Utc>, to: DateTime<Utc>) -> Option<v1::Period> {
    Some(v1::Period {
        start: Some(v1::period::Start::ValidFrom(to_proto::timestamp(from))),
        end: Some(v1::period::End::ValidTo(to_proto::timestamp(to))),
    })
}

/// A system as it is put.
pub fn system(id: &str, authority_cvr: &str) -> v1::System {
    v1::System {
        system_id: id.to_owned(),
        authority_cvr: authority_cvr.to_owned(),
        title_da: "Selvbetjening for alle".to_owned(),
        title_en: "Self-service for everybody".to_owned(),
        etag: String::new(),
    }
}

/// A privilege for everybody as it is put.
pub fn privilege(uri: &str, system_id: &str) -> v1::Privilege {
    v1::Privilege {
        privilege: uri.to_owned(),
        system_id: system_id.to_owned(),
        title_da: "At se indkomst".to_owned(),
        title_en: "To see income".to_owned(),
        description_da: "Må se al indkomst.\nOgså fra tidligere år.".to_owned(),
        description_en: "May see all income.\nOf earlier years too.".to_owned(),
        delegator_kinds: kinds(&[PartyKind::Person, PartyKind::Organisation]),
        representative_kinds: kinds(&[PartyKind::Person, PartyKind::Organisation, PartyKind::Employee]),
        access_kind: v1::AccessKind::Act.into(),
        level_of_assurance: LevelOfAssurance::Substantial.into(),
        ..v1::Privilege::default()
    }
}

/// Kinds of party as numbers.
pub fn kinds(kinds: &[PartyKind]) -> Vec<i32> {
    kinds.iter().map(|kind| (*kind).into()).collect()
}

/// What a delegation grants, as a list of texts.
pub fn uris(privileges: &[&str]) -> Vec<String> {
    privileges.iter().map(|uri| (*uri).to_owned()).collect()
}

impl World {
    /// A service with the catalogue that the constants of this module name.
    pub async fn with_catalogue() -> Self {
        let world = Self::start().await;
        world.catalogue().await;
        world
    }

    /// Fills the catalogue.
    pub async fn catalogue(&self) {
        self.put_system(system(SYSTEM, AUTHORITY_CVR)).await.expect("a system");
        for uri in [SEE, CHANGE, DRAFT, HIDDEN] {
            self.put_privilege(privilege(uri, SYSTEM)).await.expect("a privilege");
        }
        let persons = kinds(&[PartyKind::Person]);
        self.put_privilege(v1::Privilege {
            max_period_days: SIGN_DAYS,
            delegator_kinds: persons.clone(),
            representative_kinds: persons,
            ..privilege(SIGN, SYSTEM)
        })
        .await
        .expect("a privilege");
        for uri in [SEE, CHANGE, SIGN, HIDDEN] {
            self.publish(uri).await;
        }
        self.hide(HIDDEN).await;
        let other = self.other_authority.catalogue();
        let request_id = self.request_id();
        let put = v1::PutSystemRequest {
            request_id,
            system: Some(system(OTHER_SYSTEM, OTHER_AUTHORITY_CVR)),
            etag: String::new(),
        };
        other.clone().put_system(put).await.expect("a system");
        let request_id = self.request_id();
        let put = v1::PutPrivilegeRequest {
            request_id,
            privilege: Some(privilege(FOREIGN, OTHER_SYSTEM)),
            ..v1::PutPrivilegeRequest::default()
        };
        other.clone().put_privilege(put).await.expect("a privilege");
        other.clone().publish_privilege(self.publishing(FOREIGN)).await.expect("a privilege");
    }

    /// The authority puts a system.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn put_system(&self, system: v1::System) -> Result<v1::PutSystemResponse, Status> {
        let request =
            v1::PutSystemRequest { request_id: self.request_id(), system: Some(system), etag: String::new() };
        self.authority.catalogue().put_system(request).await.map(Response::into_inner)
    }

    /// The authority puts a privilege.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn put_privilege(&self, privilege: v1::Privilege) -> Result<v1::PutPrivilegeResponse, Status> {
        let request = v1::PutPrivilegeRequest {
            request_id: self.request_id(),
            privilege: Some(privilege),
            ..v1::PutPrivilegeRequest::default()
        };
        self.authority.catalogue().put_privilege(request).await.map(Response::into_inner)
    }

    /// The authority publishes its privilege.
    pub async fn publish(&self, uri: &str) -> v1::PublishPrivilegeResponse {
        let request = self.publishing(uri);
        self.authority.catalogue().publish_privilege(request).await.expect("it is published").into_inner()
    }

    /// The authority hides its privilege.
    pub async fn hide(&self, uri: &str) -> v1::HidePrivilegeResponse {
        let request = self.hiding(uri);
        self.authority.catalogue().hide_privilege(request).await.expect("it is hidden").into_inner()
    }

    /// Registers another person, an adult, by all that names a person.
    pub async fn person(&self) -> Registered {
        let person = self.people.person();
        self.register(&person.identifiers(), &person.name, None).await
    }

    /// Registers another person, born on that day.
    pub async fn person_born(&self, day: NaiveDate) -> Registered {
        let person = self.people.person_born(day);
        self.register(&person.identifiers(), &person.name, None).await
    }

    /// Registers another organisation by its CVR number.
    pub async fn organisation(&self) -> Registered {
        let organisation = self.people.organisation();
        self.register(&organisation.identifiers(), &organisation.name, Some(organisation.clone())).await
    }

    /// Registers another employee of the organisation, by RID and UUID.
    pub async fn employee_of(&self, organisation: &Registered) -> Registered {
        let organisation = organisation.organisation.as_ref().expect("an organisation");
        let employee = self.people.employee_of(organisation);
        self.register(&employee.identifiers(), &employee.name, None).await
    }

    /// Registers another person, whose name nobody tells.
    pub async fn nameless_person(&self) -> Registered {
        let person = self.people.person();
        let identifiers: Vec<_> = person.identifiers().iter().map(to_proto::identifier).collect();
        self.register_as(identifiers, "", None).await
    }

    async fn register(
        &self,
        identifiers: &[Identifier],
        name: &Name,
        organisation: Option<Organisation>,
    ) -> Registered {
        let identifiers = identifiers.iter().map(to_proto::identifier).collect();
        self.register_as(identifiers, name.expose(), organisation).await
    }

    pub(super) async fn register_as(
        &self,
        identifiers: Vec<v1::Identifier>,
        name: &str,
        organisation: Option<Organisation>,
    ) -> Registered {
        let name = name.to_owned();
        let request = v1::ResolvePartyRequest {
            request_id: self.request_id(),
            identifiers: identifiers.clone(),
            create_if_missing: true,
            name: name.clone(),
        };
        let answer = self.front_end.parties().resolve_party(request).await.expect("a party").into_inner();
        assert!(answer.created, "somebody new");
        let id = answer.party.expect("a party").party_id;
        self.signs_as(&id, &identifiers);
        Registered { id, name, identifiers, organisation }
    }

    /// The party gives the other the privileges, from now on.
    pub fn giving(
        &self,
        from: &Registered,
        to: &Registered,
        privileges: &[&str],
    ) -> v1::CreateDelegationRequest {
        let last_day = danish_date(self.now()) + Days::new(DAYS);
        v1::CreateDelegationRequest {
            request_id: self.request_id(),
            actor: from.actor(),
            delegator_id: from.id.clone(),
            representative_id: to.id.clone(),
            privileges: uris(privileges),
            period: until_day(&last_day.to_string()),
            message: String::new(),
            ..v1::CreateDelegationRequest::default()
        }
    }

    /// Gives; the actor signs first, unless the request is signed.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn try_give(
        &self,
        request: v1::CreateDelegationRequest,
    ) -> Result<v1::CreateDelegationResponse, Status> {
        let request = self.once_signed(request).await;
        self.front_end.delegations().create_delegation(request).await.map(Response::into_inner)
    }

    /// The party gives the other the privileges, from now on.
    pub async fn give(&self, from: &Registered, to: &Registered, privileges: &[&str]) -> v1::Delegation {
        let answer = self.try_give(self.giving(from, to, privileges)).await.expect("it is given");
        answer.delegation.expect("a delegation")
    }

    /// The user revokes the delegation.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn revoke(
        &self,
        user: &Registered,
        delegation: &v1::Delegation,
    ) -> Result<v1::RevokeDelegationResponse, Status> {
        let request = v1::RevokeDelegationRequest {
            request_id: self.request_id(),
            actor: user.actor(),
            delegation_id: delegation.delegation_id.clone(),
            reason: v1::EndReason::Unspecified.into(),
            ..v1::RevokeDelegationRequest::default()
        };
        self.front_end.delegations().revoke_delegation(request).await.map(Response::into_inner)
    }

    /// The user renounces the delegation.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn renounce(
        &self,
        user: &Registered,
        delegation: &v1::Delegation,
    ) -> Result<v1::RenounceDelegationResponse, Status> {
        let request = v1::RenounceDelegationRequest {
            request_id: self.request_id(),
            actor: user.actor(),
            delegation_id: delegation.delegation_id.clone(),
            reason: v1::EndReason::Unspecified.into(),
        };
        self.front_end.delegations().renounce_delegation(request).await.map(Response::into_inner)
    }

    /// The delegation as the user sees it.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn see(
        &self,
        user: &Registered,
        delegation: &v1::Delegation,
    ) -> Result<v1::Delegation, Status> {
        let request =
            v1::GetDelegationRequest { actor: user.actor(), delegation_id: delegation.delegation_id.clone() };
        let answer = self.front_end.delegations().get_delegation(request).await?.into_inner();
        Ok(answer.delegation.expect("a delegation"))
    }

    /// The authority asks.
    pub async fn check(&self, from: &Registered, to: &Registered, privilege: &str) -> v1::Decision {
        let request = asking(from, to, privilege);
        let answer = self.authority.query().check_delegation(request).await.expect("an answer").into_inner();
        answer.decision.expect("a decision")
    }

    /// The authority asks, and is told no, for that reason.
    pub async fn check_denied(
        &self,
        from: &Registered,
        to: &Registered,
        privilege: &str,
    ) -> v1::DenialReason {
        let decision = self.check(from, to, privilege).await;
        assert!(!decision.granted, "{decision:?}");
        decision.denial_reason()
    }

    /// A moment later by the service's clock.
    pub async fn a_second_passes(&self) {
        self.advance(TimeDelta::seconds(1)).await;
    }
}

/// May one act for the other on the privilege?
pub fn asking(from: &Registered, to: &Registered, privilege: &str) -> v1::CheckDelegationRequest {
    v1::CheckDelegationRequest {
        delegator: from.identifier(),
        representative: to.identifier(),
        privilege: privilege.to_owned(),
        purpose: PURPOSE.to_owned(),
        p_number: String::new(),
    }
}
