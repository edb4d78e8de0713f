//! `RegisterSignedForm`: a caseworker registers the form that came back.

use fuldmagt_domain::{
    delegation::DelegationId,
    paper::{self, Returned},
};
use fuldmagt_store::delegation::{Ask, Changes};

use super::{
    App, Result,
    actor::Actor,
    command::{Answer, Order},
    delegating::{about, held},
    paper::{Encode, after, case, caseworker, written},
};

/// The form that came back.
#[derive(Clone, Debug)]
pub struct RegisterForm {
    /// The logged-in caseworker.
    pub actor: Actor,
    /// The delegation.
    pub delegation: DelegationId,
    /// What the form says.
    pub returned: Returned,
}

impl App {
    /// Registers a signed form. Three round trips to the database.
    ///
    /// # Errors
    /// [`super::Error::PartyNotFound`], [`super::Error::DelegationNotFound`], [`super::Error::Paper`], and those of
    /// every command.
    pub async fn register_signed_form(
        &self,
        order: Order,
        form: RegisterForm,
        encode: Encode,
    ) -> Result<Answer> {
        let about = about(form.delegation);
        let app = self.clone();
        self.run(order, about, move |order| {
            let (app, form) = (app.clone(), form.clone());
            async move { app.register_form(&order, form, encode).await }
        })
        .await
    }

    async fn register_form(&self, order: &Order, form: RegisterForm, encode: Encode) -> Result<Answer> {
        let delegations = [form.delegation];
        let ask = Ask { actor: Some(form.actor.party), delegations: &delegations, ..Ask::default() };
        let facts = self.store.facts(ask).await?;
        let clerk = caseworker(&facts, form.actor)?;
        let case = case(&facts, form.delegation)?;
        let (step, record) = paper::register(case, clerk, form.returned, order.call.at)?;
        let case = after(&step, record);
        let response = encode(&case, order);
        let changes = Changes {
            held: held(&facts, case.delegation.delegator),
            paper: Some(written(&case, true)),
            ..Changes::new(vec![step], &response)
        };
        self.apply(order, changes).await
    }
}
