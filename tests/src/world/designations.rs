//! Employees who may use what their organisation holds.

use fuldmagt_domain::identifier::{Identifier, PNumber};
use fuldmagt_proto::v1;
use fuldmagt_service::rpc::to_proto;
use tonic::{Response, Status};

use super::{Registered, World, asking};

impl World {
    /// The user lets the employee use the delegation.
    pub fn designating(
        &self,
        user: &Registered,
        delegation: &v1::Delegation,
        employee: &Registered,
    ) -> v1::DesignateEmployeeRequest {
        v1::DesignateEmployeeRequest {
            request_id: self.request_id(),
            actor: user.actor(),
            delegation_id: delegation.delegation_id.clone(),
            employee: employee.identifier(),
            p_number: String::new(),
        }
    }

    /// The same, at that production unit only.
    pub fn designating_at(
        &self,
        user: &Registered,
        delegation: &v1::Delegation,
        (employee, unit): (&Registered, &PNumber),
    ) -> v1::DesignateEmployeeRequest {
        let p_number = unit.expose().to_owned();
        v1::DesignateEmployeeRequest { p_number, ..self.designating(user, delegation, employee) }
    }

    /// Designates. Returns the delegation after it.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn try_designate(
        &self,
        request: v1::DesignateEmployeeRequest,
    ) -> Result<v1::Delegation, Status> {
        let answer = self.front_end.delegations().designate_employee(request).await?.into_inner();
        Ok(answer.delegation.expect("a delegation"))
    }

    /// The user lets the employee use the delegation.
    pub async fn designate(&self, user: &Registered, delegation: &v1::Delegation, employee: &Registered) {
        self.try_designate(self.designating(user, delegation, employee)).await.expect("designated");
    }

    /// The user takes the employee's designation back.
    pub fn removing(
        &self,
        user: &Registered,
        delegation: &v1::Delegation,
        employee: &Registered,
    ) -> v1::RemoveDesignationRequest {
        v1::RemoveDesignationRequest {
            request_id: self.request_id(),
            actor: user.actor(),
            delegation_id: delegation.delegation_id.clone(),
            employee_id: employee.id.clone(),
        }
    }

    /// Takes a designation back. Returns the delegation after it.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn try_remove(&self, request: v1::RemoveDesignationRequest) -> Result<v1::Delegation, Status> {
        let answer = self.front_end.delegations().remove_designation(request).await?.into_inner();
        Ok(answer.delegation.expect("a delegation"))
    }

    /// Who may use the delegation, as the user sees it: at most 500.
    pub fn listing_designations(
        &self,
        user: &Registered,
        delegation: &v1::Delegation,
    ) -> v1::ListDesignationsRequest {
        v1::ListDesignationsRequest {
            actor: user.actor(),
            delegation_id: delegation.delegation_id.clone(),
            page_size: 500,
            page_token: String::new(),
        }
    }

    /// One page of them.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn designations(
        &self,
        request: v1::ListDesignationsRequest,
    ) -> Result<v1::ListDesignationsResponse, Status> {
        self.front_end.delegations().list_designations(request).await.map(Response::into_inner)
    }

    /// Another production unit of the organisation.
    pub async fn unit_of(&self, organisation: &Registered) -> PNumber {
        let unit = self.people.p_number();
        let request = v1::LinkIdentifierRequest {
            request_id: self.request_id(),
            party_id: organisation.id.clone(),
            identifier: Some(to_proto::identifier(&Identifier::PNumber(unit.clone()))),
            etag: String::new(),
        };
        self.register_feed.parties().link_identifier(request).await.expect("a production unit");
        unit
    }

    /// The authority asks about an employee who acts at a production unit.
    pub async fn check_at(
        &self,
        from: &Registered,
        (to, unit): (&Registered, &PNumber),
        privilege: &str,
    ) -> v1::Decision {
        let request =
            v1::CheckDelegationRequest { p_number: unit.expose().to_owned(), ..asking(from, to, privilege) };
        let answer = self.authority.query().check_delegation(request).await.expect("an answer").into_inner();
        answer.decision.expect("a decision")
    }
}
