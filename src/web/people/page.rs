//! Small pages, until the real ones come: to sign in, to use a link, and who is signed in.
//! Made here, without a script.

use std::sync::LazyLock;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use minijinja::value::Serde;
use minijinja::{Environment, Value};
use serde::Serialize;

use crate::model::Session;
use crate::web::Site;
use crate::web::api::{FieldError, Problem};

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";

/// What is shown.
#[derive(Serialize)]
#[serde(tag = "page", rename_all = "snake_case")]
pub enum Page<'p> {
    /// A name and a password are asked for.
    SignIn { name: &'p str },
    /// Somebody with a link chooses both.
    Welcome { link: &'p str, name: &'p str },
    /// The link is good for nothing (any more).
    Gone,
    /// Who is signed in, and where.
    Account { user: &'p str, this: i64, sessions: &'p [Session], token: &'p str },
}

/// One field of the page's form.
#[derive(Serialize)]
struct Field<'p> {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    value: &'p str,
    /// What browsers and password managers fill in.
    complete: &'static str,
    hint: &'static str,
}

const PASSWORD: &str = "At least 12 characters; some words in a row are easy to remember";
const NAME: &str = "Letters, digits, and - _ . + @";
const OTHERS: &str = "At least 12 characters. All other browsers are signed out";

impl Page<'_> {
    /// The page, with what is wrong with what was sent.
    pub fn show(&self, errors: &[FieldError], status: StatusCode) -> Response {
        #[derive(Serialize)]
        struct Shown<'p> {
            #[serde(flatten)]
            page: &'p Page<'p>,
            title: &'static str,
            fields: Vec<Field<'p>>,
            errors: &'p [FieldError],
        }
        let shown = Shown { page: self, title: self.title(), fields: self.fields(), errors };
        let html = match template(Value::from(Serde(shown))) {
            Ok(html) => html,
            Err(error) => return Problem::internal(error).into_response(),
        };
        let headers =
            [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)];
        (status, headers, html).into_response()
    }

    fn title(&self) -> &'static str {
        match self {
            Self::SignIn { .. } => "Sign in",
            Self::Welcome { .. } => "Welcome",
            Self::Gone => "This link is over",
            Self::Account { .. } => "Your account",
        }
    }

    fn fields(&self) -> Vec<Field<'_>> {
        let name = |value, hint| Field {
            name: "name",
            label: "Name",
            kind: "text",
            value,
            complete: "username",
            hint,
        };
        let password = |name, label, complete, hint| Field {
            name,
            label,
            kind: "password",
            value: "",
            complete,
            hint,
        };
        let (now, new) = ("current-password", "new-password");
        match *self {
            Self::SignIn { name: value } => {
                vec![name(value, ""), password("password", "Password", now, "")]
            }
            Self::Welcome { name: value, .. } => {
                vec![name(value, NAME), password("password", "Password", new, PASSWORD)]
            }
            Self::Account { .. } => vec![
                password("current", "Password now", now, ""),
                password("password", "New password", new, OTHERS),
            ],
            Self::Gone => vec![],
        }
    }
}

/// What the pages load.
pub fn files() -> Router<Site> {
    let style = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    Router::new().route("/people.css", get(async move || (style, include_str!("page.css"))))
}

/// The name's end has values escaped.
fn template(values: Value) -> Result<String, minijinja::Error> {
    static TEMPLATES: LazyLock<Environment<'_>> = LazyLock::new(|| {
        let mut templates = Environment::new();
        templates
            .add_template("page.html", include_str!("page.html"))
            .expect("the template is right");
        templates
    });
    TEMPLATES.get_template("page.html")?.render(values)
}
