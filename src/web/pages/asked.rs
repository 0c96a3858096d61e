//! What a request says of itself: whether Inertia's client asks, for which part of which page, and
//! from where.

use axum::extract::Request;
use axum::http::header::{ACCEPT, HOST, REFERER};
use axum::http::{HeaderMap, Method, Uri};

use super::built;
use crate::web::Site;

/// A request, as far as its answer hangs on it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Path and query.
    pub url: String,
    /// Whether Inertia's client asks, which takes pages as JSON.
    pub inertia: bool,
    /// Whether it reads, and no form was sent.
    pub reads: bool,
    /// Which page the client has, where it asks for a part of it.
    part_of: Option<String>,
    only: Vec<String>,
    except: Vec<String>,
    version: Option<String>,
    html: bool,
    api: bool,
    host: Option<String>,
    referer: Option<String>,
}

impl Asked {
    /// What this request says.
    pub fn of(request: &Request) -> Self {
        let headers = request.headers();
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let list = |name| match text(name) {
            Some(names) if !names.is_empty() => names.split(',').map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        Self {
            url: path_and_query(request.uri()),
            inertia: headers.contains_key("x-inertia"),
            reads: matches!(*request.method(), Method::GET | Method::HEAD),
            part_of: text("x-inertia-partial-component").map(str::to_owned),
            only: list("x-inertia-partial-data"),
            except: list("x-inertia-partial-except"),
            version: text("x-inertia-version").map(str::to_owned),
            html: text(ACCEPT.as_str()).is_some_and(|accept| accept.contains("html")),
            api: request.uri().path().starts_with("/api/"),
            host: text(HOST.as_str()).map(str::to_owned),
            referer: text(REFERER.as_str()).map(str::to_owned),
        }
    }

    /// Whether a person looks at the answer.
    pub fn is_browser(&self) -> bool {
        (self.inertia || self.html) && !self.api
    }

    /// Whether the client has another build of the pages.
    pub fn is_stale(&self) -> bool {
        self.inertia && self.reads && self.version.as_deref() != Some(&**built::VERSION)
    }

    /// Whether only a part of this page is wanted.
    pub fn is_partial(&self, component: &str) -> bool {
        self.inertia
            && self.part_of.as_deref() == Some(component)
            && !(self.only.is_empty() && self.except.is_empty())
    }

    /// Whether the part that is wanted has this prop. A prop inside of one is wanted with it.
    pub fn wants(&self, prop: &str) -> bool {
        let names = |list: &[String]| list.iter().any(|name| name.split('.').next() == Some(prop));
        !self.except.iter().any(|name| name == prop) && (self.only.is_empty() || names(&self.only))
    }

    /// The page that the person is on, as path and query, where that is one of ours.
    pub fn page(&self, site: &Site) -> Option<String> {
        let page: Uri = self.referer.as_deref()?.parse().ok()?;
        let is_ours = page.authority().map(|host| host.as_str()) == self.host.as_deref()
            || self.referer.as_deref()?.strip_prefix(&*site.url)?.starts_with('/');
        is_ours.then(|| path_and_query(&page))
    }

    /// The port that the browser came to, if it says so.
    pub fn port(headers: &HeaderMap) -> Option<u16> {
        let host: http::uri::Authority = headers.get(HOST)?.to_str().ok()?.parse().ok()?;
        host.port_u16()
    }
}

fn path_and_query(uri: &Uri) -> String {
    uri.path_and_query().map_or("/", |path| path.as_str()).to_owned()
}
