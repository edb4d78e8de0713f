//! What a command decided, as it is written in one statement.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    delegation::{DelegationId, Step},
    identifier::PNumber,
    package::PackageId,
    paper::Record,
    party::{Party, PartyId},
};
use uuid::Uuid;

use super::proof::SealedProof;
use crate::{
    party::{PartyChange, Progress},
    usage::About,
};

/// What a command decided, to be written together or not at all.
#[derive(Debug)]
pub struct Changes<'a> {
    /// The parties that it was decided from: they must be so still.
    pub held: Vec<Held>,
    /// The packages that it was decided from: they must be so still.
    pub packages: Vec<HeldPackage>,
    /// Parties whose standing changes.
    pub parties: Vec<PartyChange>,
    /// Delegator and representative, when the steps are about everything that lives between them at an instant: had
    /// anything been given meanwhile, it would be left out.
    pub all_between: Option<(PartyId, PartyId, DateTime<Utc>)>,
    /// How far the turn of a party is written into its delegations.
    pub progress: Option<Progress>,
    /// What happens to delegations, at most one step each, at most one of a new delegation.
    pub steps: Vec<Step>,
    /// The message of the new delegation.
    pub message: Option<SealedMessage>,
    /// The signature.
    pub proof: Option<SealedProof>,
    /// The employee who may use a delegation from now on.
    pub designated: Option<Designated>,
    /// Employees who may no longer use a delegation.
    pub undesignated: Vec<(DelegationId, PartyId)>,
    /// The paper case, as it is after the command.
    pub paper: Option<PaperCase>,
    /// Letters to be posted.
    pub letters: Vec<LetterRequest>,
    /// Whom the call is about, and how it ended, when it touches no delegation.
    pub about: About,
    /// The same for the usage log.
    pub outcome: &'static str,
    /// Ids for the notices, at least one for each that the steps tell of.
    pub notice_ids: Vec<Uuid>,
    /// The encoded answer, kept for repeated requests.
    pub response: &'a [u8],
}

impl<'a> Changes<'a> {
    /// Steps, and nothing beside.
    #[must_use]
    pub fn new(steps: Vec<Step>, response: &'a [u8]) -> Self {
        Self {
            held: Vec::new(),
            packages: Vec::new(),
            parties: Vec::new(),
            all_between: None,
            progress: None,
            steps,
            message: None,
            proof: None,
            designated: None,
            undesignated: Vec::new(),
            paper: None,
            letters: Vec::new(),
            about: About::default(),
            outcome: "done",
            notice_ids: Vec::new(),
            response,
        }
    }

    /// How many notices the steps tell of.
    #[must_use]
    pub fn notice_count(&self) -> usize {
        self.steps.iter().map(|step| step.tells.len()).sum()
    }
}

/// A party that a command was decided from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The party.
    pub party: PartyId,
    /// Its version as it was read.
    pub version: i64,
    /// Whether other commands about it must wait: so for a delegator. Otherwise it only must not change.
    pub exclusive: bool,
}

impl Held {
    /// A party that must not change meanwhile.
    #[must_use]
    pub const fn shared(party: &Party) -> Self {
        Self { party: party.id, version: party.version, exclusive: false }
    }

    /// A party whose commands go one at a time.
    #[must_use]
    pub const fn exclusive(party: &Party) -> Self {
        Self { party: party.id, version: party.version, exclusive: true }
    }
}

/// A package that a command was decided from: no version of it may have come meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPackage {
    /// The package.
    pub package: PackageId,
    /// Its version as it was read.
    pub version: i64,
}

/// A message under its writer's data key.
#[derive(Clone, Debug)]
pub struct SealedMessage {
    pub(super) writer: PartyId,
    pub(super) bytes: Vec<u8>,
}

/// An employee who may use a delegation.
#[derive(Clone, Debug)]
pub struct Designated {
    /// The delegation.
    pub delegation: DelegationId,
    /// The employee.
    pub employee: PartyId,
    /// The production unit that the employee is limited to.
    pub p_number: Option<PNumber>,
}

/// A paper case as it is after the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperCase {
    /// The delegation.
    pub delegation: DelegationId,
    /// Who handled the paper.
    pub record: Record,
    /// Whether this command registers the form: the privileges that its step leaves are those that were ticked.
    pub registers: bool,
}

/// A letter to be posted.
#[derive(Clone, Copy, Debug)]
pub struct LetterRequest {
    /// The letter's id.
    pub id: Uuid,
    /// What it says.
    pub kind: LetterKind,
    /// To whom.
    pub receiver: PartyId,
    /// About which delegation.
    pub delegation: DelegationId,
}

/// What a letter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterKind {
    /// The form to be signed.
    PaperForm,
    /// Who may now do what, and how to object.
    PaperConfirmation,
}

impl LetterKind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::PaperForm => "paper_form",
            Self::PaperConfirmation => "paper_confirmation",
        }
    }
}
