//! WebSockets (RFC 6455), the server's side of them, without extensions: bytes in, messages
//! out, and back. No I/O.
//!
//! Why our own: a page is silent nearly always, and a gateway holds thousands of them. So a
//! [`Reader`] has no heap memory between messages, where the libraries keep buffers for each
//! connection; and a message to many is one frame, encoded once ([`text`]) and shared,
//! where they encode it for each.

mod frame;
mod handshake;
mod header;
mod mask;
mod message;
mod reader;

pub use self::frame::{close, ping, pong, text};
pub use self::handshake::{Refused, accept};
pub use self::message::{Message, Violation};
pub use self::reader::Reader;
