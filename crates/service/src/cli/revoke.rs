//! `fuldmagt revoke`: a party ends a delegation.

use std::process::ExitCode;

use fuldmagt_proto::v1;
use serde_json::json;
use tonic::Status;

use super::{
    client::{Client, Connection, Output, actor, identifier, request_id, time},
    runtime,
};

/// End a delegation, at once
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    connection: Connection,
    /// The delegation's id
    delegation: String,
    /// Who ends it, and is taken to be logged in: KIND:VALUE or KIND:@FILE
    #[arg(long, value_name = "IDENTIFIER")]
    by: String,
    /// The representative renounces it, instead of the delegator revoking it
    #[arg(long)]
    renounce: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let by = identifier(&args.by)?;
    let output = Output { json: args.connection.json };
    runtime()?.block_on(async {
        let client = args.connection.connect().await?;
        match end(&client, args, by).await {
            Ok((delegation, revision)) => {
                let ended = time(delegation.end_time.as_ref());
                let status = delegation.status().as_str_name().trim_start_matches("DELEGATION_STATUS_");
                let json = json!({
                    "delegation_id": delegation.delegation_id,
                    "status": status,
                    "end_time": ended,
                    "revision": revision,
                });
                output.answer(&json, &[format!("{} {status} {ended}", delegation.delegation_id)]);
                Ok(ExitCode::SUCCESS)
            }
            Err(status) => {
                output.refusal(&status);
                Ok(ExitCode::FAILURE)
            }
        }
    })
}

async fn end(client: &Client, args: &Args, by: v1::Identifier) -> Result<(v1::Delegation, String), Status> {
    let party = client.party(vec![by], "", false).await?.party.unwrap_or_default().party_id;
    let (request_id, delegation_id) = (request_id(), args.delegation.clone());
    let (actor, reason) = (actor(&party), v1::EndReason::Unspecified.into());
    let mut delegations = client.delegations();
    if args.renounce {
        let request = v1::RenounceDelegationRequest { request_id, actor, delegation_id, reason };
        let answer = delegations.renounce_delegation(request).await?.into_inner();
        return Ok((answer.delegation.unwrap_or_default(), answer.revision));
    }
    let request = v1::RevokeDelegationRequest {
        request_id,
        actor,
        delegation_id,
        reason,
        ..v1::RevokeDelegationRequest::default()
    };
    let answer = delegations.revoke_delegation(request).await?.into_inner();
    Ok((answer.delegation.unwrap_or_default(), answer.revision))
}
