//! TLS (rustls), put on and taken off by a task of each connection's own: all that comes behind
//! knows bare sockets only.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use std::{fs, io};

use anyhow::{Context, Result};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, split};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{HEAD, Socket};
use crate::config::TlsFiles;

/// How often it is looked whether the certificate was renewed.
const LOOK: Duration = Duration::from_secs(60);
/// When we have said our last word, the client has so long to say its own.
const LAST_WORD: Duration = Duration::from_secs(3);

/// What is needed to speak TLS. A renewed certificate is taken without a restart.
pub struct Tls {
    files: TlsFiles,
    current: Mutex<Current>,
}

struct Current {
    config: Arc<ServerConfig>,
    of: SystemTime,
    looked: Instant,
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// Says which file is not right.
    pub fn open(files: TlsFiles) -> Result<Self> {
        let of = changed(&files.certificate)?;
        let config = read(&files)?;
        let current = Mutex::new(Current { config, of, looked: Instant::now() });
        Ok(Self { files, current })
    }

    /// Speaks TLS with a client, and gives the socket on which what it says is plain.
    ///
    /// # Errors
    /// Fails if the client does not speak it, or takes too long.
    pub(super) async fn accept(&self, socket: TcpStream) -> io::Result<Socket> {
        let acceptor = TlsAcceptor::from(self.config());
        let outer = timeout(HEAD, acceptor.accept(socket)).await??;
        let (ours, theirs) = UnixStream::pair()?;
        tokio::spawn(pass_on(outer, theirs));
        Ok(Socket::Inner(ours))
    }

    fn config(&self) -> Arc<ServerConfig> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.looked.elapsed() >= LOOK {
            current.looked = Instant::now();
            let renewed = changed(&self.files.certificate).and_then(|at| {
                Ok(if at == current.of { None } else { Some((read(&self.files)?, at)) })
            });
            match renewed {
                Ok(Some((config, at))) => {
                    tracing::info!("the certificate was renewed");
                    (current.config, current.of) = (config, at);
                }
                Ok(None) => {}
                Err(error) => tracing::warn!("still the former certificate: {error:#}"),
            }
        }
        current.config.clone()
    }
}

fn changed(path: &Path) -> Result<SystemTime> {
    let about = fs::metadata(path).and_then(|about| about.modified());
    about.with_context(|| format!("the certificate {} (GROUNDCREW_TLS_CERT)", path.display()))
}

fn read(files: &TlsFiles) -> Result<Arc<ServerConfig>> {
    let TlsFiles { certificate, key } = files;
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
    let chain: Vec<_> = chain.with_context(|| {
        format!(
            "the certificate {}, with its chain, as PEM (GROUNDCREW_TLS_CERT)",
            certificate.display()
        )
    })?;
    let key_of = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("the key {}, as PEM (GROUNDCREW_TLS_KEY)", key.display()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key_of)
        .with_context(|| {
            format!("{} and {} do not fit together", certificate.display(), key.display())
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Passes on what both sides say, until one of them is gone.
async fn pass_on(outer: impl AsyncRead + AsyncWrite, inner: UnixStream) {
    let (mut outer_reads, mut outer_writes) = split(outer);
    let (mut inner_reads, mut inner_writes) = inner.into_split();
    let out = async {
        let _ = copy(&mut inner_reads, &mut outer_writes).await;
        let _ = outer_writes.shutdown().await;
    };
    let into = async {
        let _ = copy(&mut outer_reads, &mut inner_writes).await;
        let _ = inner_writes.shutdown().await;
    };
    tokio::pin!(out, into);
    tokio::select! {
        // Read to its end, or its system would throw our last word away with a reset.
        () = &mut out => drop(timeout(LAST_WORD, into).await),
        () = &mut into => out.await,
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn certificate(folder: &Path) -> TlsFiles {
        let done = Command::new("openssl")
            .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes".split(' '))
            .args("-subj /CN=localhost -keyout key.pem -out cert.pem".split(' '))
            .current_dir(folder)
            .output()
            .expect("openssl is installed");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        TlsFiles { certificate: folder.join("cert.pem"), key: folder.join("key.pem") }
    }

    /// As if the time to look had come, and the file were of another time.
    fn later(tls: &Tls) {
        let mut current = tls.current.lock().expect("nobody panicked");
        current.of = SystemTime::UNIX_EPOCH;
        current.looked = current.looked.checked_sub(LOOK).expect("the machine runs for a minute");
    }

    #[test]
    fn a_renewed_certificate_is_taken_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let tls = Tls::open(certificate(folder.path())).expect("both files are right");
        let first = tls.config();
        assert!(Arc::ptr_eq(&first, &tls.config()), "it is not looked all the time");

        certificate(folder.path());
        later(&tls);
        let second = tls.config();
        assert!(!Arc::ptr_eq(&first, &second));

        fs::write(&tls.files.certificate, "").expect("written");
        later(&tls);
        assert!(Arc::ptr_eq(&second, &tls.config()));
        let error = Tls::open(tls.files).err().expect("it is no certificate");
        assert!(format!("{error:#}").contains("cert.pem"), "{error:#}");
    }
}
