//! Props of every page: who is signed in, where the gateway is, what time it is.

use axum::http::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;

use super::asked::Asked;
use crate::store::ShownSession;
use crate::web::Site;

/// Who is signed in.
#[derive(Serialize)]
pub struct User<'s> {
    id: i64,
    name: &'s str,
    /// Whether that is the first user, who sees to the workers.
    operator: bool,
}

/// Where Echo connects to.
#[derive(Serialize)]
pub struct Gateway<'s> {
    /// The application's.
    key: &'s str,
    /// None: where the page is.
    host: Option<&'s str>,
    port: u16,
    tls: bool,
}

impl<'s> User<'s> {
    /// Whose session it is.
    pub fn of(shown: &'s ShownSession) -> Self {
        Self { id: shown.user_id, name: &shown.user, operator: shown.operator }
    }
}

impl<'s> Gateway<'s> {
    /// The gateway of a site, for the browser that sends these headers.
    pub fn of(site: &'s Site, headers: &HeaderMap) -> Self {
        let key = &site.app.key;
        let usual = |tls| if tls { 443 } else { 80 };
        match &site.gateway {
            Some(address) => {
                let tls = address.scheme_str() == Some("https");
                let port = address.port_u16().unwrap_or(usual(tls));
                Self { key, host: address.host(), port, tls }
            }
            None => {
                let tls = site.has_tls();
                Self { key, host: None, port: Asked::port(headers).unwrap_or(usual(tls)), tls }
            }
        }
    }

    /// Where scripts may connect to besides, for the policy of the pages.
    pub fn source(site: &Site) -> String {
        let Some(address) = &site.gateway else { return String::new() };
        let scheme = if address.scheme_str() == Some("https") { "wss" } else { "ws" };
        address.authority().map(|host| format!(" {scheme}://{host}")).unwrap_or_default()
    }
}

/// The installation's clock, or this machine's while the database is away.
pub async fn now(site: &Site) -> Timestamp {
    site.installation.store.now().await.unwrap_or_else(|_| Timestamp::now())
}
