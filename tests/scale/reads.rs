//! What pages, the API, workers, the sweeper, the gateway and commands ask of the store, each for
//! the common case and the extreme ones: an owner of few servers, a server with many runs, a run
//! with much output. Nothing here changes what is there, so that it can be asked again and again.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use groundcrew::model::{Listening, Subject};
use groundcrew::store::{Store, StoreError};

use crate::fill::Sample;

/// One question.
pub struct Read {
    /// Who asks: a page's path, or what else.
    pub who: &'static str,
    pub what: &'static str,
    pub ask: fn(Store, Sample) -> BoxFuture<'static, Result<(), StoreError>>,
}

macro_rules! reads {
    ($($who:literal, $what:literal, |$store:ident, $at:ident| $ask:expr;)*) => {
        /// All questions.
        pub const READS: &[Read] = &[$(Read {
            who: $who,
            what: $what,
            ask: |$store, $at| async move { let _ = ($ask).await?; Ok(()) }.boxed(),
        }),*];
    };
}

const LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const MINUTE: Duration = Duration::from_secs(60);

reads! {
    "/servers", "150 servers of 5,000", |store, at| store.servers_of(at.owner, 0, 150);
    "/servers", "a few servers", |store, at| store.servers_of(at.poor, 0, 150);
    "/servers", "what is on 100 servers", |store, at| store.installed(&at.open);
    "/servers", "how far 100 servers are", |store, at| store.progress_of(&at.open);
    "/servers/ID", "the server", |store, at| store.server_of(at.owner, at.server);
    "/servers/ID", "how far it is", |store, at| store.progress(at.server);
    "/servers/ID", "how far it is, with many runs", |store, at| store.progress(at.busy);
    "/servers/ID", "its last 10 runs", |store, at| store.runs_of(at.owner, Some(at.server), None, 10);
    "/servers/ID", "its last 10 of many runs", |store, at| store.runs_of(at.owner, Some(at.busy), None, 10);
    "/runs", "50 runs of an owner of many", |store, at| store.runs_of(at.owner, None, None, 51);
    "/runs", "older ones", |store, at| store.runs_of(at.owner, None, Some(&at.completed), 51);
    "/runs", "50 runs of an owner of few", |store, at| store.runs_of(at.poor, None, None, 51);
    "/runs/ID", "a run that has ended", |store, at| store.run_of(at.owner, &at.completed);
    "/runs/ID", "a run at work", |store, at| store.run_of(at.owner, &at.installing);
    "/runs/ID", "a run that waits", |store, at| store.run_of(at.owner, &at.pending);
    "/runs/ID", "its output", |store, at| store.output_slice(&at.completed, None, 0, 1_000_000);
    "/runs/ID", "the end of long output", |store, at| store.output_slice(&at.talkative, None, 1 << 40, 1000);
    "/workers", "the workers", |store, _at| store.workers();
    "/workers", "the line", |store, _at| store.runs_that_wait(100);
    "/account", "tokens", |store, at| store.tokens_of(at.owner, 0, 1000);
    "every page", "the session", |store, _at| store.shown_session(b"hash 7");
    "every call of the API", "the token", |store, _at| store.shown_token(b"hash 7");
    "API", "a request that came before", |store, at| store.request(at.owner, "key-1");
    "gateway", "who may listen", |store, at| {
        let one = |id| Listening { subject: Subject::Server(id), user_id: "1".into(), proof: None };
        let all: Vec<_> = at.open.iter().copied().map(one).collect();
        async move { store.may_listen(&all).await }
    };
    "gateway", "where output ends", |store, at| {
        async move { store.output_ends(&[at.completed.clone()].into()).await }
    };
    "worker", "looks for a run", |store, _at| store.claim_next("worker-9", MINUTE, LIFE);
    "worker", "looks for a server that joins", |store, _at| store.take_stranger(MINUTE);
    "worker", "looks for runs to cancel", |store, _at| store.cancel_requests("worker-1");
    "worker", "what is next on a server", |store, at| store.next_on(at.busy);
    "worker", "who waits for a run", |store, at| store.wake_waiting(&at.completed);
    "sweeper", "what is not announced", |store, _at| store.unannounced(Duration::ZERO, 500);
    "sweeper", "what could begin", |store, _at| store.claimable(500);
    "sweeper", "scripts that are silent", |store, _at| store.fail_silent(LIFE);
    "sweeper", "output to forget", |store, _at| store.prune_output(LIFE);
    "sweeper", "who did what, to forget", |store, _at| store.forget_audited(LIFE);
    "sweeper", "callbacks to forget", |store, _at| store.forget_callbacks(LIFE);
    "sweeper", "requests to forget", |store, _at| store.forget_requests(LIFE);
    "sweeper", "sessions to forget", |store, _at| store.forget_sessions();
    "doctor", "everything", |store, _at| store.survey();
    "metrics", "everything", |store, _at| store.figures();
    "runs list", "the last 20", |store, _at| store.runs(None, 20);
    "runs list", "of a server with many", |store, at| store.runs(Some(at.busy), 20);
    "runs show", "by the beginning of its id", |store, at| store.run(&at.completed[..20]);
    "audit", "the last 50", |store, _at| store.audited(None, 50);
    "audit", "of one server", |store, at| store.audited(Some(at.server), 50);
    "server show", "by name", |store, _at| store.server("edge-7");
}
