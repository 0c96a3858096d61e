//! A plain subscriber to all notifications, which comes back whenever Redis does.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

pub struct Ear {
    heard: Arc<Mutex<Vec<Heard>>>,
    ended: Arc<AtomicBool>,
}

/// One notification.
#[derive(Debug, Clone, Copy)]
pub struct Heard {
    pub server: i64,
    pub revision: i64,
}

impl Ear {
    /// Listens to the Redis at this address: `redis://127.0.0.1:PORT`.
    pub fn at(url: &str) -> Self {
        let ear = Self { heard: Arc::default(), ended: Arc::default() };
        let (heard, ended) = (ear.heard.clone(), ear.ended.clone());
        let address = url.trim_start_matches("redis://").to_owned();
        thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                // It is down, or has closed the connection: that is what this is for.
                let _ = listen(&address, &heard, &ended);
                thread::sleep(Duration::from_millis(20));
            }
        });
        ear
    }

    /// How many came by now.
    pub fn count(&self) -> usize {
        self.heard.lock().expect("no panic").len()
    }

    /// The revision in the last one about this server.
    pub fn last(&self, server: i64) -> Option<i64> {
        let heard = self.heard.lock().expect("no panic");
        heard.iter().rev().find(|heard| heard.server == server).map(|heard| heard.revision)
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

fn listen(address: &str, heard: &Mutex<Vec<Heard>>, ended: &AtomicBool) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_millis(500)))?;
    stream.write_all(b"PSUBSCRIBE *.provision\r\n")?;
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    while !ended.load(Ordering::Relaxed) {
        match stream.read_until(b'\n', &mut line) {
            Ok(0) => return Ok(()),
            Ok(_) => {
                // Of what Redis sends, only the message itself is JSON.
                if let Ok(message) = serde_json::from_slice::<Value>(&line)
                    && let Some(data) = message.get("data")
                {
                    let number = |name: &str| data[name].as_i64().expect("a number");
                    let one = Heard { server: number("server_id"), revision: number("revision") };
                    heard.lock().expect("no panic").push(one);
                }
                line.clear();
            }
            // What came by now stays in the line.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
