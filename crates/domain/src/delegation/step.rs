//! What a command does to one delegation: the delegation after it, its event, and everything that goes with it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Content, Delegation, DelegationId, EndReason, State, Termination};
use crate::{
    package::{Following, PackageId},
    party::PartyId,
    privilege::PrivilegeUri,
};

/// What can happen to a delegation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The delegator gave it.
    Created,
    /// The representative asked for it.
    Requested,
    /// The delegator accepted the request.
    Accepted,
    /// The delegator declined the request.
    Declined,
    /// The representative withdrew the request.
    Withdrawn,
    /// Nobody answered the request in time.
    Lapsed,
    /// The delegator revoked it.
    Revoked,
    /// Some privileges or packages were taken out; the rest lives on.
    PrivilegesRevoked,
    /// The representative renounced it.
    Renounced,
    /// Another delegation replaced it, wholly or in part.
    Superseded,
    /// The representative gave a part of it on.
    SubDelegated,
    /// A party was suspended.
    Suspended,
    /// A suspended party is in good standing again.
    Resumed,
    /// It was ended by law or by what it depended on.
    Terminated,
    /// The organisation designated an employee to use it.
    EmployeeDesignated,
    /// An employee's designation was removed.
    DesignationRemoved,
    /// Two parties became one: it moved to the one that remains, or lost what that had twice.
    PartyMerged,
    /// A paper delegation was started.
    PaperStarted,
    /// The signed form was registered.
    PaperRegistered,
    /// A second caseworker approved.
    PaperApproved,
    /// The paper case was rejected.
    PaperRejected,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::Created,
        Self::Requested,
        Self::Accepted,
        Self::Declined,
        Self::Withdrawn,
        Self::Lapsed,
        Self::Revoked,
        Self::PrivilegesRevoked,
        Self::Renounced,
        Self::Superseded,
        Self::SubDelegated,
        Self::Suspended,
        Self::Resumed,
        Self::Terminated,
        Self::EmployeeDesignated,
        Self::DesignationRemoved,
        Self::PartyMerged,
        Self::PaperStarted,
        Self::PaperRegistered,
        Self::PaperApproved,
        Self::PaperRejected,
    ];

    /// The stable name, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Requested => "requested",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
            Self::Lapsed => "lapsed",
            Self::Revoked => "revoked",
            Self::PrivilegesRevoked => "privileges_revoked",
            Self::Renounced => "renounced",
            Self::Superseded => "superseded",
            Self::SubDelegated => "sub_delegated",
            Self::Suspended => "suspended",
            Self::Resumed => "resumed",
            Self::Terminated => "terminated",
            Self::EmployeeDesignated => "employee_designated",
            Self::DesignationRemoved => "designation_removed",
            Self::PartyMerged => "party_merged",
            Self::PaperStarted => "paper_started",
            Self::PaperRegistered => "paper_registered",
            Self::PaperApproved => "paper_approved",
            Self::PaperRejected => "paper_rejected",
        }
    }

    /// The kind of that name, if it is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// How a privilege that is taken out with such an event ended, as stored.
    #[must_use]
    pub const fn taken_as(self) -> &'static str {
        match self {
            Self::Renounced => "renounced",
            Self::Superseded => "superseded",
            Self::Terminated | Self::PartyMerged => "terminated",
            Self::Created
            | Self::Requested
            | Self::Accepted
            | Self::Declined
            | Self::Withdrawn
            | Self::Lapsed
            | Self::Revoked
            | Self::PrivilegesRevoked
            | Self::SubDelegated
            | Self::Suspended
            | Self::Resumed
            | Self::EmployeeDesignated
            | Self::DesignationRemoved
            | Self::PaperStarted
            | Self::PaperRegistered
            | Self::PaperApproved
            | Self::PaperRejected => "revoked",
        }
    }
}

/// What a party is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// To the delegator: a delegation is asked for.
    Requested,
    /// To the representative: a delegation was given.
    Given,
    /// To the representative: the request was accepted.
    Accepted,
    /// To the representative: the request was declined.
    Declined,
    /// To the representative: the delegation, or a part of it, was revoked.
    Revoked,
    /// To the delegator: the delegation was renounced.
    Renounced,
    /// To both: the delegation is about to end.
    Expiring,
    /// To the other party: the delegation ended because a party died.
    EndedByDeath,
    /// To the parties: the delegation ended or moved because two parties became one.
    Merged,
    /// To the representative: the request lapsed.
    Lapsed,
    /// To the other party: a party was suspended, or is no longer.
    Suspension,
    /// To the delegator: a part of the delegation was given on.
    SubDelegated,
    /// To the parties: what the delegation depended on ended.
    Terminated,
    /// To the parties: a paper delegation was approved or rejected.
    Paper,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Requested,
        Self::Given,
        Self::Accepted,
        Self::Declined,
        Self::Revoked,
        Self::Renounced,
        Self::Expiring,
        Self::EndedByDeath,
        Self::Merged,
        Self::Lapsed,
        Self::Suspension,
        Self::SubDelegated,
        Self::Terminated,
        Self::Paper,
    ];

    /// The stable name, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Given => "given",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Revoked => "revoked",
            Self::Renounced => "renounced",
            Self::Expiring => "expiring",
            Self::EndedByDeath => "ended_by_death",
            Self::Merged => "merged",
            Self::Lapsed => "lapsed",
            Self::Suspension => "suspension",
            Self::SubDelegated => "sub_delegated",
            Self::Terminated => "terminated",
            Self::Paper => "paper",
        }
    }

    /// The kind of that name, if it is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Why a paper case was rejected, as the caseworker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaperRejectReason {
    /// Not signed, or not by the delegator.
    Signature,
    /// Incomplete or unreadable.
    Incomplete,
    /// The form does not say what was registered.
    Misregistered,
    /// The delegator does not want it, or cannot want it.
    Delegator,
    /// The form did not come back.
    NotReturned,
}

