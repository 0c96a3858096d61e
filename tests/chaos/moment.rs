//! The moments of a run at which a fault comes. Each is brought about, and held, by the host:
//! nothing is hit by luck.

use rustix::process::Signal;

use crate::job::{GO, WAITS};
use crate::world::World;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A worker has claimed the run, and its host knows nothing yet: the link is cut.
    BeforeTheBundle,
    /// A step prints, and does not end.
    WhileAStepRuns,
    /// A step has ended, and the next one not begun: the runner syncs its journal, slowly.
    BetweenSteps,
    /// The run has ended on its host, and its worker, which stands still, does not know.
    AtTheEnd,
}

use Moment::{AtTheEnd, BeforeTheBundle, BetweenSteps, WhileAStepRuns};

pub const ALL: [Moment; 4] = [BeforeTheBundle, WhileAStepRuns, BetweenSteps, AtTheEnd];

/// A `sync` that does not come back while `/root/hold` is there.
const SLOW_SYNC: &str = r#"cat >/usr/local/bin/sync <<'END'
#!/bin/sh
[ ! -e /root/hold ] || { touch /root/held; until [ ! -e /root/hold ]; do sleep 0.05; done; }
exec /bin/sync "$@"
END
chmod +x /usr/local/bin/sync; touch /root/holds /root/go"#;

impl Moment {
    pub fn name(self) -> &'static str {
        match self {
            BeforeTheBundle => "before the bundle is sent",
            WhileAStepRuns => "while a step runs",
            BetweenSteps => "between steps",
            AtTheEnd => "at the end",
        }
    }

    /// Asks for a run of the job `steps`, brings it to this moment, and gives its id.
    #[track_caller]
    pub fn of_a_run(self, world: &World<'_>) -> String {
        let host = world.host();
        match self {
            BeforeTheBundle => {
                host.run(GO);
                host.lab("cut", &[]);
            }
            BetweenSteps => drop(host.run(SLOW_SYNC)),
            WhileAStepRuns | AtTheEnd => {}
        }
        let id = world.ask("steps");
        match self {
            BeforeTheBundle => world.reaches_epoch(&id, 1),
            BetweenSteps => host.wait_for("[ -e /root/held ]"),
            WhileAStepRuns => host.wait_for(WAITS),
            AtTheEnd => {
                host.wait_for(WAITS);
                world.workers[world.holder(&id)].signal(Signal::STOP);
                host.run(GO);
                let journal = format!("/var/lib/groundcrew/runs/{id}/attempt-1/journal");
                host.wait_for(&format!("grep -q ' end ' {journal}"));
            }
        }
        id
    }

    /// Lets the run go on.
    pub fn is_over(self, world: &World<'_>) {
        match self {
            BeforeTheBundle => world.host().lab("mend", &[]),
            WhileAStepRuns => drop(world.host().run(GO)),
            BetweenSteps => drop(world.host().run("rm /root/hold")),
            AtTheEnd => {}
        }
    }
}
