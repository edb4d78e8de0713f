//! Making a service's catalogue what a file says. What is there already is left alone, and so is what is hidden.

use std::{collections::HashMap, fmt};

use fuldmagt_proto::v1::{self, PublicationState};
use serde_json::{Value, json};
use tonic::Status;

use super::file::Catalogue;
use crate::cli::client::{Client, request_id};

/// Entries of each page that is asked for: as many as the service gives.
const PAGE_SIZE: i32 = 500;
const PACKAGES_PAGE_SIZE: i32 = 20;

/// What had to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Loaded {
    pub(in crate::cli) systems: Tally,
    pub(in crate::cli) privileges: Tally,
    pub(in crate::cli) packages: Tally,
}

/// Entries of one kind, each counted where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Tally {
    /// All that the file names.
    pub(in crate::cli) named: usize,
    /// Of these: registered, changed, or published.
    pub(in crate::cli) changed: usize,
    /// Of these: hidden, or to be published later, and left so.
    pub(in crate::cli) unavailable: usize,
}

/// The service's refusal, and of what.
#[derive(Debug)]
pub(in crate::cli) struct Refusal {
    pub(in crate::cli) entry: String,
    pub(in crate::cli) status: Status,
}

/// What the service has.
struct Known {
    systems: HashMap<String, v1::System>,
    privileges: HashMap<String, v1::Privilege>,
    packages: HashMap<String, v1::Package>,
}

impl Loaded {
    /// Whether anything was not as the file says.
    pub(in crate::cli) const fn is_changed(&self) -> bool {
        self.systems.changed + self.privileges.changed + self.packages.changed > 0
    }

    /// As JSON.
    pub(super) fn json(&self) -> Value {
        let tally = |tally: Tally| json!({ "named": tally.named, "changed": tally.changed, "unavailable": tally.unavailable });
        json!({
            "changed": self.is_changed(),
            "systems": tally(self.systems),
            "privileges": tally(self.privileges),
            "packages": tally(self.packages),
        })
    }

    /// For people.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("systems: {}", self.systems),
            format!("privileges: {}", self.privileges),
            format!("packages: {}", self.packages),
        ];
        if !self.is_changed() {
            lines.push("Nothing had to be changed.".to_owned());
        }
        lines
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in the file, {} changed", self.named, self.changed)?;
        if self.unavailable > 0 {
            write!(f, ", {} hidden or scheduled, and left so", self.unavailable)?;
        }
        Ok(())
    }
}

/// Makes the catalogue what the file says, as an operator.
///
/// # Errors
/// The first refusal; what came before it is done.
pub(in crate::cli) async fn load(client: &Client, catalogue: &Catalogue) -> Result<Loaded, Refusal> {
    let known = Known::ask(client).await.map_err(|status| Refusal::of("the catalogue", status))?;
    let mut loaded = Loaded::default();
    for system in &catalogue.systems {
        let changed = put_system(client, &known, system).await;
        let changed =
            changed.map_err(|status| Refusal::of(&format!("system {}", system.system_id), status))?;
        loaded.systems.count(changed, true);
    }
    for privilege in &catalogue.privileges {
        let put = put_privilege(client, &known, privilege).await;
        let (changed, available) =
            put.map_err(|status| Refusal::of(&format!("privilege {}", privilege.privilege), status))?;
        loaded.privileges.count(changed, available);
    }
    for (package, privileges) in &catalogue.packages {
        let put = put_package(client, &known, package, privileges).await;
        let (changed, available) =
            put.map_err(|status| Refusal::of(&format!("package {}", package.package_id), status))?;
        loaded.packages.count(changed, available);
    }
    Ok(loaded)
}

impl Tally {
    fn count(&mut self, changed: bool, available: bool) {
        self.named += 1;
        self.changed += usize::from(changed);
        self.unavailable += usize::from(!available);
    }
}

impl Refusal {
    fn of(entry: &str, status: Status) -> Self {
        Self { entry: entry.to_owned(), status }
    }
}

async fn put_system(client: &Client, known: &Known, wanted: &v1::System) -> Result<bool, Status> {
    let known = known.systems.get(&wanted.system_id);
    let etag = known.map(|known| known.etag.clone()).unwrap_or_default();
    if known.is_some_and(|known| v1::System { etag: etag.clone(), ..wanted.clone() } == *known) {
        return Ok(false);
    }
    let put = v1::PutSystemRequest { request_id: request_id(), system: Some(wanted.clone()), etag };
    client.catalogue().put_system(put).await?;
    Ok(true)
}

