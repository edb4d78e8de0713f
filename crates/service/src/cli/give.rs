//! `fuldmagt give`: a delegator gives a delegation.

use std::process::ExitCode;

use fuldmagt_proto::v1::{
    self,
    period::{End, Start},
    preview_delegation_request::Agreement,
};
use serde_json::json;
use tonic::Status;

use super::{
    client::{Client, Connection, Output, actor, identifier, request_id, time},
    list::package_ids,
    runtime,
};

/// Give a delegation: shows what is agreed, and signs it for the delegator. Parties that are not known yet are registered
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    connection: Connection,
    /// The delegator, who is taken to be logged in: KIND:VALUE or KIND:@FILE
    #[arg(long, value_name = "IDENTIFIER")]
    delegator: String,
    /// The representative, written alike
    #[arg(long, value_name = "IDENTIFIER")]
    representative: String,
    /// A privilege's URI (may be repeated)
    #[arg(long, value_name = "URI", required_unless_present = "package")]
    privilege: Vec<String>,
    /// A package's id: what it holds at each instant; or ID@VERSION: what that version holds (may be repeated)
    #[arg(long, value_name = "PACKAGE", value_parser = package)]
    package: Vec<v1::DelegatedPackage>,
    /// The first day, YYYY-MM-DD in Denmark; now when it is left out
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// The last day, YYYY-MM-DD in Denmark
    #[arg(long, value_name = "DATE")]
    to: String,
    /// A message to the representative
    #[arg(long, default_value = "")]
    message: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let delegator = identifier(&args.delegator)?;
    let representative = identifier(&args.representative)?;
    let output = Output { json: args.connection.json };
    runtime()?.block_on(async {
        let client = args.connection.connect().await?;
        match give(&client, args, delegator, representative).await {
            Ok((agreement, answer)) => {
                let given = answer.delegation.unwrap_or_default();
                let json = json!({
                    "delegation_id": given.delegation_id,
                    "delegator_id": given.delegator_id,
                    "representative_id": given.representative_id,
                    "privileges": given.privileges,
                    "packages": package_ids(&given),
                    "valid_from": time(given.valid_from.as_ref()),
                    "valid_to": time(given.valid_to.as_ref()),
                    "agreement": { "text_da": agreement.text_da, "text_en": agreement.text_en },
                    "revision": answer.revision,
                });
                let period = (time(given.valid_from.as_ref()), time(given.valid_to.as_ref()));
                let line = format!("{} valid {} to {}", given.delegation_id, period.0, period.1);
                output.answer(&json, &[agreement.text_da, line]);
                Ok(ExitCode::SUCCESS)
            }
            Err(status) => {
                output.refusal(&status);
                Ok(ExitCode::FAILURE)
            }
        }
    })
}

async fn give(
    client: &Client,
    args: &Args,
    delegator: v1::Identifier,
    representative: v1::Identifier,
) -> Result<(v1::AgreementText, v1::CreateDelegationResponse), Status> {
    let signer = delegator.clone();
    let delegator = client.party(vec![delegator], "", true).await?.party.unwrap_or_default().party_id;
    let representative =
        client.party(vec![representative], "", true).await?.party.unwrap_or_default().party_id;
    let terms = v1::CreateTerms {
        delegator_id: delegator.clone(),
        representative_id: representative.clone(),
        privileges: args.privilege.clone(),
        packages: args.package.clone(),
        period: Some(v1::Period {
            start: args.from.clone().map(Start::FromDate),
            end: Some(End::ToDate(args.to.clone())),
        }),
        ..v1::CreateTerms::default()
    };
    let signed = client.sign(actor(&delegator), signer, Agreement::Create(terms.clone())).await?;
    let request = v1::CreateDelegationRequest {
        request_id: request_id(),
        actor: actor(&delegator),
        delegator_id: delegator,
        representative_id: representative,
        privileges: terms.privileges,
        packages: terms.packages,
        period: terms.period,
        message: args.message.clone(),
        signature: Some(signed.proof),
        ..v1::CreateDelegationRequest::default()
    };
    Ok((signed.agreement, client.delegations().create_delegation(request).await?.into_inner()))
}

/// A package as it is written on the command line.
fn package(written: &str) -> Result<v1::DelegatedPackage, String> {
    let (id, version) = match written.split_once('@') {
        None => (written, 0),
        Some((id, version)) => {
            let version = version.parse().ok().filter(|version| *version > 0);
            (id, version.ok_or("a version is a whole number from 1")?)
        }
    };
    Ok(v1::DelegatedPackage { package_id: id.to_owned(), version })
}
