//! WebSocket (RFC 6455) as a server speaks it, without extensions.
//!
//! Our own, because of what a fan-out needs: thousands of clients cost nothing while they are
//! silent, for no buffer is kept between messages, and one frame, encoded once, goes to all.

mod frame;
mod handshake;
mod reader;

pub use frame::{close, ping, pong, text};
pub use handshake::{Refused, accept};
pub use reader::{Message, Reader, Violation};