/// Whether it had to be changed or published, and whether it is available now.
async fn put_privilege(
    client: &Client,
    known: &Known,
    wanted: &v1::Privilege,
) -> Result<(bool, bool), Status> {
    let (mut state, mut changed) = (PublicationState::Draft, false);
    let known = known.privileges.get(&wanted.privilege);
    if let Some(known) = known {
        state = known.state();
    }
    if known.is_none_or(|known| rules_and_texts(known) != *wanted) {
        let put = v1::PutPrivilegeRequest {
            request_id: request_id(),
            privilege: Some(wanted.clone()),
            etag: known.map(|known| known.etag.clone()).unwrap_or_default(),
            validate_only: false,
        };
        client.catalogue().put_privilege(put).await?;
        changed = true;
    }
    if state == PublicationState::Draft {
        let publish = v1::PublishPrivilegeRequest {
            request_id: request_id(),
            privilege: wanted.privilege.clone(),
            ..v1::PublishPrivilegeRequest::default()
        };
        let answer = client.catalogue().publish_privilege(publish).await?.into_inner();
        state = answer.privilege.unwrap_or_default().state();
        changed = true;
    }
    Ok((changed, state == PublicationState::Published))
}

/// What a file says of a privilege.
fn rules_and_texts(privilege: &v1::Privilege) -> v1::Privilege {
    v1::Privilege {
        state: 0,
        publish_time: None,
        hide_time: None,
        etag: String::new(),
        text_version: 0,
        existing_grants: 0,
        republish_time: None,
        ..privilege.clone()
    }
}

/// Whether it, or what it holds, had to be changed, and whether it is available now.
async fn put_package(
    client: &Client,
    known: &Known,
    wanted: &v1::Package,
    privileges: &[String],
) -> Result<(bool, bool), Status> {
    let mut package = known.packages.get(&wanted.package_id).cloned().unwrap_or_default();
    let mut changed = false;
    let texts = v1::Package {
        state: 0,
        current: None,
        upcoming: None,
        hide_time: None,
        etag: String::new(),
        ..package.clone()
    };
    if texts != *wanted {
        let put = v1::PutPackageRequest {
            request_id: request_id(),
            package: Some(wanted.clone()),
            etag: package.etag.clone(),
            validate_only: false,
        };
        package = client.catalogue().put_package(put).await?.into_inner().package.unwrap_or_default();
        changed = true;
    }
    // One that is hidden is not brought back by another version.
    let holds = package.upcoming.as_ref().or(package.current.as_ref()).map(|version| &version.privileges[..]);
    if package.state() != PublicationState::Hidden && holds != Some(privileges) {
        let publish = v1::PublishPackageVersionRequest {
            request_id: request_id(),
            package_id: wanted.package_id.clone(),
            privileges: privileges.to_vec(),
            etag: package.etag.clone(),
            ..v1::PublishPackageVersionRequest::default()
        };
        let answer = client.catalogue().publish_package_version(publish).await?.into_inner();
        package = answer.package.unwrap_or_default();
        changed = true;
    }
    Ok((changed, package.state() == PublicationState::Published))
}

impl Known {
    async fn ask(client: &Client) -> Result<Self, Status> {
        let mut known =
            Self { systems: HashMap::new(), privileges: HashMap::new(), packages: HashMap::new() };
        let mut page_token = String::new();
        loop {
            let request = v1::ListSystemsRequest { page_size: PAGE_SIZE, page_token };
            let page = client.catalogue().list_systems(request).await?.into_inner();
            known.systems.extend(page.systems.into_iter().map(|each| (each.system_id.clone(), each)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        loop {
            let request =
                v1::ListPrivilegesRequest { system_id: String::new(), page_size: PAGE_SIZE, page_token };
            let page = client.catalogue().list_privileges(request).await?.into_inner();
            known.privileges.extend(page.privileges.into_iter().map(|each| (each.privilege.clone(), each)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        loop {
            let request = v1::ListPackagesRequest { page_size: PACKAGES_PAGE_SIZE, page_token };
            let page = client.catalogue().list_packages(request).await?.into_inner();
            known.packages.extend(page.packages.into_iter().map(|each| (each.package_id.clone(), each)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(known);
            }
        }
    }
}
