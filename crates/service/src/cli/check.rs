//! `fuldmagt check`: an authority's question.

use std::process::ExitCode;

use fuldmagt_proto::v1;
use serde_json::json;

use super::{
    client::{Connection, Output, identifier, time},
    runtime,
};

/// The answer is no. Not 1: that is a failure to ask.
const EXIT_DENIED: u8 = 3;

/// May the representative act for the delegator?
#[derive(Debug, clap::Args)]
#[command(after_help = "Ends with 0 for yes, with 3 for no, and with 1 when there was no answer.")]
pub(super) struct Args {
    #[command(flatten)]
    connection: Connection,
    /// The delegator: KIND:VALUE or KIND:@FILE, KIND being cpr, pid, uuid, rid, employee, cvr, p or se
    #[arg(long, value_name = "IDENTIFIER")]
    delegator: String,
    /// The representative, written alike
    #[arg(long, value_name = "IDENTIFIER")]
    representative: String,
    /// The privilege's URI
    #[arg(long, value_name = "URI")]
    privilege: String,
    /// The production unit (P number) that the representative, an employee, acts at
    #[arg(long, value_name = "NUMBER", default_value = "")]
    p_number: String,
    /// Why the authority asks: one of the client's registered purposes
    #[arg(long, default_value = "case")]
    purpose: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let request = v1::CheckDelegationRequest {
        delegator: Some(identifier(&args.delegator)?),
        representative: Some(identifier(&args.representative)?),
        privilege: args.privilege.clone(),
        purpose: args.purpose.clone(),
        p_number: args.p_number.clone(),
    };
    let output = Output { json: args.connection.json };
    runtime()?.block_on(async {
        let client = args.connection.connect().await?;
        let answer = match client.query().check_delegation(request).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => {
                output.refusal(&status);
                return Ok(ExitCode::FAILURE);
            }
        };
        let decision = answer.decision.unwrap_or_default();
        let reason = decision.denial_reason().as_str_name().trim_start_matches("DENIAL_REASON_");
        let line = if decision.granted {
            format!("yes, until {} (delegation {})", time(decision.valid_to.as_ref()), decision.delegation_id)
        } else {
            format!("no: {reason}")
        };
        let json = json!({
            "granted": decision.granted,
            "denial_reason": (!decision.granted).then_some(reason),
            "delegation_id": decision.delegation_id,
            "valid_to": time(decision.valid_to.as_ref()),
            "evaluate_time": time(answer.evaluate_time.as_ref()),
            "revision": answer.revision,
        });
        output.answer(&json, &[line]);
        Ok(if decision.granted { ExitCode::SUCCESS } else { ExitCode::from(EXIT_DENIED) })
    })
}
