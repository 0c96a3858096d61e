//! Inertia's protocol, between browsers and handlers. A handler gives a [`Page`], a [`Sent`] or a
//! [`Problem`]; here it becomes what who asked can read: a document for the first load, JSON for
//! Inertia's client, a part of it where only a part is wanted, a redirect after a form.
//!
//! Small and ours: what there is in crates speaks to older clients, or knows no flash, no errors and
//! no problem. The client that it is written for is `@inertiajs/core` 3.7.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::asked::Asked;
use super::built;
use super::document::document;
use super::door;
use super::page::Page;
use super::sent::{self, Said, Sent, sentence};
use super::shared::{Gateway, User, now};
use crate::join::OneLine;
use crate::store::ShownSession;
use crate::web::api::{Kind, Problem};
use crate::web::{Site, session};

const INERTIA: HeaderName = HeaderName::from_static("x-inertia");
const INERTIA_LOCATION: HeaderName = HeaderName::from_static("x-inertia-location");

/// Whose browser it is, as handlers and [`door`] find it in a request.
#[derive(Debug, Clone)]
pub struct Seen(pub Option<ShownSession>);

/// Makes an answer for a browser.
pub async fn present(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let asked = Asked::of(&request);
    if asked.is_stale() {
        return visit(&asked.url);
    }
    let headers = request.headers().clone();
    let seen = match session::of(&site, &headers).await {
        Ok(seen) => seen,
        Err(error) => return problem(&site, &asked, &headers, None, &error.into()).await,
    };
    request.extensions_mut().insert(Seen(seen.clone()));
    let seen = seen.as_ref();
    let mut response = next.run(request).await;
    let given = response.extensions_mut();
    let shown = if let Some(page) = given.remove::<Page>() {
        show(&site, &asked, &headers, seen, page).await
    } else if let Some(sent) = given.remove::<Sent>() {
        follow(&site, &asked, seen, sent)
    } else if let Some(found) = given.remove::<Problem>().filter(|_| asked.is_browser()) {
        problem(&site, &asked, &headers, seen, &found).await
    } else {
        return response;
    };
    // What a handler has set besides: cookies, how long to wait.
    let (mut parts, body) = shown.into_parts();
    for name in [SET_COOKIE, RETRY_AFTER] {
        for value in response.headers().get_all(&name) {
            parts.headers.append(name.clone(), value.clone());
        }
    }
    Response::from_parts(parts, body)
}

/// What a page shows once.
#[derive(Serialize)]
struct Flash<'p> {
    #[serde(flatten)]
    said: sent::Flash,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<&'p OneLine>,
}

/// A page, or the part of it that is wanted.
async fn show(
    site: &Site,
    asked: &Asked,
    headers: &HeaderMap,
    seen: Option<&ShownSession>,
    page: Page,
) -> Response {
    let session = seen.map(|shown| shown.session.id);
    let is_partial = asked.is_partial(page.component);
    let said = match is_partial {
        true => None,
        false => Said::take(site, session, headers),
    };
    let cookie = said.as_ref().map(|_| Said::no_cookie(site));
    let Said { flash, errors } = said.unwrap_or_default();
    let mut props = Map::new();
    props.insert("user".to_owned(), json!(seen.map(User::of)));
    props.insert("gateway".to_owned(), json!(seen.map(|_| Gateway::of(site, headers))));
    props.extend(page.props);
    if is_partial {
        props.retain(|name, _| page.always.contains(&name.as_str()) || asked.wants(name));
    }
    props.insert("now".to_owned(), json!(now(site).await));
    props.insert("errors".to_owned(), json!(errors));
    let object = json!({
        "component": page.component,
        "props": props,
        "url": asked.url,
        "version": *built::VERSION,
        "flash": Flash { said: flash, line: page.line.as_ref().filter(|_| !is_partial) },
        "clearHistory": false,
        "encryptHistory": false,
    });
    let mut response = match asked.inertia {
        true => ([(INERTIA, "true")], Json(object)).into_response(),
        false => html(site, page.component, &object),
    };
    *response.status_mut() = page.status;
    let token = seen.filter(|_| !asked.inertia).map(|shown| {
        // For who has lost it.
        session::token_cookie(site, &session::token(site, shown.session.id))
    });
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("X-Inertia"));
    for cookie in cookie.into_iter().chain(token) {
        headers.append(SET_COOKIE, cookie);
    }
    response
}

fn html(site: &Site, component: &str, object: &Value) -> Response {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; \
         connect-src 'self'{}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        Gateway::source(site)
    );
    let kind = "text/html; charset=utf-8".to_owned();
    let headers = [(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, policy)];
    (headers, document(component, object)).into_response()
}

/// Where a form leads to.
fn follow(site: &Site, asked: &Asked, seen: Option<&ShownSession>, sent: Sent) -> Response {
    let back = || asked.page(site).unwrap_or_else(|| "/".to_owned());
    let mut response = go(&sent.to.unwrap_or_else(back));
    let session = seen.map(|shown| shown.session.id);
    let said = sent.said.map(|said| said.cookie(site, session));
    for cookie in sent.cookies.into_iter().chain(said) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Why there is no such page; of a form, back there with what is wrong with it.
async fn problem(
    site: &Site,
    asked: &Asked,
    headers: &HeaderMap,
    seen: Option<&ShownSession>,
    problem: &Problem,
) -> Response {
    if problem.kind() == Kind::Unauthorized {
        let mut response = match asked.inertia {
            true => visit("/sign-in"),
            false => go("/sign-in"),
        };
        let wanted = if asked.reads { Some(asked.url.clone()) } else { asked.page(site) };
        let cookie = wanted.map(|wanted| door::wanted(site, &wanted));
        response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
        return response;
    }
    if asked.inertia && !asked.reads {
        let sent = Sent { said: Some(Said::of(problem)), ..Sent::back() };
        return follow(site, asked, seen, sent);
    }
    // Of a form, what is wrong with its field says more.
    let detail = problem.fields().next().map_or(problem.detail(), |(_, detail)| detail);
    let page = Page::problem(problem.kind().status(), &sentence(detail));
    show(site, asked, headers, seen, page).await
}

/// Somewhere else, with GET.
pub fn go(path: &str) -> Response {
    match HeaderValue::try_from(path) {
        Ok(path) => (StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response(),
        Err(_) => (StatusCode::SEE_OTHER, [(LOCATION, "/")]).into_response(),
    }
}

/// Somewhere else, with a load of the whole page. Without the header that names our build: with it
/// the client would leave a page that fetched because of a notification as it is, and so stale.
fn visit(path: &str) -> Response {
    let path = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::CONFLICT, [(INERTIA_LOCATION, path)]).into_response()
}
