//! What stands before several gateways: passes each connection on to one that answers, in turn.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// Works until it is dropped.
pub struct Balancer {
    pub port: u16,
    _runtime: Runtime,
}

impl Balancer {
    /// Before the gateways at these ports.
    pub fn before(ports: &[u16]) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let ports: Arc<[u16]> = ports.into();
        runtime.spawn(async move {
            let turn = Arc::new(AtomicUsize::new(0));
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass_on(client, ports.clone(), turn.clone()));
            }
        });
        Self { port, _runtime: runtime }
    }
}

async fn pass_on(
    mut client: TcpStream,
    ports: Arc<[u16]>,
    turn: Arc<AtomicUsize>,
) -> io::Result<()> {
    let first = turn.fetch_add(1, Ordering::Relaxed);
    for at in 0..ports.len() {
        let port = ports[(first + at) % ports.len()];
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if let Ok(mut gateway) = TcpStream::connect(address).await {
            copy_bidirectional(&mut client, &mut gateway).await?;
            break;
        }
    }
    Ok(())
}
