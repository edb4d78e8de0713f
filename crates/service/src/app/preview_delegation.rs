//! `PreviewDelegation`: what a command would agree, without doing it.

use fuldmagt_domain::{
    agreement::Text,
    assurance::LevelOfAssurance,
    delegation::{DelegationId, Step},
};
use fuldmagt_store::{delegation::Facts, revision::Revision, usage::About};

use super::{
    App, Call, Error, Result, create_delegation,
    signing::{Draft, draft},
};

/// The outcome, in the usage log, of a preview.
const PREVIEWED: &str = "previewed";

/// What is to be signed.
#[derive(Clone, Debug)]
pub enum Terms {
    /// A gift.
    Create(create_delegation::Terms),
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
        let about = terms.about();
        let (facts, decided) = match terms {
            Terms::Create(terms) => {
                let facts = self.store.facts(terms.ask(&[])).await?;
                let decided = self.preview_gift(call, terms, &facts);
                (facts, decided)
            }
        };
        let outcome = decided.as_ref().map_or_else(Error::reason, |_| PREVIEWED);
        self.store.log_outcome(call.usage(), about, outcome).await?;
        let draft = decided?;
        Ok(Preview {
            text: draft.text,
            minimum: draft.minimum,
            replaced: draft.replaced,
            revision: facts.revision,
        })
    }

    fn preview_gift(&self, call: &Call, terms: &create_delegation::Terms, facts: &Facts) -> Result<Draft> {
        // No id is said in the text.
        let id = DelegationId(self.ids.row_id(call.at));
        let steps: Vec<Step> = self.decide_gift(terms, facts, id, call.at)?;
        draft(facts, &steps, terms.stated, None)
    }
}

impl Terms {
    fn about(&self) -> About {
        match self {
            Self::Create(terms) => terms.about(),
        }
    }
}
