//! `DesignateEmployee`: an organisation lets one of its employees use a delegation that it holds.

use fuldmagt_domain::{
    delegation::{Delegation, DelegationId},
    designation::{self, Refusal, Wanted},
    identifier::{Identifier, PNumber, PartyKind},
    party::{Party, PartyId},
};
use fuldmagt_store::delegation::{Changes, Designated, DesignationFacts, Employee, Held};

use super::{
    App, Error, Result,
    actor::Actor,
    command::{Answer, Order},
    delegating::about,
};

/// Who is to use what.
#[derive(Clone, Debug)]
pub struct Designate {
    /// The logged-in user.
    pub actor: Actor,
    /// The delegation.
    pub delegation: DelegationId,
    /// The employee, by RID or professional UUID.
    pub employee: Identifier,
    /// The production unit that the employee is limited to.
    pub p_number: Option<PNumber>,
}

impl App {
    /// Designates an employee. Who is designated so already stays so, and the call succeeds. Three round trips.
    ///
    /// # Errors
    /// [`Error::DelegationNotFound`] when there is none or the actor may not act for its representative,
    /// [`Error::EmployeeNotFound`], [`Error::ProductionUnitNotFound`], [`Error::Designation`], and those of every command.
    pub async fn designate_employee(
        &self,
        order: Order,
        designate: Designate,
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let about = about(designate.delegation);
        let app = self.clone();
        self.run(order, about, move |order| {
            let (app, designate) = (app.clone(), designate.clone());
            async move { app.designate(&order, &designate, encode).await }
        })
        .await
    }

    async fn designate(
        &self,
        order: &Order,
        designate: &Designate,
        encode: fn(&Delegation, &Order) -> Vec<u8>,
    ) -> Result<Answer> {
        let named = Employee::By(designate.employee.clone());
        let Designate { actor, delegation, p_number, .. } = designate;
        let facts = self.store.designation_facts(actor.party, *delegation, &named, p_number.as_ref()).await?;
        let (user, delegation) = for_representative(&facts, actor.party)?;
        let representative =
            facts.party(delegation.representative).ok_or(Error::Broken("nobody's delegation"))?;
        if representative.kind != PartyKind::Organisation {
            return Err(Refusal::NotHeldByOrganisation.into());
        }
        // Somebody else's employee and production unit look like those that are not there.
        let employee = facts.employee.and_then(|id| facts.party(id));
        let employee = employee.filter(|employee| employee.organisation == Some(representative.id));
        let employee = employee.ok_or(Error::EmployeeNotFound)?;
        if p_number.is_some() && facts.unit_of != Some(representative.id) {
            return Err(Error::ProductionUnitNotFound);
        }
        let wanted = Wanted {
            actor: user,
            assurance: actor.assurance,
            demanded: facts.demanded,
            delegation: delegation.clone(),
            representative,
            employee,
            latest: facts.latest,
        };
        let decided = designation::designate(wanted, facts.instant(order.call.at));
        let step = match decided {
            Ok(step) => step,
            Err(Refusal::Designated) => {
                return self.settled(order, delegation, "already_designated", encode).await;
            }
            Err(refusal) => return Err(refusal.into()),
        };
        let designated =
            Some(Designated { delegation: delegation.id, employee: employee.id, p_number: p_number.clone() });
        let response = encode(&step.delegation, order);
        let held = held(&facts, delegation.delegator);
        self.apply(order, Changes { held, designated, ..Changes::new(vec![step], &response) }).await
    }
}

/// The logged-in user and the delegation, whose representative the user may act for. Otherwise it looks like one that is not
/// there.
pub(super) fn for_representative(facts: &DesignationFacts, actor: PartyId) -> Result<(&Party, &Delegation)> {
    let user = facts.party(actor).ok_or(Error::DelegationNotFound)?;
    let delegation = facts.delegation.as_ref().ok_or(Error::DelegationNotFound)?;
    if user.may_act_for(delegation.representative) {
        Ok((user, delegation))
    } else {
        Err(Error::DelegationNotFound)
    }
}

/// Everybody that it was decided from: nobody's standing may change meanwhile, and commands about the delegator go one at a
/// time.
fn held(facts: &DesignationFacts, delegator: PartyId) -> Vec<Held> {
    let hold =
        |party: &Party| if party.id == delegator { Held::exclusive(party) } else { Held::shared(party) };
    facts.parties().map(hold).collect()
}
