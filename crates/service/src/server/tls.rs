//! TLS from PEM files.

use std::path::Path;

use tonic::transport::{Certificate, Identity, ServerTlsConfig};

use super::Error;
use crate::config::{self, Tls};

/// A client may connect without a certificate, so that it can be told that it needs one: a refused handshake looks
/// like any broken connection. One that it does show must be signed by an authority we believe.
pub(super) fn config(files: &Tls) -> Result<ServerTlsConfig, Error> {
    let certificate = pem(&files.certificate, "CERTIFICATE")?;
    let key = pem(&files.key, "PRIVATE KEY")?;
    let client_ca = pem(&files.client_ca, "CERTIFICATE")?;
    Ok(ServerTlsConfig::new()
        .identity(Identity::from_pem(certificate, key))
        .client_ca_root(Certificate::from_pem(client_ca))
        .client_auth_optional(true))
}

/// Reads a PEM file. What is in it is checked by the TLS library; that it is of the right kind is checked here, for a
/// message that names the file.
fn pem(path: &Path, label: &str) -> Result<String, Error> {
    let wrong = |message| Error::Certificate { path: path.display().to_string(), message };
    let text = config::read_bounded(path).map_err(wrong)?;
    if !text
        .lines()
        .any(|line| line.starts_with("-----BEGIN ") && line.trim_end().ends_with(&format!("{label}-----")))
    {
        return Err(wrong(format!("has no PEM block of kind {label}")));
    }
    Ok(text)
}
