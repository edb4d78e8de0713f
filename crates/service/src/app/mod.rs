//! The application layer, between the RPCs and the store: one file per command or question, no gRPC and no SQL.
//!
//! Each authorises, asks the store what the domain's rules need to know, lets the domain decide, and has the store
//! write the outcome in one statement. A question's statement logs it; a command that is refused after something was
//! read about a person, or that gets its first answer again, is logged by [`command`].

pub mod accept_delegation;
pub mod acknowledge_notices;
pub mod actor;
pub mod approve_paper_delegation;
pub mod check_delegations;
pub mod command;
pub mod create_delegation;
pub mod decline_delegation;
mod delegating;
pub mod designate_employee;
pub mod end_delegation;
pub mod end_employment;
pub mod error;
pub mod expiry_notices;
pub mod get_cpr_import;
pub mod get_delegation;
pub mod get_receipt;
pub mod hide_package;
pub mod impact;
pub mod import_cpr_snapshot;
pub mod lapse_requests;
pub mod link_identifier;
pub mod list_catalogue;
pub mod list_delegated;
pub mod list_delegation_events;
pub mod list_delegations;
pub mod list_designations;
pub mod list_notices;
pub mod list_paper_delegations;
pub mod merge_parties;
pub mod packages;
pub mod paging;
mod paper;
pub mod preview_delegation;
pub mod publish_package_version;
pub mod put_package;
pub mod put_privilege;
pub mod put_system;
pub mod register_effects;
pub mod register_signed_form;
pub mod reject_paper_delegation;
pub mod remove_designation;
pub mod renew_delegation;
pub mod request_delegation;
pub mod resolve_party;
pub mod resolve_suspension;
pub mod revoke_all_delegations;
pub mod set_publication;
mod signing;
pub mod standing;
pub mod start_paper_delegation;
pub mod sub_delegate;
pub mod withdraw_request;

use std::{fmt, sync::Arc, time::Duration};

use chrono::{DateTime, SubsecRound as _, Utc};
use fuldmagt_domain::{delegation::Rules, party::PartyId};
use fuldmagt_store::{Store, usage::Usage};
use uuid::Uuid;

pub use actor::Actor;
pub use error::Error;

use crate::{
    clients::Client,
    clock::{Clock, IdSource},
};

/// Result of a command or question.
pub type Result<T> = std::result::Result<T, Error>;

/// What all commands and questions work with. Cheap to clone.
#[derive(Clone)]
pub struct App {
    store: Store,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    rules: Rules,
    answer_max_age: Duration,
    cpr: import_cpr_snapshot::Settings,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// The registered client that calls, allowed to call this RPC.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub client: Arc<Client>,
    /// The full name of the RPC, `fuldmagt.v1.Service/Method`.
    pub rpc: &'static str,
    /// The trace that the call belongs to (W3C trace context), 32 hexadecimal digits.
    pub trace_id: Option<String>,
}

/// One call: its caller, its instant, and its id in the usage log.
#[derive(Clone, Debug)]
pub struct Call {
    /// The caller.
    pub caller: Caller,
    /// The instant that the whole call is for, in whole microseconds as the database keeps them.
    pub at: DateTime<Utc>,
    /// The logged-in user, where the client acts for one.
    pub actor: Option<PartyId>,
    /// The declared purpose, where one is asked for.
    pub purpose: Option<String>,
    entry_id: Uuid,
}

impl App {
    /// The application over an open store. `answer_max_age`: how long an authority may keep an answer.
    ///
    /// `cpr`: what is believed of a copy of the CPR register.
    #[must_use]
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        rules: Rules,
        answer_max_age: Duration,
        cpr: import_cpr_snapshot::Settings,
    ) -> Self {
        Self { store, clock, ids, rules, answer_max_age, cpr }
    }

    /// How long an authority may keep an answer, if the delegation lasts that long.
    #[must_use]
    pub const fn answer_max_age(&self) -> Duration {
        self.answer_max_age
    }

    /// The present instant, in whole microseconds as the database keeps them.
    fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }

    /// Begins a call.
    #[must_use]
    pub fn call(&self, caller: Caller) -> Call {
        let at = self.now();
        Call { caller, at, actor: None, purpose: None, entry_id: self.ids.row_id(at) }
    }
}

impl Call {
    /// The same call, for a logged-in user.
    #[must_use]
    pub fn acted_by(self, actor: PartyId) -> Self {
        Self { actor: Some(actor), ..self }
    }

    /// The same call, with the purpose that the caller declares.
    ///
    /// # Errors
    /// [`Error::PurposeNotRegistered`]: the client may only ask for the purposes it is registered with.
    pub fn with_purpose(self, purpose: String) -> Result<Self> {
        if !self.caller.client.purposes.contains(&purpose) {
            return Err(Error::PurposeNotRegistered);
        }
        Ok(Self { purpose: Some(purpose), ..self })
    }

    /// The call as the usage log tells it.
    #[must_use]
    pub fn usage(&self) -> Usage<'_> {
        Usage {
            entry_id: self.entry_id,
            at: self.at,
            client: &self.caller.client.id,
            rpc: self.caller.rpc,
            purpose: self.purpose.as_deref(),
            actor: self.actor,
            trace_id: self.caller.trace_id.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::development_client;

    #[test]
    fn only_a_registered_purpose_will_do() {
        let client = Client { purposes: vec!["case".to_owned()], ..development_client().unwrap() };
        let call = Call {
            caller: Caller {
                client: Arc::new(client),
                rpc: "fuldmagt.v1.QueryService/CheckDelegation",
                trace_id: None,
            },
            at: DateTime::UNIX_EPOCH,
            actor: None,
            purpose: None,
            entry_id: Uuid::nil(),
        };
        assert_eq!(call.clone().with_purpose("case".to_owned()).unwrap().purpose.as_deref(), Some("case"));
        for purpose in ["", "curiosity", "Case", "case "] {
            let refused = call.clone().with_purpose(purpose.to_owned());
            assert!(matches!(refused, Err(Error::PurposeNotRegistered)), "{purpose:?}");
        }
    }
}
