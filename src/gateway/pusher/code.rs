//! Error and close codes, of Pusher's table. A client decides by the code of the close frame
//! what it does next, so each says that here (as pusher-js does it).

/// Why a connection is closed, or something on it was refused.
///
/// - 4000 to 4099: the client must not come back with the same request;
/// - 4100 to 4199: it comes back after a pause (pusher-js: a second);
/// - 4200 to 4299: it comes back at once;
/// - 4300 to 4399: only told with `pusher:error`, never closed with: the connection stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Code {
    /// The application wants TLS: the client comes back at once, with `wss`.
    Ssl = 4000,
    /// There is no application with this key: the client stops for good.
    UnknownApp = 4001,
    /// The application is switched off: the client stops for good.
    AppDisabled = 4003,
    /// The application has too many connections, and always will have: the client stops for good.
    OverQuota = 4004,
    /// There is nothing at this path: the client stops for good.
    PathNotFound = 4005,
    /// The `version` is not written as one: the client stops for good.
    InvalidVersion = 4006,
    /// This `protocol` is not spoken here: the client stops for good.
    UnsupportedVersion = 4007,
    /// There is no `protocol` in the request: the client stops for good.
    NoVersion = 4008,
    /// The connection, or its user, has no right to be here: the client stops for good.
    Unauthorized = 4009,
    /// Too much is going on now: the client comes back after a second.
    OverCapacity = 4100,
    /// Nothing is wrong, and the connection ends (a restart): the client comes back at once.
    Reconnect = 4200,
    /// The client did not answer a ping in time: if it lives, it comes back at once.
    PongTimeout = 4201,
    /// Nothing was heard of the client for too long: if it lives, it comes back at once.
    Inactive = 4202,
    /// The client sent too many events: this one reached nobody, the connection stays.
    ClientEventRate = 4301,
}

impl Code {
    /// The number that is sent.
    pub fn number(self) -> u16 {
        self as u16
    }
}
