//! The registered clients: which organisation's certificate is whose, and what its holder may be.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use figment::Figment;
use figment::providers::{Format as _, Toml};
use fuldmagt_domain::identifier::CvrNumber;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::config;

/// An identifier longer than this is a mistake; it is in every log line and every row of the usage log.
const MAX_ID_BYTES: usize = 64;
/// A client's name is shown to citizens in the list of who looked.
const MAX_NAME_CHARS: usize = 200;
/// A client has one certificate, and two while it renews; some run several sites.
const MAX_FINGERPRINTS: usize = 16;
/// A client asks for a handful of reasons.
const MAX_PURPOSES: usize = 64;
/// The longest purpose, in characters.
pub const MAX_PURPOSE_CHARS: usize = 64;
/// The country's organisations that would ever call are some thousands.
const MAX_CLIENTS: usize = 10_000;
/// `organizationIdentifier` (ETSI EN 319 412-1): `NTRDK-` and the CVR number.
const OID_ORGANIZATION_IDENTIFIER: &str = "2.5.4.97";
const CVR_SCHEME: &str = "NTRDK-";
/// Digitaliseringsstyrelsen: the organisation of the development client, and of the service itself.
const AGENCY_CVR: &str = "34051178";
/// Who the service is in events and in the usage log when it acts by itself. No registered client has an underscore.
pub const SERVICE_ITSELF: &str = "service_itself";

/// A client that may call: a system of one organisation.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its name for machines: `[a-z0-9-]`, at most 64 bytes.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The organisation.
    pub cvr: CvrNumber,
    /// What it may be.
    pub roles: RoleSet,
    /// The purposes it may ask for.
    pub purposes: Vec<String>,
}

/// What a client may be. Which role may call what is the table in `rpc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A public authority that asks whether somebody may act for somebody.
    Authority,
    /// A front end that acts for a logged-in user.
    FrontEnd,
    /// A system of those who handle paper.
    CaseworkerSystem,
    /// Who prints and sends letters.
    PrintVendor,
    /// What feeds in changes from the registers of persons and companies.
    RegisterFeed,
    /// Who runs the service.
    Operator,
    /// Who checks the use of it.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::Authority,
        Self::FrontEnd,
        Self::CaseworkerSystem,
        Self::PrintVendor,
        Self::RegisterFeed,
        Self::Operator,
        Self::Auditor,
    ];

    /// The name used in configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::FrontEnd => "front_end",
            Self::CaseworkerSystem => "caseworker_system",
            Self::PrintVendor => "print_vendor",
            Self::RegisterFeed => "register_feed",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of roles.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct RoleSet(u8);

impl RoleSet {
    /// Every role there is.
    pub fn all() -> Self {
        Role::ALL.into_iter().collect()
    }

