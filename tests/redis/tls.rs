//! `rediss://`, with a certificate of an authority that the system trusts.

use std::process::Command;

use groundcrew::bus::{Bus, Heard};
use groundcrew::queue::Queue;

use crate::bus::changed;
use crate::certificate::certificate;
use crate::ear::Ear;
use crate::server::Server;

/// Which authorities are trusted is asked of the environment, so the test has a process
/// of its own.
#[tokio::test]
async fn both_speak_tls() {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let (cert, key) = (cert.to_str().unwrap(), key.to_str().unwrap());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    drop(listener);
    let tls = ["--tls-port", &port, "--tls-cert-file", cert, "--tls-key-file", key];
    let _server = Server::start_with(&[&tls[..], &["--tls-auth-clients", "no"]].concat()).await;
    let inside = |trusted: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "tls::inside", "--ignored", "--nocapture"]);
        command.env("SSL_CERT_FILE", trusted).env("TEST_URL", format!("rediss://localhost:{port}"));
        let output = command.output().unwrap();
        println!("{}", String::from_utf8_lossy(&output.stdout));
        output.status.success()
    };
    assert!(inside(cert));
    assert!(!inside("/etc/ssl/certs/ca-certificates.crt"), "an unknown authority is refused");
}

#[tokio::test]
#[ignore = "the inside of both_speak_tls"]
async fn inside() {
    let url = std::env::var("TEST_URL").unwrap();
    let queue = Queue::redis(&url, "test:").await.unwrap_or_else(|error| panic!("{error}"));
    let ear = Ear::new(&queue);
    queue.hint("run").await.unwrap();
    ear.hears("run").await;
    let bus = Bus::redis(&url, "test:").await.unwrap_or_else(|error| panic!("{error}"));
    let mut listener = bus.subscribe(None).await.unwrap();
    bus.announce(&changed(7)).await.unwrap();
    assert_eq!(listener.next().await, Heard::Changed { server_id: 7 });
}
