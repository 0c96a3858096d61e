//! `groundcrew apply`: provisions hosts right now, with no server added, no
//! database and no Redis.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{JoinSet, spawn_blocking};

use super::ask;
use super::display::{self, Display, TICK};
use super::wanted::{WantedArgs, fingerprint};
use crate::catalog::Catalog;
use crate::model::{Event, Plan};
use crate::remote::{
    Decision, Holder, HostKey, Mode, Outcome, Question, Request, Ssh, Target, Wish, drive,
};

/// The name under which the command's runs are kept on a host.
const INSTALLATION: &str = "apply";
/// So many hosts are worked on at once; the others wait.
const AT_ONCE: usize = 64;

/// Provisions one host, or many at once, right now
///
/// The host does the work by itself and keeps a journal: a cut line, or Ctrl-C, stops nothing, and
/// the same command again follows what is going on there. What is in place already stays as it is.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  groundcrew apply nginx root@203.0.113.24\n  \
    groundcrew apply nginx --plan root@203.0.113.24 -i ~/.ssh/id_ed25519\n  \
    groundcrew apply nginx -p app_user=web deploy@edge-1 deploy@edge-2:2222\n\n\
    Exit code: 0 all done, 1 something failed or was left, 2 the command is wrong.")]
pub struct ApplyArgs {
    #[command(flatten)]
    wanted: WantedArgs,
    /// Where: root, or a user with `sudo -n`; aliases of ~/.ssh/config work, too
    #[arg(value_name = "USER@HOST[:PORT]", required = true)]
    hosts: Vec<Target>,
    /// The private key to log in with [default: what ssh would take, and its agent]
    #[arg(short, long, value_name = "KEY")]
    identity: Option<PathBuf>,
    /// Runs the checks only, and says for each step "in place" or "would run"
    #[arg(long)]
    plan: bool,
    /// Prints one JSON object a line
    #[arg(long)]
    json: bool,
    /// A folder of your own job files; they add to the built-in ones, and win over those of the same name
    #[arg(long, env = "GROUNDCREW_JOBS", value_name = "DIR")]
    jobs: Option<PathBuf>,
    /// Accepts a host whose key is not known, if this is its fingerprint
    #[arg(long, value_name = "SHA256:…", value_parser = fingerprint)]
    fingerprint: Vec<String>,
    /// Accepts whatever key a host shows that is not known (never one that changed)
    #[arg(long)]
    accept_new: bool,
    /// Waits for a host that is busy with another run
    #[arg(long)]
    wait: bool,
    /// Tries a job on a system that it was not tested on
    #[arg(long)]
    untested_system: bool,
    /// An ssh configuration to use instead of ~/.ssh/config
    #[arg(short = 'F', long, value_name = "FILE")]
    ssh_config: Option<PathBuf>,
    /// Where known host keys are [default: where ssh keeps them]
    #[arg(long, env = "GROUNDCREW_KNOWN_HOSTS", value_name = "FILE")]
    known_hosts: Option<PathBuf>,
}

/// Does what the command line says.
pub fn run(args: ApplyArgs) -> Result<ExitCode> {
    let plan = match prepare(&args) {
        Ok(plan) => Arc::new(plan),
        // The command is wrong, as with an unknown flag.
        Err(error) => {
            eprintln!("error: {error:#}");
            return Ok(ExitCode::from(2));
        }
    };
    super::block_on(apply(args, plan))
}

/// Everything that can be found wrong before a host is touched.
fn prepare(args: &ApplyArgs) -> Result<Plan> {
    let catalog = Catalog::open(args.jobs.as_deref())?;
    let values = args.wanted.values()?;
    let mut seen = HashSet::new();
    for host in &args.hosts {
        anyhow::ensure!(
            seen.insert(host.to_string()),
            "the host {host} is given twice; name it once"
        );
    }
    let files =
        [(&args.identity, "-i", "a private key"), (&args.ssh_config, "-F", "an ssh configuration")];
    for (file, flag, wanted) in files {
        let Some(file) = file else { continue };
        let readable = std::fs::File::open(file).and_then(|file| file.metadata());
        let readable = readable.and_then(|about| match about.is_dir() {
            true => Err(io::Error::other("it is a folder")),
            false => Ok(()),
        });
        readable.with_context(|| {
            format!("{flag} must name the file of {wanted}; can't read {}", file.display())
        })?;
    }
    Ok(catalog.plan(args.wanted.jobs(), &values)?)
}

