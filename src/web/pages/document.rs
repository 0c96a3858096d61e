//! The page around the script, which browsers load first. Nothing stands in it that a policy must
//! make an exception for: the page object is data, and scripts and styles are files.

use serde_json::Value;

use super::built::{self, Needs};

/// The document of a page.
pub fn document(component: &str, page: &Value) -> String {
    if !built::is_built() {
        return NOT_BUILT.to_owned();
    }
    let Needs { scripts, styles } = built::needs(component);
    let mut head = String::new();
    for file in styles {
        head += &format!("<link rel=\"stylesheet\" href=\"/build/{file}\">\n");
    }
    for file in scripts.iter().skip(1) {
        head += &format!("<link rel=\"modulepreload\" href=\"/build/{file}\">\n");
    }
    if let Some(file) = scripts.first() {
        head += &format!("<script type=\"module\" src=\"/build/{file}\"></script>\n");
    }
    // A text in it could else end the element.
    let page = page.to_string().replace('<', "\\u003c");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Groundcrew</title>\n\
         <link rel=\"icon\" href=\"/build/icon.svg\">\n{head}</head>\n<body>\n\
         <div id=\"app\"></div>\n\
         <script type=\"application/json\" data-page=\"app\">{page}</script>\n\
         <noscript>These pages need JavaScript. Without it there are the command line and \
         <a href=\"/api/v1/docs\">the API</a>.</noscript>\n</body>\n</html>\n"
    )
}

/// What a binary shows that was built without Node.
const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\">\n<title>Groundcrew</title>\n\
    <h1>The pages are not in this binary</h1>\n<p>It was built without them. In its source folder, \
    with Node 20.19 or later: <code>make build</code>, or <code>ui/build &amp;&amp; cargo build</code>. \
    The command line and <a href=\"/api/v1/docs\">the API</a> work without them.</p>\n</html>\n";
