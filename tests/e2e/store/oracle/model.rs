//! A world as it was played: the history to decide from, and the definition of a yes.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    decision::{Asked, Circumstances, Decision, Designation, Ended, Grant, Holder, Place, decide},
    delegation::DelegationId,
    party::Standing,
    period::Period,
    privilege::{ExistingGrants, Publication},
};

use super::plan::{ORGANISATION, PARTIES, PRIVILEGES, employer};

/// The history of a world.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) standings: [Standing; PARTIES],
    pub(super) publications: [Publication; PRIVILEGES],
    pub(super) memberships: Vec<Membership>,
    pub(super) delegations: Vec<Delegation>,
}

/// A privilege in a package.
#[derive(Debug)]
pub(super) struct Membership {
    pub(super) package: usize,
    pub(super) privilege: usize,
    pub(super) from: DateTime<Utc>,
    pub(super) to: Option<DateTime<Utc>>,
}

/// A delegation that the schema took.
#[derive(Debug)]
pub(super) struct Delegation {
    pub(super) id: DelegationId,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) period: Period,
    pub(super) has_ended: bool,
    /// Its place in the history.
    pub(super) parent: Option<usize>,
    /// With how and when each was ended.
    pub(super) privileges: Vec<(usize, Option<Ended>)>,
    pub(super) packages: Vec<(usize, Option<Ended>)>,
    pub(super) designations: Vec<Designated>,
}

/// An employee who was designated.
#[derive(Debug)]
pub(super) struct Designated {
    pub(super) employee: usize,
    pub(super) from: DateTime<Utc>,
    pub(super) removed: Option<DateTime<Utc>>,
    pub(super) unit: Option<usize>,
}

/// May one act for the other on the privilege, where the question names that production unit?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Question {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) privilege: usize,
    pub(super) unit: Option<usize>,
}

impl Model {
    /// The domain's decision over the whole history.
    pub(super) fn decide(&self, question: Question, at: DateTime<Utc>) -> Decision {
        let history: Vec<Grant> =
            self.delegations.iter().flat_map(|delegation| self.grants(delegation, question, at)).collect();
        decide(&history, self.circumstances(question), Asked::Now(at))
    }

    /// The decision if there were only this delegation, and the period that grants.
    pub(super) fn decide_by(
        &self,
        delegation: &Delegation,
        question: Question,
        at: DateTime<Utc>,
    ) -> Option<Period> {
        let grants = self.grants(delegation, question, at);
        let decision = decide(&grants, self.circumstances(question), Asked::Now(at));
        let Decision::Granted { valid_to, .. } = decision else { return None };
        let in_force = grants.iter().filter(|grant| grant.ended.is_none() && grant.period.contains(at));
        let from = in_force.map(|grant| grant.period).filter(|period| period.to() == valid_to);
        Period::new(from.map(|period| period.from()).min().expect("what granted"), valid_to).ok()
    }

    fn circumstances(&self, question: Question) -> Circumstances {
        Circumstances {
            delegator: self.standings[question.from],
            representative: self.standings[question.to],
            employer: employer(question.to).map(|employer| self.standings[employer]),
            publication: self.publications[question.privilege],
        }
    }

    /// Every way in which the delegation ever gave the privilege to the representative.
    fn grants(&self, delegation: &Delegation, question: Question, at: DateTime<Utc>) -> Vec<Grant> {
        let holders = holders(delegation, question);
        let above = self.above(delegation).into_iter().find(|standing| *standing != Standing::Good);
        let above = above.unwrap_or(Standing::Good);
        let ways = self.ways(delegation, question.privilege, at);
        let grant =
            |(period, ended), holder| Grant { ended, holder, above, ..Grant::own(delegation.id, period) };
        ways.iter().flat_map(|way| holders.iter().map(|holder| grant(*way, *holder))).collect()
    }

    /// When the delegation grants the privilege, by itself or by its packages, as it is known at the instant.
    fn ways(
        &self,
        delegation: &Delegation,
        privilege: usize,
        at: DateTime<Utc>,
    ) -> Vec<(Period, Option<Ended>)> {
        let reaches = |it: &&Membership| reaches_followers(self.publications[privilege], it.from, at);
        let direct = delegation.privileges.iter().filter(|(given, _)| *given == privilege);
        let mut ways: Vec<_> = direct.map(|(_, ended)| (delegation.period, *ended)).collect();
        for (package, ended) in &delegation.packages {
            let members = self.memberships.iter();
            let members = members.filter(|it| it.package == *package && it.privilege == privilege);
            for member in members.filter(reaches) {
                let from = member.from.max(delegation.period.from());
                let to = member.to.map_or(delegation.period.to(), |to| to.min(delegation.period.to()));
                ways.extend(Period::new(from, to).ok().map(|period| (period, *ended)));
            }
        }
        ways
    }

