//! Requests for delegations, and their answers.

use chrono::Days;
use fuldmagt_domain::period::danish_date;
use fuldmagt_proto::v1;
use tonic::{Response, Status};

use super::{Registered, World, until_day, uris};

/// How long a delegation is asked for when nothing else is said.
const DAYS: u64 = 30;

impl World {
    /// The representative asks the delegator for the privileges, from the acceptance on.
    pub fn requesting(
        &self,
        representative: &Registered,
        delegator: &Registered,
        privileges: &[&str],
    ) -> v1::RequestDelegationRequest {
        let last_day = danish_date(self.now()) + Days::new(DAYS);
        v1::RequestDelegationRequest {
            request_id: self.request_id(),
            actor: representative.actor(),
            representative_id: representative.id.clone(),
            delegator_id: delegator.id.clone(),
            privileges: uris(privileges),
            period: until_day(&last_day.to_string()),
            message: String::new(),
            packages: Vec::new(),
        }
    }

    /// Asks.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn try_request(&self, request: v1::RequestDelegationRequest) -> Result<v1::Delegation, Status> {
        let answer = self.front_end.delegations().request_delegation(request).await?.into_inner();
        Ok(answer.delegation.expect("a request"))
    }

    /// The representative asks the delegator for the privileges, from the acceptance on.
    pub async fn request(
        &self,
        representative: &Registered,
        delegator: &Registered,
        privileges: &[&str],
    ) -> v1::Delegation {
        let request = self.requesting(representative, delegator, privileges);
        self.try_request(request).await.expect("it is asked for")
    }

    /// The user accepts all of the request.
    pub fn accepting(&self, user: &Registered, request: &v1::Delegation) -> v1::AcceptDelegationRequest {
        v1::AcceptDelegationRequest {
            request_id: self.request_id(),
            actor: user.actor(),
            delegation_id: request.delegation_id.clone(),
            etag: request.etag.clone(),
            ..v1::AcceptDelegationRequest::default()
        }
    }

    /// Accepts; the actor signs first, unless the request is signed.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn try_accept(&self, request: v1::AcceptDelegationRequest) -> Result<v1::Delegation, Status> {
        let request = self.once_signed(request).await;
        let answer = self.front_end.delegations().accept_delegation(request).await?.into_inner();
        Ok(answer.delegation.expect("a delegation"))
    }

    /// The user accepts all of the request.
    pub async fn accept(&self, user: &Registered, request: &v1::Delegation) -> v1::Delegation {
        self.try_accept(self.accepting(user, request)).await.expect("it is accepted")
    }

    /// The user declines the request, for no reason.
    pub fn declining(&self, user: &Registered, request: &v1::Delegation) -> v1::DeclineDelegationRequest {
        v1::DeclineDelegationRequest {
            request_id: self.request_id(),
            actor: user.actor(),
            delegation_id: request.delegation_id.clone(),
            reason: v1::EndReason::Unspecified.into(),
        }
    }

    /// The user declines the request, for no reason.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn decline(
        &self,
        user: &Registered,
        request: &v1::Delegation,
    ) -> Result<v1::Delegation, Status> {
        let request = self.declining(user, request);
        let answer = self.front_end.delegations().decline_delegation(request).await?.into_inner();
        Ok(answer.delegation.expect("a request"))
    }

    /// The user takes the request back.
    pub fn withdrawing(&self, user: &Registered, request: &v1::Delegation) -> v1::WithdrawRequestRequest {
        v1::WithdrawRequestRequest {
            request_id: self.request_id(),
            actor: user.actor(),
            delegation_id: request.delegation_id.clone(),
        }
    }

    /// The user takes the request back.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn withdraw(
        &self,
        user: &Registered,
        request: &v1::Delegation,
    ) -> Result<v1::Delegation, Status> {
        let request = self.withdrawing(user, request);
        let answer = self.front_end.delegations().withdraw_request(request).await?.into_inner();
        Ok(answer.delegation.expect("a request"))
    }

    /// The history of the delegation, oldest event first, as the user sees it.
    pub async fn history(&self, user: &Registered, delegation: &v1::Delegation) -> Vec<v1::DelegationEvent> {
        let request = v1::ListDelegationEventsRequest {
            actor: user.actor(),
            delegation_id: delegation.delegation_id.clone(),
            page_size: 500,
            page_token: String::new(),
        };
        let answer = self.front_end.delegations().list_delegation_events(request).await;
        answer.expect("the user's own").into_inner().events
    }

    /// The delegations on that side of the user, newest first.
    pub async fn listed(&self, user: &Registered, side: v1::PartySide) -> Vec<v1::Delegation> {
        let request = v1::ListDelegationsRequest {
            actor: user.actor(),
            party_id: user.id.clone(),
            side: side.into(),
            page_size: 500,
            page_token: String::new(),
        };
        let answer = self.front_end.delegations().list_delegations(request).await.map(Response::into_inner);
        answer.expect("the user's own").delegations
    }
}
