//! A Redis of one test, on a free port of the loopback.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::{Cmd, FromRedisValue};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

pub struct Server {
    pub port: u16,
    pub url: String,
    pub folder: TempDir,
    arguments: Vec<String>,
    process: Child,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(arguments: &[&str]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(|&a| a.to_owned()).collect();
        for _ in 0..5 {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            drop(listener);
            let folder = tempfile::tempdir().unwrap();
            let process = run(port, &folder, &arguments);
            let url = format!("redis://127.0.0.1:{port}");
            let mut server = Self { port, url, folder, arguments: arguments.clone(), process };
            // Somebody may have taken the port meanwhile.
            if server.is_up().await {
                return server;
            }
        }
        panic!("redis-server doesn't start");
    }

    async fn is_up(&mut self) -> bool {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(10) {
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            let answer: redis::RedisResult<String> =
                self.try_ask(redis::cmd("INFO").arg("server")).await;
            match answer {
                Ok(info) => return info.contains(&format!("process_id:{}\r", self.process.id())),
                // A password is asked for, or TLS is spoken: up.
                Err(error) if error.code() == Some("NOAUTH") => return true,
                Err(_) if self.arguments.iter().any(|a| a == "--tls-port") => {
                    let log = std::fs::read_to_string(self.folder.path().join("log"));
                    if log.is_ok_and(|log| log.contains("Ready to accept")) {
                        return true;
                    }
                }
                Err(_) => {}
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    }

    async fn try_ask<T: FromRedisValue>(&self, command: &Cmd) -> redis::RedisResult<T> {
        let client = redis::Client::open(self.url.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await?;
        command.query_async(&mut connection).await
    }

    /// What it answers to this line of words.
    pub async fn ask<T: FromRedisValue>(&self, words: &str) -> T {
        let mut words = words.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        command.arg(words.collect::<Vec<_>>());
        self.try_ask(&command).await.unwrap()
    }

    pub async fn ask_with<T: FromRedisValue>(&self, command: &Cmd) -> T {
        self.try_ask(command).await.unwrap()
    }

    /// Wants a password from now on, and cuts all connections.
    pub async fn lock_out(&mut self) {
        let () = self.ask("CONFIG SET requirepass secret").await;
        self.url = format!("redis://:secret@127.0.0.1:{}", self.port);
        for kind in ["normal", "pubsub"] {
            let _: i64 = self.ask(&format!("CLIENT KILL TYPE {kind}")).await;
        }
    }

    /// Wants no password any more.
    pub async fn let_in(&mut self) {
        let () = self.ask("CONFIG SET requirepass ").await;
        self.url = format!("redis://127.0.0.1:{}", self.port);
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again, empty, where it was.
    pub async fn restart(&mut self) {
        self.process = run(self.port, &self.folder, &self.arguments);
        assert!(self.is_up().await, "redis-server doesn't come back");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run(port: u16, folder: &TempDir, arguments: &[String]) -> Child {
    // The signal comes at the end of the test's thread, also where nothing is dropped.
    Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "redis-server", "--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "no", "--logfile", "log", "--port", &port.to_string()])
        .arg("--dir")
        .arg(folder.path())
        .args(arguments)
        .stdout(Stdio::null())
        .spawn()
        .expect("setpriv and redis-server are installed")
}