    /// The standings of those above, and of their employers.
    fn above(&self, delegation: &Delegation) -> Vec<Standing> {
        let above = self.line(delegation).into_iter().filter(|it| it.id != delegation.id);
        above
            .flat_map(|it| [Some(it.to), employer(it.to)])
            .flatten()
            .map(|party| self.standings[party])
            .collect()
    }

    /// The delegation and those above it, from the top.
    pub(super) fn line<'a>(&'a self, delegation: &'a Delegation) -> Vec<&'a Delegation> {
        let mut line = vec![delegation];
        while let Some(parent) = line[0].parent {
            line.insert(0, &self.delegations[parent]);
        }
        line
    }

    /// The definition: some delegation that is in force grants the privilege to somebody who may use it, everybody in
    /// between is in good standing, and the privilege may be used.
    pub(super) fn is_yes(&self, question: Question, at: DateTime<Utc>) -> bool {
        let Question { from, to, privilege, unit } = question;
        let good = |party: usize| {
            self.standings[party] == Standing::Good
                && employer(party).is_none_or(|employer| self.standings[employer] == Standing::Good)
        };
        let gives = |it: &Delegation| {
            self.ways(it, privilege, at).iter().any(|(period, ended)| ended.is_none() && period.contains(at))
        };
        let may_use = |it: &Delegation| {
            let designated = it.designations.iter().any(|designated| {
                designated.employee == to
                    && designated.removed.is_none()
                    && designated.from <= at
                    && designated.unit.is_none_or(|limit| unit == Some(limit))
            });
            it.to == to && to != ORGANISATION || employer(to) == Some(it.to) && designated
        };
        let everybody_is_good = |it: &Delegation| self.line(it).iter().all(|above| good(above.to));
        let mut given = self.delegations.iter().filter(|it| it.from == from);
        good(from)
            && good(to)
            && may_be_used(self.publications[privilege], at)
            && given.any(|it| gives(it) && may_use(it) && everybody_is_good(it))
    }

    /// Every instant at which something begins or ends; at least one.
    pub(super) fn boundaries(&self) -> Vec<DateTime<Utc>> {
        let mut all = vec![super::plan::instant(0)];
        for delegation in &self.delegations {
            all.extend([delegation.period.from(), delegation.period.to()]);
            let ends =
                delegation.privileges.iter().chain(&delegation.packages).filter_map(|(_, ended)| *ended);
            all.extend(ends.map(|ended| ended.at));
            let designations = delegation.designations.iter();
            all.extend(designations.flat_map(|it| [Some(it.from), it.removed]).flatten());
        }
        all.extend(self.memberships.iter().flat_map(|it| [Some(it.from), it.to]).flatten());
        all.extend(self.publications.iter().flat_map(of_publication));
        all.sort();
        all.dedup();
        all
    }
}

/// As whom the representative could use the delegation: one for each designation that there ever was.
fn holders(delegation: &Delegation, question: Question) -> Vec<Holder> {
    if delegation.from != question.from {
        return Vec::new();
    }
    if delegation.to == question.to {
        return vec![if question.to == ORGANISATION { Holder::Organisation } else { Holder::Own }];
    }
    if employer(question.to) != Some(delegation.to) {
        return Vec::new();
    }
    let designated = delegation.designations.iter().filter(|it| it.employee == question.to);
    let mut holders: Vec<_> = designated
        .map(|it| {
            let place = match it.unit {
                None => Place::Anywhere,
                Some(limit) if question.unit == Some(limit) => Place::Here,
                Some(_) => Place::Elsewhere,
            };
            Holder::Employer(Some(Designation { from: it.from, removed: it.removed, place }))
        })
        .collect();
    holders.push(Holder::Employer(None));
    holders
}

fn may_be_used(publication: Publication, at: DateTime<Utc>) -> bool {
    match publication {
        Publication::Draft => false,
        Publication::Published { from } => from <= at,
        Publication::Hidden { from, to, is_planned, existing, again } => {
            let kept = existing == ExistingGrants::Keep;
            from <= at && (kept || is_planned && at < to || again.is_some_and(|again| again <= at))
        }
    }
}

/// What came to a package after it was hidden was given to nobody before, and is not kept for them.
fn reaches_followers(publication: Publication, member_from: DateTime<Utc>, at: DateTime<Utc>) -> bool {
    match publication {
        Publication::Hidden { to, existing: ExistingGrants::Keep, again, .. } => {
            member_from < to || again.is_some_and(|again| again <= at)
        }
        Publication::Draft | Publication::Published { .. } | Publication::Hidden { .. } => true,
    }
}

fn of_publication(publication: &Publication) -> Vec<DateTime<Utc>> {
    match *publication {
        Publication::Draft => Vec::new(),
        Publication::Published { from } => vec![from],
        Publication::Hidden { from, to, again, .. } => {
            [Some(from), Some(to), again].into_iter().flatten().collect()
        }
    }
}
