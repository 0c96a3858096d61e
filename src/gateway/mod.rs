//! The gateway: what browsers hear of changes, as Pusher's protocol over WebSockets.

pub mod pusher;
pub mod websocket;
