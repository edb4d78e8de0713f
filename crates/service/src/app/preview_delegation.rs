//! `PreviewDelegation`: what a command would agree, without doing it.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    agreement::Text, assurance::LevelOfAssurance, delegation::DelegationId, package::PackageId,
};
use fuldmagt_store::{
    delegation::{Ask, Facts},
    revision::Revision,
    usage::About,
};

use super::{
    App, Call, Error, Result, accept_delegation, create_delegation, delegating::about, packages::ids,
    renew_delegation, signing::Draft, sub_delegate,
};

/// The outcome, in the usage log, of a preview.
const PREVIEWED: &str = "previewed";

/// What is to be signed.
#[derive(Clone, Debug)]
pub enum Terms {
    /// A gift.
    Create(create_delegation::Terms),
    /// The acceptance of a request.
    Accept(accept_delegation::Terms),
    /// A renewal.
    Renew(renew_delegation::Terms),
    /// A part that is given on.
    SubDelegate(sub_delegate::Terms),
}

/// What would be agreed.
#[derive(Debug)]
pub struct Preview {
    /// The text to be shown and signed.
    pub text: Text,
    /// The level of assurance that the signature must have.
    pub minimum: LevelOfAssurance,
    /// The delegations that would be replaced, wholly or in part.
    pub replaced: Vec<DelegationId>,
    /// The state that this is from.
    pub revision: Revision,
}

impl App {
    /// What the command would agree: tries every rule that it tries, and writes nothing but the usage log. Two round
    /// trips.
    ///
    /// # Errors
    /// Those of the command, but for the signature's.
    pub async fn preview_delegation(&self, call: &Call, terms: &Terms) -> Result<Preview> {
        let packages = terms.packages();
        let facts = self.store.facts(terms.ask(&packages, call.at)).await?;
        let decided = self.preview(call, terms, &facts);
        let outcome = decided.as_ref().map_or_else(Error::reason, |_| PREVIEWED);
        self.store.log_outcome(call.usage(), terms.about(), outcome).await?;
        let draft = decided?;
        Ok(Preview {
            text: draft.text,
            minimum: draft.minimum,
            replaced: draft.replaced,
            revision: facts.revision,
        })
    }

    fn preview(&self, call: &Call, terms: &Terms, facts: &Facts) -> Result<Draft> {
        // No text says the id of what is new.
        let (id, at) = (DelegationId(self.ids.row_id(call.at)), call.at);
        match terms {
            Terms::Create(terms) => terms.draft(facts, &self.decide_gift(terms, facts, id, at)?),
            Terms::Accept(terms) => terms.draft(facts, &self.decide_acceptance(terms, None, facts, at)?),
            Terms::Renew(terms) => terms.draft(facts, &self.decide_renewal(terms, facts, id, at)?),
            Terms::SubDelegate(terms) => {
                terms.draft(facts, &self.decide_sub_delegation(terms, facts, id, at)?)
            }
        }
    }
}

impl Terms {
    /// What the rules need to know to decide on it. Nobody has signed yet.
    fn ask<'a>(&'a self, packages: &'a [PackageId], at: DateTime<Utc>) -> Ask<'a> {
        match self {
            Self::Create(terms) => terms.ask(&[], packages, at),
            Self::Accept(terms) => terms.ask(&[], at),
            Self::Renew(terms) => terms.ask(&[], at),
            Self::SubDelegate(terms) => terms.ask(&[]),
        }
    }

    fn packages(&self) -> Vec<PackageId> {
        match self {
            Self::Create(terms) => ids(&terms.packages),
            Self::Accept(_) | Self::Renew(_) | Self::SubDelegate(_) => Vec::new(),
        }
    }

    fn about(&self) -> About {
        match self {
            Self::Create(terms) => terms.about(),
            Self::Accept(terms) => about(terms.delegation),
            Self::Renew(terms) => about(terms.delegation),
            Self::SubDelegate(terms) => terms.about(),
        }
    }
}