    /// Whether the role is in it.
    pub fn contains(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// Whether the two have a role in common.
    pub fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is none in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The roles in it, in the order of [`Role::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.contains(*role))
    }
}

impl FromIterator<Role> for RoleSet {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().fold(0, |bits, role| bits | role.bit()))
    }
}

impl fmt::Debug for RoleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Why a caller is no client of ours. What it may still call is decided by each RPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The connection came without a certificate.
    #[error("the connection has no client certificate")]
    CertificateMissing,
    /// The certificate is no X.509, or names no organisation.
    #[error("the client certificate cannot be read or names no organisation")]
    CertificateUnreadable,
    /// The certificate is not the registered one of any client.
    #[error("the client certificate is not registered")]
    NotRegistered,
}

/// Why the file of clients cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("clients file {path}: {message}")]
pub struct Error {
    path: String,
    message: String,
}

type Fingerprint = [u8; 32];

/// The registered clients, found by certificate.
#[derive(Debug, Default)]
pub struct Registry {
    by_fingerprint: HashMap<Fingerprint, Arc<Client>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    clients: Vec<RawClient>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClient {
    id: String,
    name: String,
    cvr: String,
    fingerprints: Vec<String>,
    roles: Vec<Role>,
    #[serde(default)]
    purposes: Vec<String>,
}

impl Registry {
    /// Reads the file of clients.
    ///
    /// # Errors
    /// When it cannot be read, or any client in it is wrong: there is no half registry.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let error = |message| Error { path: path.display().to_string(), message };
        let text = config::read_bounded(path).map_err(error)?;
        Self::parse(&text).map_err(error)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let raw: RawFile = Figment::from(Toml::string(text))
            .extract()
            .map_err(|error| config::without_excerpt(&error.to_string()))?;
        if raw.clients.len() > MAX_CLIENTS {
            return Err(format!("lists more than {MAX_CLIENTS} clients"));
        }
        let mut registry = Self::default();
        let mut ids = std::collections::HashSet::new();
        for raw in raw.clients {
            if !ids.insert(raw.id.clone()) {
                return Err(format!("client `{}` is listed twice", raw.id));
            }
            registry.add(raw)?;
        }
        Ok(registry)
    }

    fn add(&mut self, raw: RawClient) -> Result<(), String> {
        let wrong = |message: String| format!("client `{}`: {message}", raw.id);
        let fingerprints = raw
            .fingerprints
            .iter()
            .map(|text| {
                fingerprint_from_hex(text).ok_or_else(|| wrong(format!("`{text}` is no SHA-256 in hex")))
            })
            .collect::<Result<Vec<_>, _>>()?;
        if fingerprints.is_empty() || fingerprints.len() > MAX_FINGERPRINTS {
            return Err(wrong(format!("must have from 1 to {MAX_FINGERPRINTS} fingerprints")));
        }
        let client = Arc::new(client(&raw).map_err(wrong)?);
        for fingerprint in fingerprints {
            if let Some(other) = self.by_fingerprint.insert(fingerprint, Arc::clone(&client)) {
                return Err(format!("client `{}`: a fingerprint is also that of `{}`", client.id, other.id));
            }
        }
        Ok(())
    }

    /// Finds the client of a certificate: by its SHA-256 fingerprint, and the CVR number in its subject must be
    /// the registered one too, so that a line in the wrong place gives nobody another organisation's rights.
    ///
    /// # Errors
    /// [`Refusal::CertificateUnreadable`] or [`Refusal::NotRegistered`].
    pub fn find(&self, certificate_der: &[u8]) -> Result<&Arc<Client>, Refusal> {
        let cvr = organisation(certificate_der)?;
        let fingerprint: Fingerprint = Sha256::digest(certificate_der).into();
        match self.by_fingerprint.get(&fingerprint) {
            Some(client) if client.cvr == cvr => Ok(client),
            Some(_) | None => Err(Refusal::NotRegistered),
        }
    }

    /// How many certificates are registered.
    pub fn len(&self) -> usize {
        self.by_fingerprint.len()
    }

    /// Whether nobody can call.
    pub fn is_empty(&self) -> bool {
        self.by_fingerprint.is_empty()
    }
}

fn client(raw: &RawClient) -> Result<Client, String> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if raw.id.is_empty() || raw.id.len() > MAX_ID_BYTES || !raw.id.bytes().all(allowed) {
        return Err(format!("the id must be from 1 to {MAX_ID_BYTES} of a-z, 0-9 and -"));
    }
    let name_length = raw.name.chars().count();
    if raw.name.trim().is_empty() || name_length > MAX_NAME_CHARS || raw.name.chars().any(char::is_control) {
        return Err(format!("the name must be from 1 to {MAX_NAME_CHARS} printable characters"));
    }
    if raw.roles.is_empty() {
        return Err("must have at least one role".to_owned());
    }
    if raw.purposes.len() > MAX_PURPOSES || !raw.purposes.iter().all(|purpose| is_purpose(purpose)) {
        return Err(format!(
            "must have at most {MAX_PURPOSES} purposes, each of 1 to {MAX_PURPOSE_CHARS} characters of a-z, 0-9 and _"
        ));
    }
    Ok(Client {
        id: raw.id.clone(),
        name: raw.name.clone(),
        cvr: CvrNumber::parse(&raw.cvr).map_err(|_| "the CVR number is not valid".to_owned())?,
        roles: raw.roles.iter().copied().collect(),
        purposes: raw.purposes.clone(),
    })
}

/// Whether a text can be a purpose: 1 to [`MAX_PURPOSE_CHARS`] characters of `a-z`, `0-9` and `_`. Every entry of the
/// usage log carries one.
#[must_use]
pub fn is_purpose(text: &str) -> bool {
    (1..=MAX_PURPOSE_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The client that everybody is when the service runs without TLS on loopback: every role, two purposes.
pub fn development_client() -> Result<Client, fuldmagt_domain::identifier::Error> {
    Ok(Client {
        id: "development".to_owned(),
        name: "Development client".to_owned(),
        cvr: CvrNumber::parse(AGENCY_CVR)?,
        roles: RoleSet::all(),
        purposes: ["case", "login"].map(str::to_owned).to_vec(),
    })
}

/// The client that the service is when it acts by itself: it may call nothing.
pub fn service_itself() -> Result<Client, fuldmagt_domain::identifier::Error> {
    Ok(Client {
        id: SERVICE_ITSELF.to_owned(),
        name: "The service itself".to_owned(),
        cvr: CvrNumber::parse(AGENCY_CVR)?,
        roles: RoleSet::default(),
        purposes: Vec::new(),
    })
}

/// The SHA-256 fingerprint of a certificate, as written in the file of clients.
pub fn fingerprint_hex(certificate_der: &[u8]) -> String {
    let digest: Fingerprint = Sha256::digest(certificate_der).into();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Accepts what the usual tools print: either case, with or without colons.
fn fingerprint_from_hex(text: &str) -> Option<Fingerprint> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| *c != ':')
        .map(|c| c.to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    bytes.try_into().ok()
}

/// The CVR number in the subject of a certificate.
fn organisation(certificate_der: &[u8]) -> Result<CvrNumber, Refusal> {
    let (_, certificate) =
        X509Certificate::from_der(certificate_der).map_err(|_| Refusal::CertificateUnreadable)?;
    let mut found = certificate
        .subject()
        .iter_attributes()
        .filter(|attribute| attribute.attr_type().to_id_string() == OID_ORGANIZATION_IDENTIFIER);
    // Two organisations in one subject: nobody can say which is meant.
    let (Some(attribute), None) = (found.next(), found.next()) else {
        return Err(Refusal::CertificateUnreadable);
    };
    attribute
        .as_str()
        .ok()
        .and_then(|text| text.strip_prefix(CVR_SCHEME))
        .and_then(|digits| CvrNumber::parse(digits).ok())
        .ok_or(Refusal::CertificateUnreadable)
}

#[cfg(test)]
#[path = "clients_tests.rs"]
mod tests;
