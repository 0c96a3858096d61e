//! Waiting for a word that one part says to all others: that it is time to leave, say.

use tokio::sync::watch;

/// Resolves when the value is as wanted; also when who would set it is gone.
pub async fn until<T>(value: &mut watch::Receiver<T>, wanted: impl FnMut(&T) -> bool) {
    // What `wait_for` gives is a lock on the value: it must not be kept across an await.
    let _ = value.wait_for(wanted).await;
}

/// Resolves when it is time to stop.
pub async fn stopped(stop: &mut watch::Receiver<bool>) {
    until(stop, |stop| *stop).await;
}
