//! The word that all roles wait for: that it is time to leave.

use tokio::sync::watch;

/// Resolves when it is time to stop; also when who would say so is gone.
pub async fn stopped(stop: &mut watch::Receiver<bool>) {
    // What `wait_for` gives is a lock on the value: it must not be kept across an await.
    let _ = stop.wait_for(|stop| *stop).await;
}
