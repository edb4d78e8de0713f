//! `QueryService.CheckDelegation`.

use fuldmagt_proto::v1::{BatchCheckItem, CheckDelegationRequest, CheckDelegationResponse};
use tonic::Request;

use crate::{
    app::{App, Result},
    rpc::{
        caller::caller,
        from_proto::{Violations, question::question, text::purpose},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.QueryService/CheckDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<CheckDelegationRequest>,
) -> Result<CheckDelegationResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let mut fields = Violations::new();
    let asked = BatchCheckItem {
        delegator: message.delegator,
        representative: message.representative,
        privilege: message.privilege,
        p_number: message.p_number,
    };
    let question = question(&mut fields, asked);
    let purpose = fields.read("purpose", |fields| purpose(fields, &message.purpose));
    let (question, purpose) = fields.finish(|| Some((question?, purpose?)))?;
    let call = call.with_purpose(purpose)?;
    let decided = app.check_delegations(&call, &[question], |_| "privilege".to_owned()).await?;
    let decision =
        decided.answers.first().map(|answer| to_proto::decision(answer, call.at, app.answer_max_age()));
    Ok(CheckDelegationResponse {
        decision,
        evaluate_time: Some(to_proto::timestamp(call.at)),
        revision: decided.revision.to_token(),
    })
}
