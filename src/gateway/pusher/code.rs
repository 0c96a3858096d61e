//! Pusher's codes. A client's next move hangs on them.

/// An error's code, which a connection is also closed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Code {
    /// There is no application with this key. The client stops for good.
    UnknownApp = 4001,
    /// A path that is none. The client stops for good.
    PathNotFound = 4005,
    /// The version can't be read. The client stops for good.
    InvalidVersion = 4006,
    /// The version is another one. The client stops for good.
    UnsupportedVersion = 4007,
    /// No version is given. The client stops for good.
    NoVersion = 4008,
    /// The connection, its origin or its user is not allowed. The client stops for good.
    Unauthorized = 4009,
    /// Too many. The client waits, and comes back.
    OverCapacity = 4100,
    /// The client comes back at once.
    Reconnect = 4200,
    /// It did not answer a ping. It comes back at once.
    PongTimeout = 4201,
    /// It said nothing for too long. It comes back at once.
    Inactive = 4202,
    /// Too many events of its own. It stays.
    ClientEventRate = 4301,
}
