//! Pusher's protocol 7, as pusher-js and Laravel Echo speak it: names, codes, signatures, and
//! what both sides say.

mod asked;
mod code;
mod name;
pub mod say;
pub mod sign;
mod socket_id;

pub use asked::{Asked, Bad, Subscribe, read};
pub use code::Code;
pub use name::Name;
pub use socket_id::SocketId;
