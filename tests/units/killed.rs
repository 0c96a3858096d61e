//! Promise 6, under systemd: who is killed comes back, and who hangs is ended by the watchdog. What
//! it was at goes on elsewhere, and each step has run once.

use crate::lab::wait_until;
use crate::panel::{Panel, SERVERS};

/// Waits until the host's `/root/go` is there.
const JOB: &str = "title = \"Waits\"\n[[steps]]\nname = \"waits\"\ntitle = \"Waiting\"\n\
    check = '[ -e /root/go ]'\nrun = '''\n\
    echo began >>/root/began\nuntil [ -e /root/go ]; do sleep 0.05; done\n'''";

#[test]
fn who_is_killed_comes_back_and_who_hangs_is_ended() {
    let panel = Panel::take();
    let (host, server) = (panel.host(), panel.server(*SERVERS.start()));
    server.run("rm -f /root/go /root/began");
    panel.job("waits", JOB);
    panel.edit("groundcrew-worker@1.service", "[Service]\nWatchdogSec=2");
    panel.start("groundcrew.target");
    panel.add_servers();
    panel.groundcrew("run waits --server edge-2");
    server.wait_for("test -e /root/began");

    // The worker hangs, and another one is there.
    host.run("systemctl start groundcrew-worker@2");
    let hung = panel.main_pid("groundcrew-worker@1");
    host.run(&format!("kill -STOP {hung}"));

    // Who asks meanwhile waits in the socket, and is answered.
    for (unit, port) in [("groundcrew-web", 8080), ("groundcrew-gateway", 8081)] {
        let killed = panel.main_pid(unit);
        let asks = "curl -s -o /dev/null -w '%{http_code}\\n'";
        host.run(&format!("kill -9 {killed} && {asks} http://127.0.0.1:{port}/"));
        is_back(&panel, unit, &killed);
    }
    is_back(&panel, "groundcrew-worker@1", &hung);
    assert!(panel.journal().contains("watchdog"), "{}", panel.journal());
    let run = |panel: &Panel| panel.ask("runs list")[0].clone();
    wait_until("somebody took the run over", || run(&panel)["epoch"] == 2);
    for unit in ["groundcrew-worker@1", "groundcrew-worker@2"] {
        let killed = panel.main_pid(unit);
        host.run(&format!("kill -9 {killed}"));
        is_back(&panel, unit, &killed);
    }
    server.run("touch /root/go");
    wait_until("the run ends", || run(&panel)["status"] == "completed");
    assert_eq!(server.run("cat /root/began"), "began");
    assert_eq!(
        host.run("ls /run/groundcrew-worker-1 /run/groundcrew-worker-2 | grep -v : || :"),
        "",
        "no key stays"
    );
    // All of it, sockets too, and more often than systemd's own limits would let us.
    for _ in 0..6 {
        host.run("systemctl restart 'groundcrew-*' && curl -fs -o /dev/null http://127.0.0.1:8080/health");
    }
    wait_until("doctor is content", || {
        host.try_run("cd / && sudo -u groundcrew groundcrew doctor").status.success()
    });
}

/// systemd has another process for the unit, which is ready.
#[track_caller]
fn is_back(panel: &Panel, unit: &str, killed: &str) {
    wait_until("the unit is back", || {
        let now = panel
            .host()
            .run(&format!("systemctl show --property=ActiveState,MainPID --value {unit}"));
        let (pid, state) = now.split_once('\n').unwrap_or_default();
        (state == "active" || pid == "active") && ![killed, "0"].contains(&pid)
    });
}
