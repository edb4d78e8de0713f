//! What is asked: taken from the population, so that every answer is known beforehand.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use fuldmagt_domain::identifier::{Identifier, PartyKind};
use fuldmagt_proto::v1;
use fuldmagt_proto::v1::identifier::Value;
use fuldmagt_tests::population::{Delegation, PartyNumber, Population, PrivilegeNumber, Random};

/// So many questions of each kind: enough that what they touch is no small part of what there is.
pub(crate) const COUNT: usize = 20_000;
/// The authority that asks: of the catalogue's first privilege, and the organisation of the development client.
pub(crate) const ASKING: PrivilegeNumber = PrivilegeNumber(0);
/// A purpose of the development client.
pub(crate) const PURPOSE: &str = "case";
/// What is bought with a large page: fewer round trips for the same list.
const PAGE_SIZE: i32 = 500;
const MAX_TRIES: usize = 100 * COUNT;

/// One question, by its parties.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    pub(crate) delegator: PartyNumber,
    pub(crate) representative: PartyNumber,
    pub(crate) privilege: PrivilegeNumber,
}

/// Who gives a new delegation, and how a signing service names them.
#[derive(Debug, Clone)]
pub(crate) struct Giver {
    pub(crate) party_id: String,
    pub(crate) identifier: v1::Identifier,
}

/// All that is asked, each in random order.
pub(crate) struct Questions {
    pub(crate) granted: Vec<Question>,
    pub(crate) denied: Vec<Question>,
    pub(crate) granted_requests: Vec<v1::CheckDelegationRequest>,
    pub(crate) denied_requests: Vec<v1::CheckDelegationRequest>,
    pub(crate) list: v1::ListDelegatorsRequest,
    /// How many delegations the listed representative has.
    pub(crate) listed_holds: usize,
    /// Persons without delegations: they give the new ones, each to the next.
    pub(crate) givers: Vec<Giver>,
    pub(crate) given_privileges: Vec<String>,
}

impl Questions {
    pub(crate) fn new(population: &Arc<Population>, seed: u64) -> anyhow::Result<Self> {
        let mut random = Random::new(!seed);
        let granted = granted(population, &mut random)?;
        let denied = denied(population, &mut random)?;
        let (listed, listed_holds) = population.busiest_representative();
        let mut givers = population.without_delegations();
        givers.retain(|party| party.kind() == PartyKind::Person);
        random.shuffle(&mut givers);
        Ok(Self {
            granted_requests: granted.iter().map(Question::request).collect(),
            denied_requests: denied.iter().map(Question::request).collect(),
            granted,
            denied,
            list: v1::ListDelegatorsRequest {
                representative: Some(identifier(listed)),
                privileges: Vec::new(),
                purpose: PURPOSE.to_owned(),
                page_size: PAGE_SIZE,
                page_token: String::new(),
            },
            listed_holds,
            givers: givers
                .into_iter()
                .map(|party| Giver {
                    party_id: population.party_id(party).to_string(),
                    identifier: identifier(party),
                })
                .collect(),
            given_privileges: vec![uri(PrivilegeNumber(0)), uri(PrivilegeNumber(1)), uri(PrivilegeNumber(2))],
        })
    }
}

impl Question {
    fn request(&self) -> v1::CheckDelegationRequest {
        v1::CheckDelegationRequest {
            delegator: Some(identifier(self.delegator)),
            representative: Some(identifier(self.representative)),
            privilege: uri(self.privilege),
            purpose: PURPOSE.to_owned(),
            p_number: String::new(),
        }
    }
}

fn uri(privilege: PrivilegeNumber) -> String {
    privilege.uri().as_str().to_owned()
}

/// Questions with the answer yes: any grant of the authority's that is in force.
fn granted(population: &Population, random: &mut Random) -> anyhow::Result<Vec<Question>> {
    collect("granted", || {
        let delegation = &population.delegations[random.below(population.delegations.len())];
        // Not one that ends while we measure, nor one that has just begun.
        let hour = TimeDelta::hours(1);
        let holds = [population.now() - hour, population.now() + hour * 12]
            .into_iter()
            .all(|at| delegation.is_in_force(at));
        let authority = ASKING.authority();
        let privileges: Vec<_> = population.privileges_of(delegation, &authority).collect();
        let representative = delegation.user().filter(|_| holds && !privileges.is_empty())?;
        Some(Question {
            delegator: delegation.delegator,
            representative,
            privilege: random.pick(&privileges),
        })
    })
}

/// Questions with the answer no: half about two who have nothing with each other, a third about a delegation that is
/// over, the others about somebody whom nobody has registered.
fn denied(population: &Population, random: &mut Random) -> anyhow::Result<Vec<Question>> {
    let published = PrivilegeNumber::all().filter(|privilege| privilege.is_published());
    let privileges: Vec<_> =
        published.filter(|privilege| privilege.authority() == ASKING.authority()).collect();
    let parties = population.parties();
    // Persons past the end of the population.
    let unregistered = (parties / 100 + 1) * 100 + 50;
    let questions = collect("denied", || {
        let delegation = &population.delegations[random.below(population.delegations.len())];
        let representative = match random.below(6) {
            0..=2 => PartyNumber(random.below(parties as usize) as u32),
            3 => PartyNumber(unregistered + random.below(40) as u32),
            _ if is_over(delegation, population.now()) => delegation.representative,
            _ => return None,
        };
        let question =
            Question { delegator: delegation.delegator, representative, privilege: random.pick(&privileges) };
        (question.representative != question.delegator).then_some(question)
    })?;
    Ok(without_granted(population, questions))
}

fn is_over(delegation: &Delegation, now: DateTime<Utc>) -> bool {
    delegation.period.to() < now || delegation.state.ended_at().is_some()
}

/// Leaves out what some delegation between the two grants after all.
fn without_granted(population: &Population, mut questions: Vec<Question>) -> Vec<Question> {
    let soon = population.now() + TimeDelta::days(1);
    let granted: HashSet<_> = population
        .delegations
        .iter()
        .filter(|delegation| delegation.is_in_force(population.now()) || delegation.is_in_force(soon))
        .filter_map(|delegation| Some((delegation.delegator, delegation.user()?)))
        .collect();
    questions.retain(|question| !granted.contains(&(question.delegator, question.representative)));
    questions
}

fn collect(what: &str, mut next: impl FnMut() -> Option<Question>) -> anyhow::Result<Vec<Question>> {
    let questions: Vec<_> = (0..MAX_TRIES).filter_map(|_| next()).take(COUNT).collect();
    anyhow::ensure!(questions.len() == COUNT, "the population has too few {what} questions");
    Ok(questions)
}

pub(crate) fn identifier(party: PartyNumber) -> v1::Identifier {
    let identifier = party.identifier();
    let text = identifier.expose().to_owned();
    let value = match identifier {
        Identifier::Cpr(_) => Value::CprNumber(text),
        Identifier::Cvr(_) => Value::CvrNumber(text),
        Identifier::Rid(_) => Value::Rid(text),
        other => unreachable!("parties are named first by CPR, CVR or RID, not by {}", other.kind().as_str()),
    };
    v1::Identifier { value: Some(value) }
}
