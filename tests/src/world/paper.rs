//! Caseworkers and their paper cases, and the notices that front ends deliver.

use chrono::TimeDelta;
use fuldmagt_domain::period::danish_date;
use fuldmagt_proto::v1::{self, PartyKind};
use tonic::{Response, Status};

use super::World;
use super::scene::{CHANGE, Registered, SEE, SYSTEM, kinds, privilege, uris};

/// The digest of some scan.
pub const SCAN: [u8; 32] = [0x5c; 32];

/// What a test knows of a paper case.
#[derive(Debug, Clone)]
pub struct Case {
    /// As the last answer told it.
    pub told: v1::PaperCase,
    /// The caseworker who started it.
    pub started_by: Registered,
}

impl Case {
    /// Its delegation.
    pub fn delegation(&self) -> v1::Delegation {
        self.told.delegation.clone().expect("a delegation")
    }

    /// The delegation's id.
    pub fn id(&self) -> String {
        self.delegation().delegation_id
    }
}

impl World {
    /// A service with the catalogue, of which [`SEE`] and [`CHANGE`] may be given on paper.
    pub async fn with_paper() -> Self {
        let world = Self::with_catalogue().await;
        world.allow_paper().await;
        world
    }

    /// Lets [`SEE`] and [`CHANGE`] be given on paper.
    pub async fn allow_paper(&self) {
        for uri in [SEE, CHANGE] {
            let privilege = v1::Privilege { paper_allowed: true, ..privilege(uri, SYSTEM) };
            self.put_privilege(privilege).await.expect("a privilege");
        }
    }

    /// Lets [`SEE`] no longer be given on paper, or by persons.
    pub async fn spoil(&self, paper_allowed: bool, delegator_kinds: &[PartyKind]) {
        let delegator_kinds = kinds(delegator_kinds);
        let spoiled = v1::Privilege { paper_allowed, delegator_kinds, ..privilege(SEE, SYSTEM) };
        self.put_privilege(spoiled).await.expect("a privilege");
    }

    /// Another caseworker, of a municipality of their own.
    pub async fn caseworker(&self) -> Registered {
        let municipality = self.organisation().await;
        self.employee_of(&municipality).await
    }

    /// A caseworker starts a case, for 30 days from the approval on.
    pub fn starting(
        &self,
        caseworker: &Registered,
        from: &Registered,
        to: &Registered,
        privileges: &[&str],
    ) -> v1::StartPaperDelegationRequest {
        let giving = self.giving(from, to, privileges);
        v1::StartPaperDelegationRequest {
            request_id: giving.request_id,
            actor: caseworker.actor(),
            delegator_id: giving.delegator_id,
            representative_id: giving.representative_id,
            privileges: giving.privileges,
            period: giving.period,
        }
    }

    /// The case is started.
    pub async fn start_paper(&self, from: &Registered, to: &Registered, privileges: &[&str]) -> Case {
        let started_by = self.caseworker().await;
        let request = self.starting(&started_by, from, to, privileges);
        let answer = self.caseworker_system.paper().start_paper_delegation(request).await;
        Case { told: answer.expect("it is started").into_inner().paper_case.expect("a case"), started_by }
    }

    /// The form came back, signed today.
    pub fn registering(
        &self,
        caseworker: &Registered,
        case: &Case,
        ticked: &[&str],
    ) -> v1::RegisterSignedFormRequest {
        v1::RegisterSignedFormRequest {
            request_id: self.request_id(),
            actor: caseworker.actor(),
            delegation_id: case.id(),
            scan_digest: SCAN.to_vec(),
            ticked_privileges: uris(ticked),
            sign_date: danish_date(self.now()).to_string(),
        }
    }

    /// The case is started and the form registered, everything ticked.
    pub async fn register_paper(&self, from: &Registered, to: &Registered, privileges: &[&str]) -> Case {
        let case = self.start_paper(from, to, privileges).await;
        let caseworker = self.caseworker().await;
        let request = self.registering(&caseworker, &case, privileges);
        let answer = self.caseworker_system.paper().register_signed_form(request).await;
        Case { told: answer.expect("it is registered").into_inner().paper_case.expect("a case"), ..case }
    }

    /// The case, as it was last told, is to be approved.
    pub fn approving(&self, caseworker: &Registered, case: &Case) -> v1::ApprovePaperDelegationRequest {
        v1::ApprovePaperDelegationRequest {
            request_id: self.request_id(),
            actor: caseworker.actor(),
            delegation_id: case.id(),
            etag: case.delegation().etag,
            replace_existing: false,
        }
    }

    /// Approves.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn approve(&self, request: v1::ApprovePaperDelegationRequest) -> Result<v1::PaperCase, Status> {
        let answer = self.caseworker_system.paper().approve_paper_delegation(request).await?;
        Ok(answer.into_inner().paper_case.expect("a case"))
    }

    /// The case is to be rejected.
    pub fn rejecting(&self, caseworker: &Registered, case: &Case) -> v1::RejectPaperDelegationRequest {
        v1::RejectPaperDelegationRequest {
            request_id: self.request_id(),
            actor: caseworker.actor(),
            delegation_id: case.id(),
            reason: v1::PaperRejectReason::Signature.into(),
        }
    }

    /// Rejects.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn reject(&self, request: v1::RejectPaperDelegationRequest) -> Result<v1::PaperCase, Status> {
        let answer = self.caseworker_system.paper().reject_paper_delegation(request).await?;
        Ok(answer.into_inner().paper_case.expect("a case"))
    }

    /// The delegation's history as the user sees it, oldest event first.
    pub async fn events_of(&self, user: &Registered, delegation_id: &str) -> Vec<v1::DelegationEvent> {
        let request = v1::ListDelegationEventsRequest {
            actor: user.actor(),
            delegation_id: delegation_id.to_owned(),
            page_size: 500,
            page_token: String::new(),
        };
        let answer = self.front_end.delegations().list_delegation_events(request).await;
        answer.expect("a history").into_inner().events
    }

    /// The notices that the front end is told.
    pub async fn notices(&self, page_size: i32) -> Vec<v1::Notice> {
        let request = v1::ListNoticesRequest { page_size };
        let answer = self.front_end.notices().list_notices(request).await;
        answer.expect("notices").into_inner().notices
    }

    /// After a quarter of an hour everything that has happened is due: it is told, and acknowledged.
    pub async fn hear_of_everything(&self) {
        self.advance(TimeDelta::minutes(15)).await;
        loop {
            let notices = self.notices(500).await;
            if notices.is_empty() {
                return;
            }
            self.acknowledge(&notices).await.expect("they are known");
        }
    }

    /// Acknowledges; tells how many were not acknowledged before.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn acknowledge(&self, notices: &[v1::Notice]) -> Result<i32, Status> {
        let request = v1::AcknowledgeNoticesRequest {
            request_id: self.request_id(),
            notice_ids: notices.iter().map(|notice| notice.notice_id.clone()).collect(),
        };
        let answer = self.front_end.notices().acknowledge_notices(request).await;
        answer.map(Response::into_inner).map(|answer| answer.acknowledged_count)
    }
}
