//! What the tests ask of a service, as real gRPC clients.

use chrono::Days;
use fuldmagt_domain::period::danish_date;
use fuldmagt_proto::v1::{
    self, catalogue_service_client::CatalogueServiceClient,
    delegation_service_client::DelegationServiceClient, identifier::Value,
    party_service_client::PartyServiceClient, period::End, preview_delegation_request::Agreement,
    query_service_client::QueryServiceClient,
};
use fuldmagt_service::clock::{Clock as _, IdSource as _, RandomIds, SystemClock};
use fuldmagt_service::rpc::to_proto::timestamp;
use fuldmagt_tests::fixtures::{Person, note_secret};
use fuldmagt_tests::telemetry::note_status;
use tonic::Status;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic_types::StatusExt as _;

use super::folder::Folder;
use super::serving::Serving;

/// The system that the tests' privileges belong to.
const SYSTEM: &str = "process-test";

/// One client's connection.
#[derive(Clone)]
pub(crate) struct Api(pub(crate) Channel);

/// A person that the service knows.
#[derive(Clone)]
pub(crate) struct Registered {
    party_id: String,
    identifier: v1::Identifier,
}

/// A delegation that was given, and between whom.
pub(crate) struct Given {
    pub(crate) delegator: Person,
    pub(crate) representative: Person,
    pub(crate) delegation_id: String,
}

