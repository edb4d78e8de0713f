//! Parties that are one person, employments that end, and parties that are suspended.

use fuldmagt_domain::identifier::Identifier;
use fuldmagt_proto::v1;
use fuldmagt_service::rpc::to_proto;
use tonic::{Response, Status};

use super::{Registered, World};
use crate::fixtures::Person;

impl World {
    /// Registers a person by some of what names persons, without a name where none is given.
    pub async fn known_by(&self, identifiers: &[Identifier], name: &str) -> Registered {
        let identifiers = identifiers.iter().map(to_proto::identifier).collect();
        self.register_as(identifiers, name, None).await
    }

    /// One person who is registered twice, each time with the name: by UUID, and by CPR number and PID. Only who has a CPR
    /// number can give.
    pub async fn one_person_twice(&self) -> (Registered, Registered) {
        let person = self.people.person();
        let [cpr, pid, uuid] = all(&person);
        let name = person.name.expose();
        (self.known_by(&[uuid], name).await, self.known_by(&[cpr, pid], name).await)
    }

    /// The register feed joins two parties.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn try_merge(
        &self,
        survivor: &Registered,
        absorbed: &Registered,
    ) -> Result<v1::MergePartiesResponse, Status> {
        let request = v1::MergePartiesRequest {
            request_id: self.request_id(),
            surviving_id: survivor.id.clone(),
            absorbed_id: absorbed.id.clone(),
        };
        self.register_feed.parties().merge_parties(request).await.map(Response::into_inner)
    }

    /// The same. Returns the survivor by all identifiers, and what the merge did.
    pub async fn merge(
        &self,
        survivor: &Registered,
        absorbed: &Registered,
    ) -> (Registered, v1::MergePartiesResponse) {
        let answer = self.try_merge(survivor, absorbed).await.expect("they are merged");
        let mut whole = survivor.clone();
        whole.identifiers.extend(absorbed.identifiers.iter().cloned());
        self.signs_as(&whole.id, &whole.identifiers);
        (whole, answer)
    }

    /// The party that the CPR number names.
    ///
    /// # Errors
    /// What the service answers when there is none.
    pub async fn known_by_number(&self, number: &str) -> Result<v1::Party, Status> {
        let identifier = v1::Identifier { value: Some(v1::identifier::Value::CprNumber(number.to_owned())) };
        let request = v1::ResolvePartyRequest {
            request_id: self.request_id(),
            identifiers: vec![identifier],
            create_if_missing: false,
            name: String::new(),
        };
        let answer = self.front_end.parties().resolve_party(request).await?.into_inner();
        Ok(answer.party.expect("a party"))
    }

    /// The party learns an identifier.
    pub async fn link(&self, party: &Registered, identifier: &Identifier) {
        let request = v1::LinkIdentifierRequest {
            request_id: self.request_id(),
            party_id: party.id.clone(),
            identifier: Some(to_proto::identifier(identifier)),
            etag: String::new(),
        };
        self.front_end.parties().link_identifier(request).await.expect("it is linked");
    }

    /// How many commands have changed something so far.
    pub async fn feed_revision(&self) -> i64 {
        sqlx::query_scalar("select revision from feed_head")
            .fetch_one(&self.database.pool)
            .await
            .expect("a head")
    }

    /// The employment ends.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn end_employment(&self, employee: &Registered) -> Result<v1::EndEmploymentResponse, Status> {
        let request =
            v1::EndEmploymentRequest { request_id: self.request_id(), employee_id: employee.id.clone() };
        self.register_feed.parties().end_employment(request).await.map(Response::into_inner)
    }

    /// The party is suspended, as if a register had said so; its delegations do not remember it.
    pub async fn suspend(&self, party: &Registered) {
        self.sql(&format!(
            "with suspended as (
                 update party set standing = 'suspended', version = version + 1, register_status = 30
                 where party_id = '{}' returning party_id, version)
             insert into event (shard, entity_kind, entity_id, version, kind, occurred_at, client_id, channel, request_id)
             select 0, 'party', party_id::text, version, 'suspended', now(), 'test', 'register', gen_random_uuid()
             from suspended",
            party.id
        ))
        .await;
    }

    /// The party's etag, as a caseworker reads it.
    pub async fn etag_of(&self, party: &Registered) -> String {
        let sql = "select version from party where party_id = $1::text::uuid";
        let version: i64 =
            sqlx::query_scalar(sql).bind(&party.id).fetch_one(&self.database.pool).await.expect("a party");
        version.to_string()
    }

    /// What happened to a delegation, as the user sees it.
    pub async fn event_kinds(
        &self,
        user: &Registered,
        delegation: &v1::Delegation,
    ) -> Vec<v1::DelegationEventKind> {
        let events = self.history(user, delegation).await;
        for (number, event) in (1..).zip(&events) {
            assert_eq!(event.etag, format!("{number}"), "events are numbered without gaps");
        }
        events.iter().map(v1::DelegationEvent::kind).collect()
    }

    /// What is to be told to the party: kind and delegation, sorted.
    pub async fn waiting_notices(&self, to: &Registered) -> Vec<(String, String)> {
        sqlx::query_as(
            "select kind, delegation_id::text from notice_item
             where receiver_id::text = $1 and cancelled_at is null order by kind, delegation_id",
        )
        .bind(&to.id)
        .fetch_all(&self.database.pool)
        .await
        .expect("notices can be read")
    }
}

/// CPR number, PID and UUID of a person.
pub fn all(person: &Person) -> [Identifier; 3] {
    person.identifiers().to_vec().try_into().expect("all that names a person")
}
