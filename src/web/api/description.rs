//! The API's description (OpenAPI), made of the routes themselves, and a page that shows it.
//! The page has no script or style but ours, from here.

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::routing::get;
use serde_json::{Value, json};
use utoipa::PartialSchema;
use utoipa::openapi::OpenApi;

use super::problem::{FieldError, Kind, MEDIA_TYPE, ProblemBody};

/// Statuses that any route may answer with.
const ALWAYS: [Kind; 4] = [Kind::Unauthorized, Kind::Forbidden, Kind::TooMany, Kind::Unavailable];

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the routes say of themselves, with what is true of all of them.
pub fn finish(described: OpenApi) -> Value {
    let mut description = serde_json::to_value(described).expect("a description is JSON");
    description["info"] = json!({
        "title": "Groundcrew",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Servers, runs, jobs, workers and tokens of an installation. Each request shows a \
            token, which `groundcrew token create` makes. What is another user's is not found. \
            Problems are `application/problem+json` (RFC 9457).",
        "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
    });
    description["components"]["securitySchemes"]["token"] =
        json!({ "type": "http", "scheme": "bearer", "bearerFormat": "gcr_…" });
    let schemas = &mut description["components"]["schemas"];
    schemas["Problem"] = json!(ProblemBody::schema());
    schemas["FieldError"] = json!(FieldError::schema());
    // utoipa writes what is on a page there once more.
    for (name, page) in schemas.as_object_mut().into_iter().flatten() {
        if let Some(item) = name.strip_prefix("Page_") {
            page["properties"]["items"]["items"] =
                json!({ "$ref": format!("#/components/schemas/{item}") });
        }
    }
    // The page shows them, and `type` points there.
    description["x-problems"] = Kind::ALL
        .map(|kind| {
            let (status, name, title) = kind.about();
            json!({ "name": name, "status": status.as_u16(), "title": title })
        })
        .into();
    for (path, item) in description["paths"].as_object_mut().into_iter().flatten() {
        for (_, operation) in item.as_object_mut().into_iter().flatten() {
            add_problems(operation, path);
        }
    }
    description
}

/// The problems that a route may answer with besides its own.
fn add_problems(operation: &mut Value, path: &str) {
    let mut kinds = ALWAYS.to_vec();
    if path.contains('{') {
        kinds.push(Kind::NotFound);
    }
    let parameters = operation["parameters"].as_array();
    let is_read = |parameter: &Value| parameter["in"] != "path";
    let has_body = operation.get("requestBody").is_some();
    if has_body || parameters.is_some_and(|all| all.iter().any(is_read)) {
        kinds.push(Kind::Malformed);
    }
    if has_body {
        kinds.extend([Kind::TooLarge, Kind::MediaType, Kind::Invalid]);
    }
    let content = json!({ MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } });
    for kind in kinds {
        let (status, _, title) = kind.about();
        operation["responses"][status.as_str()]["description"] = json!(title);
    }
    for (status, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
        if status.starts_with(['4', '5']) {
            answer["content"] = content.clone();
        }
        let header = |text: &str| json!({ "description": text, "schema": { "type": "string" } });
        match status.as_str() {
            "401" => answer["headers"]["WWW-Authenticate"] = header("How to show who asks"),
            "429" | "503" => answer["headers"]["Retry-After"] = header("Seconds to wait"),
            _ => {}
        }
    }
}

/// The page that shows the description.
pub fn page<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let file = |kind: &'static str, text: &'static str| {
        get(async move || ([(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, POLICY)], text))
    };
    Router::new()
        .route("/api/v1/docs", file("text/html; charset=utf-8", include_str!("docs/page.html")))
        .route(
            "/api/v1/docs.js",
            file("text/javascript; charset=utf-8", include_str!("docs/page.js")),
        )
        .route("/api/v1/docs.css", file("text/css; charset=utf-8", include_str!("docs/page.css")))
}