impl Api {
    /// Connects to a service that everybody may call.
    pub(crate) async fn connect(serving: &Serving) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{}", serving.grpc)).expect("an address");
        Self(endpoint.connect().await.expect("the service accepts"))
    }

    /// Connects with a client's certificate from the folder's `certs`.
    pub(crate) async fn connect_as(serving: &Serving, folder: &Folder, client: &str) -> Self {
        let read = |name: &str| std::fs::read(folder.at("certs").join(name)).expect("a certificate");
        let identity = Identity::from_pem(read(&format!("{client}.pem")), read(&format!("{client}-key.pem")));
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read("ca.pem")));
        let endpoint = Endpoint::from_shared(format!("https://localhost:{}", serving.grpc.port()));
        let endpoint = endpoint.expect("an address").tls_config(tls.identity(identity));
        Self(endpoint.expect("certificates").connect().await.expect("the service accepts"))
    }

    /// Registers a system of that authority with these privileges, and publishes them.
    pub(crate) async fn publish(&self, authority_cvr: &str, uris: &[&str]) {
        let mut catalogue = CatalogueServiceClient::new(self.0.clone());
        let text = |text: &str| text.to_owned();
        let system = v1::System {
            system_id: text(SYSTEM),
            authority_cvr: text(authority_cvr),
            title_da: text("Prøve"),
            title_en: text("Test"),
            etag: String::new(),
        };
        let put =
            v1::PutSystemRequest { request_id: request_id(), system: Some(system), etag: String::new() };
        catalogue.put_system(put).await.expect("a system");
        let person = vec![v1::PartyKind::Person.into()];
        for uri in uris {
            let privilege = v1::Privilege {
                privilege: text(uri),
                system_id: text(SYSTEM),
                title_da: text("Prøve"),
                title_en: text("Test"),
                description_da: text("En prøve."),
                description_en: text("A test."),
                delegator_kinds: person.clone(),
                representative_kinds: person.clone(),
                ..v1::Privilege::default()
            };
            let (request_id_1, request_id_2) = (request_id(), request_id());
            let put = v1::PutPrivilegeRequest {
                request_id: request_id_1,
                privilege: Some(privilege),
                ..v1::PutPrivilegeRequest::default()
            };
            catalogue.put_privilege(put).await.expect("a privilege");
            let publish = v1::PublishPrivilegeRequest {
                request_id: request_id_2,
                privilege: text(uri),
                ..v1::PublishPrivilegeRequest::default()
            };
            catalogue.publish_privilege(publish).await.expect("it is published");
        }
    }

    /// Registers a person by CPR number.
    pub(crate) async fn register(&self, person: &Person) -> Registered {
        let request = v1::ResolvePartyRequest {
            request_id: request_id(),
            identifiers: vec![cpr(person)],
            create_if_missing: true,
            name: person.name.expose().to_owned(),
        };
        let answer = PartyServiceClient::new(self.0.clone()).resolve_party(request).await;
        let party_id = answer.expect("a party").into_inner().party.expect("a party").party_id;
        Registered { party_id, identifier: cpr(person) }
    }

    /// The first gives the second a delegation, for a month.
    pub(crate) async fn give(
        &self,
        [delegator, representative]: &[Registered; 2],
        uri: &str,
    ) -> Result<v1::CreateDelegationResponse, Status> {
        let actor = v1::Actor {
            party_id: delegator.party_id.clone(),
            level_of_assurance: v1::LevelOfAssurance::Substantial.into(),
        };
        let terms = v1::CreateTerms {
            delegator_id: delegator.party_id.clone(),
            representative_id: representative.party_id.clone(),
            privileges: vec![uri.to_owned()],
            period: Some(v1::Period { start: None, end: Some(End::ToDate(in_a_month())) }),
            ..v1::CreateTerms::default()
        };
        let signature = self.sign(actor.clone(), delegator.identifier.clone(), terms.clone()).await?;
        let request = v1::CreateDelegationRequest {
            request_id: request_id(),
            actor: Some(actor),
            delegator_id: terms.delegator_id,
            representative_id: terms.representative_id,
            privileges: terms.privileges,
            period: terms.period,
            signature: Some(signature),
            ..v1::CreateDelegationRequest::default()
        };
        let given = DelegationServiceClient::new(self.0.clone()).create_delegation(request).await;
        given
            .map(tonic::Response::into_inner)
            .inspect_err(|status| note_status("fuldmagt.v1.DelegationService/CreateDelegation", status))
    }

    async fn sign(
        &self,
        actor: v1::Actor,
        signer: v1::Identifier,
        terms: v1::CreateTerms,
    ) -> Result<v1::SignatureProof, Status> {
        let agreement = Some(Agreement::Create(terms));
        let request = v1::PreviewDelegationRequest { actor: Some(actor), agreement };
        let preview = DelegationServiceClient::new(self.0.clone()).preview_delegation(request).await;
        let preview = preview
            .map(tonic::Response::into_inner)
            .inspect_err(|status| note_status("fuldmagt.v1.DelegationService/PreviewDelegation", status))?;
        let evidence = format!("Underskriftsbevis nummer {}", request_id());
        note_secret(&evidence);
        Ok(v1::SignatureProof {
            digest: preview.agreement.expect("an agreement").digest,
            sign_time: Some(timestamp(SystemClock.now())),
            level_of_assurance: preview.minimum_level_of_assurance,
            signer: vec![signer],
            evidence: evidence.into_bytes(),
        })
    }

    /// Everything up to a delegation that was given.
    pub(crate) async fn give_between(&self, [delegator, representative]: [Person; 2], uri: &str) -> Given {
        let parties = [self.register(&delegator).await, self.register(&representative).await];
        let answer = self.give(&parties, uri).await.expect("a delegation");
        let delegation_id = answer.delegation.expect("a delegation").delegation_id;
        Given { delegator, representative, delegation_id }
    }

    /// May the one act for the other?
    pub(crate) async fn check(&self, given: &Given, uri: &str) -> v1::Decision {
        let request = v1::CheckDelegationRequest {
            delegator: Some(cpr(&given.delegator)),
            representative: Some(cpr(&given.representative)),
            privilege: uri.to_owned(),
            purpose: "case".to_owned(),
            p_number: String::new(),
        };
        let answer = QueryServiceClient::new(self.0.clone()).check_delegation(request).await;
        answer.expect("an answer").into_inner().decision.expect("a decision")
    }

    /// Something cheap that touches nobody's data.
    pub(crate) async fn list_systems(&self) -> Result<v1::ListSystemsResponse, Status> {
        let request = v1::ListSystemsRequest { page_size: 1, page_token: String::new() };
        let answer = CatalogueServiceClient::new(self.0.clone()).list_systems(request).await;
        answer
            .map(tonic::Response::into_inner)
            .inspect_err(|status| note_status("fuldmagt.v1.CatalogueService/ListSystems", status))
    }
}

/// The stable reason of a refusal; empty when it has none.
pub(crate) fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map_or_else(String::new, |info| info.reason.clone())
}

/// The last day of a month from now on, as the API takes days.
pub(crate) fn in_a_month() -> String {
    let last = danish_date(SystemClock.now()).checked_add_days(Days::new(30)).expect("a date");
    last.to_string()
}

fn request_id() -> String {
    RandomIds.random_id().to_string()
}

fn cpr(person: &Person) -> v1::Identifier {
    v1::Identifier { value: Some(Value::CprNumber(person.cpr.expose().to_owned())) }
}
