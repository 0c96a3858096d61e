//! Under systemd: says when a role is ready, that it is not stuck, and that it leaves, as
//! sd_notify(3) has it; and takes the socket that systemd holds, so that a restart refuses nobody.
//! Without systemd, all of this does nothing.

use std::io;
use std::net::TcpListener;

use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};

/// The socket that systemd listens on in our stead: one, or none. To be called before there is
/// another thread, for it changes the environment.
///
/// # Errors
/// Fails if what we were given is no such socket.
pub fn socket() -> io::Result<Option<TcpListener>> {
    let mut sockets = ListenFd::from_env();
    if sockets.len() > 1 {
        return Err(io::Error::other(format!(
            "systemd holds {} sockets for us, and one is served; in its drop-in, put an empty \
             ListenStream= before the new one",
            sockets.len()
        )));
    }
    let socket = sockets.take_tcp_listener(0)?;
    if let Some(socket) = &socket {
        socket.set_nonblocking(true)?;
    }
    Ok(socket)
}

/// From now on we do what we are for; `status` is what `systemctl status` shows.
///
/// Where a watchdog was set (`WatchdogSec=`), it hears of us twice in its time, from a task among
/// those that do the work: if these stand still, it does. Whether database and Redis answer is not
/// asked: nothing is gained by a restart then.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    tokio::spawn(async move {
        let mut tick = interval(limit / 2);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            tell(&[NotifyState::Watchdog]);
        }
    });
}

/// From now on we take nothing new.
pub fn leaving() {
    tell(&[NotifyState::Stopping, NotifyState::Status("leaving")]);
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!("systemd can't be told how we are: {error}");
    }
}
