//! `QueryService.ListDelegators`.

use fuldmagt_proto::v1::{ListDelegatorsRequest, ListDelegatorsResponse};
use fuldmagt_store::query::Direction;
use tonic::Request;

use super::listed::{Asked, list};
use crate::{
    app::{App, Result},
    rpc::{caller::caller, to_proto},
};

const RPC: &str = "fuldmagt.v1.QueryService/ListDelegators";

pub(super) async fn handle(
    app: &App,
    request: Request<ListDelegatorsRequest>,
) -> Result<ListDelegatorsResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let asked = Asked {
        direction: Direction::Delegators,
        subject_field: "representative",
        subject: message.representative,
        privileges: message.privileges,
        purpose: message.purpose,
        page_size: message.page_size,
        page_token: message.page_token,
    };
    let page = list(app, call, asked).await?;
    Ok(ListDelegatorsResponse {
        entries: page.entries.iter().map(to_proto::delegated_privilege).collect(),
        next_page_token: page.next_page_token,
        evaluate_time: Some(to_proto::timestamp(page.at)),
        revision: page.revision.to_token(),
    })
}
