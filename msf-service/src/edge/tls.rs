//! A certificate and its key from two files.
//!
//! People assume that a TLS set-up which loads also works. Most that do not have the key of another certificate, a
//! certificate without its intermediates, or no HTTP/2 because nobody named it in ALPN: [`load`] compares key and
//! certificate, takes the whole chain in the file, and offers `h2` and `http/1.1`.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use msf_service::edge::{Options, tls};
//! let mut options = Options::default();
//! options.tls = Some(tls::load("/etc/tls/tls.crt".as_ref(), "/etc/tls/tls.key".as_ref())?);
//! # Ok(())
//! # }
//! ```

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// TLS files that cannot be used; the message names the file.
#[derive(Debug)]
pub struct TlsError {
    file: PathBuf,
    what: What,
}

#[derive(Debug)]
enum What {
    Pem {
        wanted: &'static str,
        source: pem::Error,
    },
    Empty,
    Mismatch {
        certificate: PathBuf,
    },
    Rejected(rustls::Error),
}

impl TlsError {
    /// The file at fault.
    pub fn file(&self) -> &Path {
        &self.file
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match &self.what {
            What::Pem { source, wanted } => match source {
                pem::Error::Io(error) => write!(f, "cannot read {file}: {error}"),
                pem::Error::NoItemsFound => write!(f, "{file} holds no {wanted} in PEM form"),
                other => write!(f, "{file} is not valid PEM: {other}"),
            },
            What::Empty => write!(f, "{file} holds no certificate in PEM form"),
            What::Mismatch { certificate } => write!(
                f,
                "the private key in {file} does not belong to the first certificate in {}",
                certificate.display()
            ),
            What::Rejected(error) => write!(f, "{file} cannot be used: {error}"),
        }
    }
}

impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.what {
            What::Pem { source, .. } => Some(source),
            What::Rejected(source) => Some(source),
            What::Empty | What::Mismatch { .. } => None,
        }
    }
}

/// Reads a certificate chain (the server's own first, then the intermediates) and its private key, both PEM.
///
/// TLS 1.2 and 1.3 by aws-lc-rs, whatever provider the process has installed; no client certificates. Files are read
/// once: a renewed certificate needs a restart.
///
/// # Errors
///
/// When a file cannot be read, holds nothing of its kind, or the two do not belong together.
pub fn load(certificates: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let unreadable = |file: &Path, wanted| {
        let file = file.to_owned();
        move |source| TlsError {
            file,
            what: What::Pem { wanted, source },
        }
    };
    let chain = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable(certificates, "certificate"))?;
    if chain.is_empty() {
        return Err(TlsError {
            file: certificates.to_owned(),
            what: What::Empty,
        });
    }
    let private =
        PrivateKeyDer::from_pem_file(key).map_err(unreadable(key, "unencrypted private key"))?;

    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(chain, private)
        })
        .map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => TlsError {
                file: key.to_owned(),
                what: What::Mismatch {
                    certificate: certificates.to_owned(),
                },
            },
            rustls::Error::General(_) => TlsError {
                file: key.to_owned(),
                what: What::Rejected(error),
            },
            other => TlsError {
                file: certificates.to_owned(),
                what: What::Rejected(other),
            },
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
