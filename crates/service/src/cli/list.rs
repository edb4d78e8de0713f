//! `fuldmagt list`: what a party has given or holds, or what an authority may know of it.

use std::process::ExitCode;

use fuldmagt_proto::v1::{self, identifier::Value as Kind};
use serde_json::{Value, json};
use tonic::Status;

use super::{
    client::{Client, Connection, Output, actor, identifier, time},
    runtime,
};

/// Entries of each page that is asked for.
const PAGE_SIZE: i32 = 500;

/// List delegations, all pages
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    connection: Connection,
    /// What to list
    what: What,
    /// The party: KIND:VALUE or KIND:@FILE
    party: String,
    /// Why an authority asks
    #[arg(long, default_value = "case")]
    purpose: String,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum What {
    /// What the party has given (as a front end)
    Given,
    /// What the party holds (as a front end)
    Held,
    /// Who may act for the party (as an authority)
    Representatives,
    /// Whom the party may act for (as an authority)
    Delegators,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let party = identifier(&args.party)?;
    let output = Output { json: args.connection.json };
    runtime()?.block_on(async {
        let client = args.connection.connect().await?;
        let listed = match args.what {
            What::Given => own(&client, party, v1::PartySide::Given).await,
            What::Held => own(&client, party, v1::PartySide::Held).await,
            What::Representatives => representatives(&client, party, &args.purpose).await,
            What::Delegators => delegators(&client, party, &args.purpose).await,
        };
        match listed {
            Ok((json, lines)) => {
                output.answer(&Value::Array(json), &lines);
                Ok(ExitCode::SUCCESS)
            }
            Err(status) => {
                output.refusal(&status);
                Ok(ExitCode::FAILURE)
            }
        }
    })
}

type Listed = Result<(Vec<Value>, Vec<String>), Status>;

async fn own(client: &Client, party: v1::Identifier, side: v1::PartySide) -> Listed {
    let party_id = client.party(vec![party], "", false).await?.party.unwrap_or_default().party_id;
    let mut request = v1::ListDelegationsRequest {
        actor: actor(&party_id),
        party_id,
        side: side.into(),
        page_size: PAGE_SIZE,
        page_token: String::new(),
    };
    let mut delegations = Vec::new();
    loop {
        let page = client.delegations().list_delegations(request.clone()).await?.into_inner();
        delegations.extend(page.delegations);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    Ok(delegations.iter().map(|each| (delegation_json(each), delegation_line(each))).unzip())
}

async fn representatives(client: &Client, subject: v1::Identifier, purpose: &str) -> Listed {
    let mut request = v1::ListRepresentativesRequest {
        delegator: Some(subject),
        privileges: Vec::new(),
        purpose: purpose.to_owned(),
        page_size: PAGE_SIZE,
        page_token: String::new(),
    };
    let mut entries = Vec::new();
    loop {
        let page = client.query().list_representatives(request.clone()).await?.into_inner();
        entries.extend(page.entries);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    Ok(entries.iter().map(|entry| (entry_json(entry), entry_line(entry))).unzip())
}

async fn delegators(client: &Client, subject: v1::Identifier, purpose: &str) -> Listed {
    let mut request = v1::ListDelegatorsRequest {
        representative: Some(subject),
        privileges: Vec::new(),
        purpose: purpose.to_owned(),
        page_size: PAGE_SIZE,
        page_token: String::new(),
    };
    let mut entries = Vec::new();
    loop {
        let page = client.query().list_delegators(request.clone()).await?.into_inner();
        entries.extend(page.entries);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    Ok(entries.iter().map(|entry| (entry_json(entry), entry_line(entry))).unzip())
}

fn delegation_json(delegation: &v1::Delegation) -> Value {
    json!({
        "delegation_id": delegation.delegation_id,
        "delegator_name": delegation.delegator_name,
        "representative_name": delegation.representative_name,
        "privileges": delegation.privileges,
        "packages": package_ids(delegation),
        "valid_from": time(delegation.valid_from.as_ref()),
        "valid_to": time(delegation.valid_to.as_ref()),
        "status": delegation.status().as_str_name().trim_start_matches("DELEGATION_STATUS_"),
    })
}

fn delegation_line(delegation: &v1::Delegation) -> String {
    let status = delegation.status().as_str_name().trim_start_matches("DELEGATION_STATUS_");
    let (from, to) = (time(delegation.valid_from.as_ref()), time(delegation.valid_to.as_ref()));
    // By name where one is registered.
    let named = |name: &String, id: &String| if name.is_empty() { id.clone() } else { name.clone() };
    let giver = named(&delegation.delegator_name, &delegation.delegator_id);
    let holder = named(&delegation.representative_name, &delegation.representative_id);
    let privileges = delegation.privileges.iter().map(String::as_str);
    let given = privileges.chain(package_ids(delegation)).collect::<Vec<_>>().join(", ");
    format!("{} {status:<9} {from} to {to}  {giver} -> {holder}: {given}", delegation.delegation_id)
}

/// The packages that a delegation follows.
pub(super) fn package_ids(delegation: &v1::Delegation) -> Vec<&str> {
    delegation.packages.iter().map(|package| package.package_id.as_str()).collect()
}

fn entry_json(entry: &v1::DelegatedPrivilege) -> Value {
    let (kind, value) = party(entry);
    json!({
        "delegation_id": entry.delegation_id,
        "party": { "kind": kind, "value": value },
        "privilege": entry.privilege,
        "valid_from": time(entry.valid_from.as_ref()),
        "valid_to": time(entry.valid_to.as_ref()),
    })
}

fn entry_line(entry: &v1::DelegatedPrivilege) -> String {
    let (kind, value) = party(entry);
    format!(
        "{} {kind}:{value} {} until {}",
        entry.delegation_id,
        entry.privilege,
        time(entry.valid_to.as_ref())
    )
}

/// The other party as the command line writes identifiers.
fn party(entry: &v1::DelegatedPrivilege) -> (&'static str, String) {
    match entry.party.as_ref().and_then(|party| party.value.clone()) {
        None => ("", String::new()),
        Some(Kind::CprNumber(value)) => ("cpr", value),
        Some(Kind::Pid(value)) => ("pid", value),
        Some(Kind::Uuid(value)) => ("uuid", value),
        Some(Kind::Rid(value)) => ("rid", value),
        Some(Kind::EmployeeUuid(value)) => ("employee", format!("{}/{}", value.cvr_number, value.uuid)),
        Some(Kind::CvrNumber(value)) => ("cvr", value),
        Some(Kind::PNumber(value)) => ("p", value),
        Some(Kind::SeNumber(value)) => ("se", value),
    }
}
