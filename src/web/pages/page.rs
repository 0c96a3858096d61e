//! A page as a handler gives it: the component's name, and its props.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::join::OneLine;

/// A page that is to be shown. [`super::present`] makes the answer of it.
#[derive(Clone)]
pub struct Page {
    /// The file in `ui/src/pages`.
    pub component: &'static str,
    /// What it is given.
    pub props: Map<String, Value>,
    /// Props that also come with a part of the page that does not name them.
    pub always: Vec<&'static str>,
    /// The one line of a server that has not joined, which is said with what is said once.
    pub line: Option<OneLine>,
    /// 200, but for a problem.
    pub status: StatusCode,
}

impl Page {
    /// A page without props.
    pub fn new(component: &'static str) -> Self {
        let (props, always, line) = (Map::new(), Vec::new(), None);
        Self { component, props, always, line, status: StatusCode::OK }
    }

    /// With this prop.
    pub fn with(mut self, name: &'static str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).expect("props are JSON");
        self.props.insert(name.to_owned(), value);
        self
    }

    /// With this prop, which may change without a revision and so comes with every answer.
    pub fn always(mut self, name: &'static str, value: impl Serialize) -> Self {
        self.always.push(name);
        self.with(name, value)
    }

    /// What is shown instead of a page, and why.
    pub fn problem(status: StatusCode, detail: &str) -> Self {
        let page = Self::new("Problem").with("status", status.as_u16());
        Self { status, ..page.with("detail", detail) }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
