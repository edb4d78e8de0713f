//! What the commands about paper cases have in common.

use fuldmagt_domain::{
    delegation::{DelegationId, Step},
    paper::{Case, Clerk, Record},
};
use fuldmagt_store::delegation::{Facts, PaperCase};

use super::{Error, Result, actor::Actor, command::Order, delegating::known};

/// The encoded answer of a command about a paper case.
pub(super) type Encode = fn(&Case, &Order) -> Vec<u8>;

/// The caseworker who is logged in. Whoever is none learns nothing about any case.
pub(super) fn caseworker(facts: &Facts, actor: Actor) -> Result<Clerk<'_>> {
    let clerk = Clerk { party: known(facts, actor.party)?, assurance: actor.assurance };
    clerk.require()?;
    Ok(clerk)
}

/// A paper case. A delegation that is not on paper is no caseworker's, and looks like one that is not there.
pub(super) fn case(facts: &Facts, id: DelegationId) -> Result<Case> {
    facts.paper_case(id).ok_or(Error::DelegationNotFound)
}

/// The case after a step.
pub(super) fn after(step: &Step, record: Record) -> Case {
    Case { delegation: step.delegation.clone(), record }
}

/// The case as the store writes it. `registers`: whether what was ticked is written as well.
pub(super) fn written(case: &Case, registers: bool) -> PaperCase {
    PaperCase { delegation: case.delegation.id, record: case.record.clone(), registers }
}
