//! `QueryService.BatchCheckDelegations`.

use fuldmagt_proto::v1::{BatchCheckDelegationsRequest, BatchCheckDelegationsResponse};
use tonic::Request;

use crate::{
    app::{App, Result},
    rpc::{
        caller::caller,
        from_proto::{Violations, question::questions, text::purpose},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.QueryService/BatchCheckDelegations";

pub(super) async fn handle(
    app: &App,
    request: Request<BatchCheckDelegationsRequest>,
) -> Result<BatchCheckDelegationsResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let mut fields = Violations::new();
    let questions = fields.read("items", |fields| questions(fields, message.items));
    let purpose = fields.read("purpose", |fields| purpose(fields, &message.purpose));
    let (questions, purpose) = fields.finish(|| Some((questions?, purpose?)))?;
    let call = call.with_purpose(purpose)?;
    let decided = app.check_delegations(&call, &questions, |item| format!("items[{item}].privilege")).await?;
    let max_age = app.answer_max_age();
    Ok(BatchCheckDelegationsResponse {
        decisions: decided
            .answers
            .iter()
            .map(|answer| to_proto::decision(answer, call.at, max_age))
            .collect(),
        evaluate_time: Some(to_proto::timestamp(call.at)),
        revision: decided.revision.to_token(),
    })
}
