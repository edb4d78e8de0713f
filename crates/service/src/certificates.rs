//! Certificates for development and tests: an authority of our own, and what it signs.
//!
//! Their subjects look like those of Danish organisation certificates (OCES3): the CVR number in
//! `organizationIdentifier`, and the system's UUID in `serialNumber`.

use std::net::IpAddr;

use chrono::{DateTime, Datelike as _, Days, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType,
};
use uuid::Uuid;

/// Long enough to forget about, short enough that nobody takes them for real ones.
const VALID_DAYS: u64 = 730;
/// Clocks of two machines differ.
const EARLY_DAYS: u64 = 1;
/// `organizationIdentifier`.
const ORGANIZATION_IDENTIFIER: [u64; 4] = [2, 5, 4, 97];
/// `serialNumber` of a subject.
const SERIAL_NUMBER: [u64; 4] = [2, 5, 4, 5];

/// A certificate with its private key.
#[derive(Clone)]
pub struct Issued {
    /// The certificate in PEM.
    pub certificate_pem: String,
    /// The certificate in DER.
    pub certificate_der: Vec<u8>,
    /// The private key in PEM (PKCS #8).
    pub key_pem: String,
}

/// Whose certificate it is.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The system's name.
    pub common_name: &'a str,
    /// The organisation's name.
    pub organisation: &'a str,
    /// The organisation's CVR number; `None` leaves `organizationIdentifier` out, which no client of ours may do.
    pub cvr: Option<&'a str>,
    /// The system's UUID.
    pub system: Uuid,
}

/// An authority that signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    issued: Issued,
    now: DateTime<Utc>,
}

impl Authority {
    /// Makes one, with a new key.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn new(now: DateTime<Utc>) -> Result<Self, rcgen::Error> {
        let mut params = params(now)?;
        params.distinguished_name.push(DnType::CommonName, "fuldmagt development CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let issued = Issued {
            certificate_pem: certificate.pem(),
            certificate_der: certificate.der().to_vec(),
            key_pem: key.serialize_pem(),
        };
        Ok(Self { issuer: Issuer::new(params, key), issued, now })
    }

    /// Its own certificate.
    pub fn issued(&self) -> &Issued {
        &self.issued
    }

    /// Signs a server's certificate for these names and addresses.
    ///
    /// # Errors
    /// When a name cannot be in a certificate.
    pub fn server(&self, hosts: &[&str]) -> Result<Issued, rcgen::Error> {
        let mut params = params(self.now)?;
        params.distinguished_name.push(DnType::CommonName, "fuldmagt development server");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        for host in hosts {
            params.subject_alt_names.push(match host.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName((*host).try_into()?),
            });
        }
        self.sign(params)
    }

    /// Signs a client's certificate.
    ///
    /// # Errors
    /// When a name cannot be in a certificate.
    pub fn client(&self, subject: &Subject<'_>) -> Result<Issued, rcgen::Error> {
        let mut params = params(self.now)?;
        let name = &mut params.distinguished_name;
        name.push(DnType::CountryName, "DK");
        if let Some(cvr) = subject.cvr {
            name.push(DnType::from_oid(&ORGANIZATION_IDENTIFIER), format!("NTRDK-{cvr}"));
        }
        name.push(DnType::OrganizationName, subject.organisation);
        name.push(DnType::from_oid(&SERIAL_NUMBER), format!("UI:DK-O:G:{}", subject.system));
        name.push(DnType::CommonName, subject.common_name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params)
    }

    fn sign(&self, params: CertificateParams) -> Result<Issued, rcgen::Error> {
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued {
            certificate_pem: certificate.pem(),
            certificate_der: certificate.der().to_vec(),
            key_pem: key.serialize_pem(),
        })
    }
}

fn params(now: DateTime<Utc>) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = DistinguishedName::new();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let from = now.checked_sub_days(Days::new(EARLY_DAYS)).unwrap_or(now);
    let to = now.checked_add_days(Days::new(VALID_DAYS)).unwrap_or(now);
    params.not_before = rcgen::date_time_ymd(from.year(), from.month() as u8, from.day() as u8);
    params.not_after = rcgen::date_time_ymd(to.year(), to.month() as u8, to.day() as u8);
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}
