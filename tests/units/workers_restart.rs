//! Promises 5 and 6, under systemd: all workers are restarted again and again while twenty runs go
//! on, once by an upgrade of the package over itself. All complete, and no step runs twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::lab::LONG;
use crate::panel::{Panel, SERVERS};

/// Operators were promised 10 s; steps are short here, and so is this.
const EVERY: Duration = Duration::from_secs(3);
const RUNS: usize = 20;
const STEPS: usize = 3;

#[test]
fn twenty_runs_complete_and_no_step_runs_twice() {
    let panel = Panel::take();
    panel.job("steps", &job());
    panel.start("groundcrew.target groundcrew-worker@2");
    panel.add_servers();
    let asks = (0..RUNS).zip(SERVERS.cycle());
    let asks =
        asks.map(|(number, server)| format!("run steps --server edge-{server} -p number={number}"));
    panel.all(asks);
    let start = Instant::now();
    let is_over = AtomicBool::new(false);
    let (runs, restarts) = thread::scope(|scope| {
        let restarts = scope.spawn(|| restart(&panel, &is_over));
        let runs = ended(&panel);
        is_over.store(true, Ordering::Relaxed);
        (runs, restarts.join().expect("units restart"))
    });
    assert_eq!(runs.len(), RUNS);
    for run in &runs {
        assert_eq!(run["status"], "completed", "{run:#}");
    }
    assert!(restarts >= 3, "only {restarts} restarts");
    let mut moved = 0;
    for run in &runs {
        let run = panel.ask(&format!("runs show {}", run["id"].as_str().expect("an id")));
        for step in run["steps"].as_array().expect("steps") {
            assert_eq!(
                (&step["status"], &step["starts"]),
                (&"completed".into(), &1.into()),
                "{run:#}"
            );
        }
        moved += usize::from(run["epoch"] != 1);
    }
    assert!(moved > 0, "no run was ever handed on");
    println!(
        "{restarts} restarts in {:.0?}; {moved} of {RUNS} runs were handed on",
        start.elapsed()
    );
    // What the hosts themselves have noted.
    for (first, server) in SERVERS.enumerate() {
        let noted = panel.server(server).run("cat /root/noted");
        let asked = (first..RUNS).step_by(SERVERS.count());
        let wanted: Vec<String> = asked
            .flat_map(|number| (1..=STEPS).map(move |step| format!("{number} {step}")))
            .collect();
        assert_eq!(noted.lines().collect::<Vec<_>>(), wanted);
    }
    panel.groundcrew("doctor");

    // Who is told to drain does so, and stays away.
    let workers = panel.ask("workers list");
    let pid: i64 = panel.main_pid("groundcrew-worker@2").parse().expect("a number");
    let worker = workers.as_array().expect("workers").iter().find(|worker| worker["pid"] == pid);
    panel.groundcrew(&format!(
        "worker drain {}",
        worker.expect("it is there")["name"].as_str().expect("a name")
    ));
    panel.host().wait_for("test $(systemctl is-active groundcrew-worker@2) = inactive");
}

/// Restarts all workers until it is over, and says how often.
fn restart(panel: &Panel, is_over: &AtomicBool) -> usize {
    let mut restarts = 0;
    while !is_over.load(Ordering::Relaxed) {
        restarts += 1;
        panel.host().run(match restarts {
            2 => "apt-get install -y --reinstall ./groundcrew.deb >/dev/null 2>&1",
            _ => "systemctl restart 'groundcrew-worker@*'",
        });
        thread::sleep(EVERY);
    }
    restarts
}

/// All runs, once they have ended.
fn ended(panel: &Panel) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let runs = panel.ask("runs list");
        let runs = runs.as_array().expect("runs");
        if runs.iter().all(|run| !run["finished_at"].is_null()) {
            return runs.clone();
        }
        assert!(start.elapsed() < LONG, "{runs:#?}\n{}", panel.journal());
        thread::sleep(Duration::from_millis(300));
    }
}

fn job() -> String {
    let mut text = "title = \"Notes each step\"\n[params.number]\ntype = \"integer\"\n".to_owned();
    for step in 1..=STEPS {
        text.push_str(&format!(
            "[[steps]]\nname = \"step_{step}\"\ntitle = \"Step {step}\"\ncheck = '[ -e \"/root/$NUMBER.{step}\" ]'\n\
             run = '''\necho \"$NUMBER {step}\" >>/root/noted\nsleep 0.8\ntouch \"/root/$NUMBER.{step}\"\n'''\n"
        ));
    }
    text
}
