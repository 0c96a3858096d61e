//! Pusher's protocol, version 7, as pusher-js and Laravel Echo speak it: what clients ask
//! for, what is said to them, and what is signed. No I/O.
//!
//! Formats are those of Pusher's own documentation ("Pusher Channels Protocol", "HTTP API
//! reference"); where it leaves room, those that pusher-js understands. `data` is a string
//! towards the client: most often one that holds JSON. From the client, it is an object
//! or such a string.

mod asked;
mod channel;
mod code;
mod member;
pub mod say;
pub mod sign;
mod socket_id;

pub use self::asked::{Asked, Bad, content, read};
pub use self::channel::{BadName, Kind, Name};
pub use self::code::Code;
pub use self::member::{Member, presence, user_id};
pub use self::socket_id::SocketId;
