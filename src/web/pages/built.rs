//! What `ui/build` has built, as it is in the binary: scripts, styles and fonts under `/build/`, and
//! Vite's manifest, which says what a page needs of them.
//!
//! A name under `assets/` has a digest of its content in it, so browsers keep such a file for good.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Name and content of each file, made by `build.rs`; none where the pages were not built.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// One entry of Vite's manifest.
#[derive(Deserialize)]
struct Chunk {
    file: String,
    #[serde(default)]
    css: Vec<String>,
    #[serde(default)]
    imports: Vec<String>,
}

/// What stands in the head of a page, as names of files: the script that starts, ...
#[derive(Default)]
pub struct Needs {
    /// ... those that it imports, ...
    pub scripts: Vec<&'static str>,
    /// ... and how it all looks.
    pub styles: BTreeSet<&'static str>,
}

static MANIFEST: LazyLock<BTreeMap<String, Chunk>> = LazyLock::new(|| {
    let text = file("manifest.json").unwrap_or(b"{}");
    serde_json::from_slice(text).expect("Vite's manifest can be read")
});

/// Which build of the pages this is: a page of another one loads itself anew.
pub static VERSION: LazyLock<String> = LazyLock::new(|| {
    let manifest = Sha256::digest(file("manifest.json").unwrap_or_default());
    hex::encode(&manifest[..8])
});

/// Whether there are any pages.
pub fn is_built() -> bool {
    file("manifest.json").is_some()
}

/// What a page of this component needs, the script that starts first.
pub fn needs(component: &str) -> Needs {
    let mut needs = Needs::default();
    add("src/main.tsx", &mut needs);
    add(&format!("src/pages/{component}.tsx"), &mut needs);
    needs
}

fn add(name: &str, needs: &mut Needs) {
    let Some(chunk) = MANIFEST.get(name) else { return };
    if needs.scripts.contains(&chunk.file.as_str()) {
        return;
    }
    needs.scripts.push(&chunk.file);
    needs.styles.extend(chunk.css.iter().map(String::as_str));
    for import in &chunk.imports {
        add(import, needs);
    }
}

/// `GET /build/{name}`.
pub async fn show(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(plain) = file(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let kind = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("woff2") => "font/woff2",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    };
    let keep = match name.starts_with("assets/") {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let about = [(CONTENT_TYPE, kind), (CACHE_CONTROL, keep), (VARY, "Accept-Encoding")];
    let takes = headers.get(ACCEPT_ENCODING).and_then(|takes| takes.to_str().ok());
    match file(&format!("{name}.gz")) {
        Some(small) if takes.is_some_and(|takes| takes.contains("gzip")) => {
            (about, [(CONTENT_ENCODING, "gzip")], small).into_response()
        }
        _ => (about, plain).into_response(),
    }
}

fn file(name: &str) -> Option<&'static [u8]> {
    let at = FILES.binary_search_by(|(known, _)| (*known).cmp(name));
    at.ok().map(|at| FILES[at].1)
}
