//! A population: who delegates what to whom, skewed like real people, and the same for the same seed.
//!
//! Most parties have no delegation; some give or hold a few, and a few organisations hold up to a thousand. What is
//! written is what the service would have written, at the rate at which Postgres can take it.

mod catalogue;
mod load;
mod parties;
mod plan;
mod random;
mod schema;

use std::collections::HashSet;

use chrono::{DateTime, SubsecRound as _, Utc};
use fuldmagt_domain::delegation::DelegationId;
use fuldmagt_domain::identifier::CvrNumber;
use fuldmagt_domain::party::PartyId;

pub use catalogue::{PRIVILEGES, PUBLISHED, PrivilegeNumber};
pub use load::{Loaded, load};
pub use parties::PartyNumber;
pub use plan::Delegation;
pub use random::Random;
pub use schema::describe;

use parties::Parties;

/// As many parties as delegations, but never so few that there are no organisations.
const MIN_PARTIES: usize = 1_000;

/// The whole plan. Takes some hundred bytes for a delegation and nothing for a party.
#[derive(Debug)]
pub struct Population {
    /// By age: its place here is a delegation's number.
    pub delegations: Vec<Delegation>,
    parties: Parties,
}

impl Population {
    /// The population of that seed, with so many delegations and as many parties, as it is at the instant.
    pub fn new(seed: u64, delegations: usize, now: DateTime<Utc>) -> Self {
        let now = now.trunc_subsecs(6);
        let count = u32::try_from(delegations.max(MIN_PARTIES)).expect("fewer than four billion parties");
        let mut random = Random::new(seed);
        let delegations = plan::draw(delegations, count, &mut random, now);
        Self { delegations, parties: Parties { seed, count, now } }
    }

    /// The instant that it is described for.
    pub fn now(&self) -> DateTime<Utc> {
        self.parties.now
    }

    /// How many parties there are.
    pub fn parties(&self) -> u32 {
        self.parties.count
    }

    /// The id of a party.
    pub fn party_id(&self, party: PartyNumber) -> PartyId {
        self.parties.id(party)
    }

    /// The id of the delegation at that place.
    pub fn delegation_id(&self, place: usize) -> DelegationId {
        self.delegations[place].id(place, self.parties.seed)
    }

    /// Those who neither give nor hold anything.
    pub fn without_delegations(&self) -> Vec<PartyNumber> {
        let busy: HashSet<PartyNumber> =
            self.delegations.iter().flat_map(|d| [d.delegator, d.representative]).collect();
        self.parties.all().filter(|party| !busy.contains(party)).collect()
    }

    /// Who may use most, and how many.
    pub fn busiest_representative(&self) -> (PartyNumber, usize) {
        let mut counts = std::collections::HashMap::<PartyNumber, usize>::new();
        for user in self.delegations.iter().filter_map(Delegation::user) {
            *counts.entry(user).or_default() += 1;
        }
        // The number decides between equals, so that it is the same one in every run.
        counts.into_iter().max_by_key(|(party, count)| (*count, *party)).expect("some delegation")
    }

    /// The privileges of a delegation that are that authority's.
    pub fn privileges_of<'a>(
        &self,
        delegation: &Delegation,
        authority: &'a CvrNumber,
    ) -> impl Iterator<Item = PrivilegeNumber> + use<'a> {
        delegation.privileges().filter(move |privilege| privilege.authority() == *authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn population(seed: u64) -> Population {
        Population::new(seed, 20_000, DateTime::from_timestamp(1_781_517_600, 0).unwrap())
    }

    #[test]
    fn the_same_seed_gives_the_same_population_and_another_seed_another() {
        let pairs = |population: &Population| {
            population.delegations.iter().map(|d| (d.delegator, d.representative)).collect::<Vec<_>>()
        };
        assert_eq!(pairs(&population(1)), pairs(&population(1)));
        assert_ne!(pairs(&population(1)), pairs(&population(2)));
    }

    #[test]
    fn most_have_nothing_and_a_few_hold_very_much() {
        let population = population(1);
        let without = population.without_delegations().len();
        assert!(without * 2 > population.parties() as usize, "{without} of {}", population.parties());
        let (representative, held) = population.busiest_representative();
        assert!((500..=2_000).contains(&held), "{held}");
        assert_eq!(representative.kind(), fuldmagt_domain::identifier::PartyKind::Employee);
    }

    #[test]
    fn all_states_occur_and_most_delegations_are_in_force() {
        use fuldmagt_domain::delegation::State;
        let population = population(1);
        let share = |is: &dyn Fn(&Delegation) -> bool| {
            let count = population.delegations.iter().filter(|delegation| is(delegation)).count();
            count * 100 / population.delegations.len()
        };
        let now = population.now();
        let in_force = share(&|d| d.is_in_force(now));
        assert!((40..60).contains(&in_force), "{in_force} %");
        assert!(share(&|d| now < d.period.from()) >= 2);
        assert!(share(&|d| d.period.to() <= now) >= 15);
        assert!(share(&|d| matches!(d.state, State::Revoked { .. })) >= 5);
        assert!(share(&|d| matches!(d.state, State::Renounced { .. })) >= 1);
        assert!(
            population.delegations.iter().all(|d| d.created_at <= now && d.created_at <= d.period.from())
        );
    }
}