async fn apply(args: ApplyArgs, plan: Arc<Plan>) -> Result<ExitCode> {
    let ssh = Ssh::new(args.identity.clone(), args.ssh_config.as_deref(), args.known_hosts.clone())
        .context("making a private folder for the connections")?;
    let ssh = Arc::new(ssh);
    let hosts: Vec<String> = args.hosts.iter().map(Target::to_string).collect();
    let display = display::choose(args.json, &hosts, &plan, args.plan);

    // With 64 KB of output each at most, so that little is kept here of what is not shown yet.
    let (events, incoming) = mpsc::channel(64);
    let (questions, asked) = mpsc::channel(1);
    let (wish, wished) = watch::channel(Wish::GoOn);
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut runs = JoinSet::new();
    for target in &args.hosts {
        let request = Request {
            ssh: ssh.clone(),
            target: target.clone(),
            plan: plan.clone(),
            mode: if args.plan { Mode::Plan } else { Mode::Apply },
            untested_system: args.untested_system,
            installation: INSTALLATION.to_owned(),
            fingerprints: args.fingerprint.clone(),
            fleet: None,
        };
        let (slots, events, questions, wished) =
            (slots.clone(), events.clone(), questions.clone(), wished.clone());
        runs.spawn(async move {
            let _slot = slots.acquire_owned().await;
            drive(request, events, questions, wished).await
        });
    }
    drop((events, questions));
    let mut desk = Desk { args, display, wish };
    desk.attend(incoming, asked).await?;
    let outcomes = runs.join_all().await;
    let all_done = outcomes.iter().all(|outcome| *outcome == Outcome::Completed);
    Ok(if all_done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where the events are shown, and a person, or the command line, decides.
struct Desk {
    args: ApplyArgs,
    display: Box<dyn Display>,
    wish: watch::Sender<Wish>,
}

impl Desk {
    /// Shows events until the last run has ended.
    async fn attend(
        &mut self,
        mut events: mpsc::Receiver<Event>,
        mut questions: mpsc::Receiver<Question>,
    ) -> Result<()> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            let shown = tokio::select! {
                event = events.recv() => match event {
                    Some(event) => self.display.event(&event),
                    None => break,
                },
                Some(question) = questions.recv() => self.answer(question).await,
                _ = interrupt.recv() => self.interrupted().await,
                _ = terminate.recv() => self.leave(),
                _ = hang_up.recv() => self.leave(),
                _ = tick.tick() => self.display.tick(),
            };
            if let Err(error) = shown {
                // Nobody reads any more: the hosts go on, and we go.
                self.wish.send_replace(Wish::Leave);
                return Err(error).context("showing what happens");
            }
        }
        self.display.finish().context("showing what happens")
    }

    fn leave(&mut self) -> io::Result<()> {
        self.wish.send_replace(Wish::Leave);
        Ok(())
    }

    async fn interrupted(&mut self) -> io::Result<()> {
        let question = "Interrupted. What about the hosts that are at work?";
        let options = &[
            ('l', "leave them running: the same command again follows them"),
            ('c', "cancel there: what runs is ended, what was done stays"),
            ('g', "go on watching"),
        ];
        self.wish.send_replace(Wish::Undecided);
        let wish = match self.ask(question.into(), options, 'l').await? {
            Some('c') => Wish::Cancel,
            Some('g') => Wish::GoOn,
            _ => Wish::Leave,
        };
        self.wish.send_replace(wish);
        Ok(())
    }

    async fn answer(&mut self, question: Question) -> io::Result<()> {
        match question {
            Question::HostKey(target, key, answer) => {
                let accepted = self.accepts(&target, &key).await?;
                let _ = answer.send(accepted);
            }
            Question::Busy(target, holder, answer) => {
                let decision = self.decide_busy(&target, &holder).await?;
                let _ = answer.send(decision);
            }
        }
        Ok(())
    }

    async fn accepts(&mut self, target: &Target, key: &HostKey) -> io::Result<bool> {
        if !self.args.fingerprint.is_empty() {
            return Ok(self.args.fingerprint.contains(&key.fingerprint));
        }
        if self.args.accept_new {
            return Ok(true);
        }
        let question = format!(
            "The host key of {target} is not known:\n  {} {}\n\
             Compare it with what the host's console shows (`ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub`).",
            key.algorithm, key.fingerprint
        );
        let options = &[('y', "it is the same: remember it and go on"), ('n', "stop")];
        Ok(self.ask(question, options, 'n').await? == Some('y'))
    }

    async fn decide_busy(&mut self, target: &Target, holder: &Holder) -> io::Result<Decision> {
        if self.args.wait {
            return Ok(Decision::Wait);
        }
        let question = format!(
            "{target} is busy with run {} of installation {}.",
            holder.run, holder.installation
        );
        let options = &[('w', "wait until it has ended"), ('f', "follow that run"), ('q', "stop")];
        let answer = self.ask(question, options, 'q').await?;
        if answer == Some('w') {
            // Once asked is enough: the question would come again with every try.
            self.args.wait = true;
        }
        Ok(match answer {
            Some('w') => Decision::Wait,
            Some('f') => Decision::Follow,
            _ => Decision::GiveUp,
        })
    }

    /// Asks at the terminal, where there is one; what happens meanwhile is shown afterwards.
    async fn ask(
        &mut self,
        question: String,
        options: &'static [(char, &'static str)],
        default: char,
    ) -> io::Result<Option<char>> {
        self.display.hide()?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let modes = ask::Modes::save();
        let answer = tokio::select! {
            answer = spawn_blocking(move || ask::choose(&question, options, default)) => answer,
            // Whoever sent it hears of it after this; the question is left behind.
            _ = terminate.recv() => Ok(modes.restore().map(|()| None)),
            _ = hang_up.recv() => Ok(modes.restore().map(|()| None)),
        };
        self.display.show()?;
        answer.map_err(io::Error::other)?
    }
}
