//! A run as a trace, received by a collector on the loopback. Only in a build with the feature:
//! `cargo test --features otel --test observe traces`.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::fleet::{Fleet, UP};
use crate::job;
use crate::lab::{Lab, wait_until};

const CANARY: &str = "canary-4e1b77";

/// Takes what is posted, and answers 200.
fn collect(listener: TcpListener, heard: Arc<Mutex<Vec<u8>>>) {
    for socket in listener.incoming() {
        let mut socket = socket.expect("a connection");
        let mut request = Vec::new();
        let mut buffer = [0; 65536];
        loop {
            let count = socket.read(&mut buffer).expect("a request");
            request.extend_from_slice(&buffer[..count]);
            let text = String::from_utf8_lossy(&request);
            let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
            assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            let length: usize = length.expect("a length").parse().expect("a number");
            if request.len() >= head.len() + 4 + length {
                break;
            }
        }
        heard.lock().expect("a lock").extend(request);
        let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
}

/// Of each span of this name: whether it has a parent, and that one's id, or else its own. In protobuf
/// the name (field 5) comes right after the parent's id (4), or its own (2).
fn spans(heard: &[u8], name: &str) -> Vec<(bool, [u8; 8])> {
    let named = [&[0x2a, name.len() as u8], name.as_bytes()].concat();
    let at = (10..heard.len()).filter(|&at| heard[at..].starts_with(&named));
    at.filter_map(|at| {
        let id = heard[at - 8..at].try_into().expect("8 bytes");
        match heard[at - 10..at - 8] {
            [0x22, 8] => Some((true, id)),
            [0x12, 8] => Some((false, id)),
            _ => None,
        }
    })
    .collect()
}

/// Promise 8, too: what is sent to others holds no secret.
#[test]
fn of_a_run_has_its_steps() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("its address"));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let collected = heard.clone();
    thread::spawn(move || collect(listener, collected));

    let lab = Lab::up(1);
    let host = lab.host(1);
    let fleet = Fleet::embedded().with("OTEL_EXPORTER_OTLP_ENDPOINT", &address);
    let secret = "[params.token]\ntype = \"secret\"";
    fleet.job("well", &job::with(secret, &[("first_of_all", "echo $TOKEN"), ("then", "true")]));
    let mut up = fleet.start(&UP);
    up.wait_for("the worker is ready");
    fleet.add("edge-1", &host);
    let run = fleet.ask_with("well", "edge-1", &["-p", &format!("token={CANARY}")]);
    fleet.ends(&run, "completed");
    // What is left is sent before it ends.
    up.terminate();
    let has = |text: &str| {
        let heard = heard.lock().expect("a lock");
        heard.windows(text.len()).any(|part| part == text.as_bytes())
    };
    wait_until("the trace is heard", || has("first_of_all") && has("then"));
    for text in [&*run, "edge-1", "work", "connect", "changed", "service.name", "groundcrew"] {
        assert!(has(text), "no {text:?} in the trace");
    }
    assert!(!has(CANARY));
    // A step is a part of its run, and the run of nothing.
    let heard = heard.lock().expect("a lock");
    let (runs, steps) = (spans(&heard, "work"), spans(&heard, "step"));
    assert_eq!((runs.len(), steps.len()), (1, 2));
    let (is_child, run) = runs[0];
    assert!(!is_child);
    assert_eq!(steps, [(true, run); 2]);
}