impl PaperRejectReason {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Signature, Self::Incomplete, Self::Misregistered, Self::Delegator, Self::NotReturned];

    /// The stable name, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Incomplete => "incomplete",
            Self::Misregistered => "misregistered",
            Self::Delegator => "delegator",
            Self::NotReturned => "not_returned",
        }
    }

    /// The reason of that name, if it is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// Why something happened to a delegation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// As the one who ended it says.
    End(EndReason),
    /// By law or by what it depended on.
    Termination(Termination),
    /// As the caseworker says.
    PaperReject(PaperRejectReason),
}

impl Reason {
    /// The stable name, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::End(reason) => reason.as_str(),
            Self::Termination(why) => why.as_str(),
            Self::PaperReject(reason) => reason.as_str(),
        }
    }

    /// The reason of that name, if it is one. The names of the three kinds are all different.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        EndReason::parse(name)
            .map(Self::End)
            .or_else(|| Termination::parse(name).map(Self::Termination))
            .or_else(|| PaperRejectReason::parse(name).map(Self::PaperReject))
    }
}

/// One event of one delegation, with all that it changes. The store writes the steps of a command together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The delegation after it. Version 1: it is new.
    pub delegation: Delegation,
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: DateTime<Utc>,
    /// On whose word: the delegator or the representative. `None` for a caseworker, a register or time.
    pub acting_for: Option<PartyId>,
    /// Why.
    pub reason: Option<Reason>,
    /// What else was part of it: the other delegation, or the employee.
    pub related: Option<Uuid>,
    /// Privileges that are asked for, with a new request.
    pub asks: Vec<PrivilegeUri>,
    /// Privileges that are granted by it: from the delegation's start on with the step that gives it, else from the
    /// step on.
    pub grants: Vec<PrivilegeUri>,
    /// Privileges that are taken out by it.
    pub takes: Vec<PrivilegeUri>,
    /// Packages that are asked to be followed, with a new request.
    pub asks_to_follow: Vec<PackageId>,
    /// Packages that are followed from the delegation's start on.
    pub follows: Vec<Following>,
    /// Packages that are followed no longer.
    pub leaves: Vec<PackageId>,
    /// Who is told of it.
    pub tells: Vec<(PartyId, NoticeKind)>,
    /// What parties were to be told and need not be any more, unless they have been.
    pub untells: Vec<NoticeKind>,
}

impl Step {
    /// A step that changes nothing but what `delegation` says.
    #[must_use]
    pub fn new(delegation: Delegation, kind: EventKind, at: DateTime<Utc>) -> Self {
        Self {
            delegation,
            kind,
            at,
            acting_for: None,
            reason: None,
            related: None,
            asks: Vec::new(),
            grants: Vec::new(),
            takes: Vec::new(),
            asks_to_follow: Vec::new(),
            follows: Vec::new(),
            leaves: Vec::new(),
            tells: Vec::new(),
            untells: Vec::new(),
        }
    }

    /// The next step of a delegation: the state after it, and one version more. Never earlier than the delegation
    /// itself, whatever the clocks of two machines say.
    #[must_use]
    pub fn next(delegation: Delegation, state: State, kind: EventKind, at: DateTime<Utc>) -> Self {
        let version = delegation.version + 1;
        let at = at.max(delegation.created_at);
        Self::new(Delegation { state, version, ..delegation }, kind, at)
    }

    /// Whether it is the one by which the delegation is given.
    #[must_use]
    pub const fn gives(&self) -> bool {
        matches!(self.kind, EventKind::Created | EventKind::Accepted | EventKind::PaperApproved)
    }

    /// From when on it grants what it grants.
    #[must_use]
    pub fn grants_from(&self) -> DateTime<Utc> {
        let from = self.delegation.period.from();
        if self.gives() { from } else { from.max(self.at) }
    }

    /// What of the delegation ends by it.
    #[must_use]
    pub fn ends(&self) -> Content {
        Content { privileges: self.takes.clone(), packages: self.leaves.clone() }
    }

    /// The delegation's id.
    #[must_use]
    pub const fn id(&self) -> DelegationId {
        self.delegation.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_reasons_are_all_different_and_read_back() {
        let mut all: Vec<Reason> = EndReason::ALL.map(Reason::End).to_vec();
        all.extend(Termination::ALL.map(Reason::Termination));
        all.extend(PaperRejectReason::ALL.map(Reason::PaperReject));
        for reason in all {
            assert_eq!(Reason::parse(reason.as_str()), Some(reason));
        }
    }

    #[test]
    fn the_names_of_events_and_notices_read_back() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.as_str()), Some(kind));
        }
        for kind in NoticeKind::ALL {
            assert_eq!(NoticeKind::parse(kind.as_str()), Some(kind));
        }
    }
}
