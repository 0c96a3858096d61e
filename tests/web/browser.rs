//! What a browser does with forms and cookies, by hand: so that a test can do what browsers
//! would not.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::client::{self, Answer};
use crate::world::World;

pub const PASSWORD: &str = "correct horse battery staple";

/// One browser, with its cookies.
#[derive(Debug, Clone)]
pub struct Browser {
    /// As 127.0.0.1:1234.
    pub address: String,
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned(), cookies: BTreeMap::new() }
    }

    /// The first user's, who is called ann, signed in.
    pub fn of_first(world: &World) -> Self {
        Self::welcomed(world, None, "ann")
    }

    /// The browser of who uses a link of this user's, and chooses this name.
    pub fn welcomed(world: &World, user: Option<&str>, name: &str) -> Self {
        let mut browser = Self::new(&world.first.address);
        let link = link(world, user);
        let answer = browser.form(&link, &[("name", name), ("password", PASSWORD)]);
        assert_eq!((answer.status, answer.header("location")), (303, Some("/servers")), "{answer:?}");
        browser
    }

    /// The same cookies, before another process.
    pub fn at(&self, address: &str) -> Self {
        Self { address: address.to_owned(), ..self.clone() }
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &["Accept: text/html"], None)
    }

    /// Sends a form of a page of ours.
    pub fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = format!("Origin: http://{}", self.address);
        let kind = "Content-Type: application/x-www-form-urlencoded";
        let headers = ["Accept: text/html", kind, &origin, "Sec-Fetch-Site: same-origin"];
        self.send("POST", path, &headers, Some(&encoded(fields)))
    }

    /// The same with the session's token in the form, as the pages have it.
    pub fn form_with_token(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token();
        self.form(path, &[fields, &[("_token", &token)]].concat())
    }

    /// A script's request, with the session's token, that wants JSON.
    pub fn json(&mut self, method: &str, path: &str, body: &Value) -> Answer {
        let token = format!("X-XSRF-TOKEN: {}", self.token());
        let headers = ["Accept: application/json", "Content-Type: application/json", &token];
        self.send(method, path, &headers, Some(&body.to_string()))
    }

    /// Any request, with the cookies; keeps those of the answer.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: Option<&str>,
    ) -> Answer {
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = format!("Cookie: {}", cookies.collect::<Vec<_>>().join("; "));
        let cookies = (!self.cookies.is_empty()).then_some(cookies.as_str());
        let headers: Vec<&str> = headers.iter().copied().chain(cookies).collect();
        let answer =
            client::send(&format!("http://{}{path}", self.address), method, &headers, body);
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (pair, about) = cookie.split_once(';').expect("a cookie");
            let (name, value) = pair.split_once('=').expect("name and value");
            match about.contains("Max-Age=0;") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    pub fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        self.form("/sign-in", &[("name", name), ("password", password)])
    }

    /// Whether somebody is signed in here.
    pub fn is_signed_in(&self) -> bool {
        match self.clone().get("/").status {
            200 => true,
            303 => false,
            status => panic!("{status}"),
        }
    }

    /// What the session's cookie holds.
    pub fn session(&self) -> &str {
        &self.cookies["groundcrew_session"]
    }

    /// What pages read, and send along.
    pub fn token(&self) -> String {
        self.cookies.get("XSRF-TOKEN").cloned().unwrap_or_default()
    }
}

/// The path of a new link.
pub fn link(world: &World, user: Option<&str>) -> String {
    let words: Vec<&str> = ["user", "link"].into_iter().chain(user).collect();
    path_in(&world.fleet.ok(&words))
}

/// The path of the link in a text for people.
pub fn path_in(text: &str) -> String {
    let at = text.find("/welcome/").unwrap_or_else(|| panic!("no link: {text}"));
    text[at..].split_whitespace().next().expect("a link").to_owned()
}

pub fn encoded(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
