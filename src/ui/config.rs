//! `config.json`: what whoever hosts the site has set. Everything in it is optional.

use wasm_bindgen::{JsCast, JsValue};

use super::browser;
use super::i18n::Locale;
use crate::entity::endpoint::Endpoint;
use crate::entity::settings::Theme;

/// What the host has set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// `domain`: what is added to an address without `@`.
    pub domain: Option<String>,
    /// `websocket`: the WebSocket address of that domain's server.
    pub websocket: Option<String>,
    /// `other_servers`: whether people may log in elsewhere.
    pub other_servers: bool,
    /// `registration`: whether to offer "Create account".
    pub registration: bool,
    /// `anonymous`: whether to offer to join as a guest.
    pub anonymous: bool,
    /// `theme`: of those who have not chosen one.
    pub theme: Theme,
    /// `language`: of those who have not chosen one.
    pub language: Option<String>,
    /// `links.help`.
    pub help: Option<String>,
    /// `links.privacy`.
    pub privacy: Option<String>,
    /// `links.password_reset`.
    pub password_reset: Option<String>,
    /// `hide`.
    pub hide: Vec<Feature>,
}

/// What can be hidden.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Feature {
    /// `connection_settings`: the WebSocket address on the login page.
    ConnectionSettings,
    /// `add_contact`.
    AddContact,
    /// `diagnostics`.
    Diagnostics,
    /// `notifications`.
    Notifications,
}

impl Feature {
    const ALL: [(&'static str, Self); 4] = [
        ("connection_settings", Self::ConnectionSettings),
        ("add_contact", Self::AddContact),
        ("diagnostics", Self::Diagnostics),
        ("notifications", Self::Notifications),
    ];
}

impl Default for Config {
    fn default() -> Self {
        Self {
            domain: None,
            websocket: None,
            other_servers: true,
            registration: true,
            anonymous: false,
            theme: Theme::System,
            language: None,
            help: None,
            privacy: None,
            password_reset: None,
            hide: Vec::new(),
        }
    }
}

impl Config {
    /// Whether a feature is there.
    #[must_use]
    pub fn has(&self, feature: Feature) -> bool {
        !self.hide.contains(&feature)
    }

    /// An address as typed, with the configured domain where it has none.
    #[must_use]
    pub fn complete(&self, typed: &str) -> String {
        let typed = typed.trim();
        match &self.domain {
            Some(domain) if !typed.is_empty() && !typed.contains('@') => {
                [typed, "@", domain].concat()
            }
            _ => typed.to_owned(),
        }
    }

    /// The WebSocket address to use for an address as typed, if one is configured for its domain.
    #[must_use]
    pub fn websocket_for(&self, address: &str) -> Option<String> {
        let domain = address
            .rsplit_once('@')
            .map_or(address, |(_, domain)| domain);
        match &self.domain {
            Some(ours) if !ours.eq_ignore_ascii_case(domain) => None,
            _ => self.websocket.clone(),
        }
    }
}

/// JSON as it was read.
#[derive(Clone, PartialEq, Debug)]
pub enum Json {
    /// `null`: as if it were not there.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
    /// Anything else: nothing here is a number.
    Other,
}

/// What is wrong in `config.json`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// The key, with those around it: `links.help`; empty for the whole file.
    pub key: String,
    /// What it should have been.
    pub expected: Expected,
}

/// What should have been there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// The file must be an object in JSON.
    Object,
    /// A text.
    Text,
    /// `true` or `false`.
    Bool,
    /// A list of texts.
    Texts,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A domain, without `@` and `/`.
    Domain,
    /// A `wss:` address, or a `ws:` address of this machine.
    WebSocket,
    /// An `https:` address, a `mailto:` address, or one relative to the site.
    Link,
    /// Nothing: there is no such key.
    Nothing,
    /// The file must be served, or not be there at all (404).
    Served,
}

const THEMES: [(&str, Theme); 4] = [
    ("system", Theme::System),
    ("light", Theme::Light),
    ("dark", Theme::Dark),
    ("contrast", Theme::Contrast),
];

impl Config {
    /// Reads the file. Whatever is wrong is named, and left as if it were not there.
    #[must_use]
    pub fn read(json: Json) -> (Self, Vec<Mistake>) {
        let mut config = Self::default();
        let mut mistakes = Vec::new();
        match json {
            Json::Object(entries) => {
                for (key, value) in entries {
                    if let Err(expected) = config.set(&key, value, &mut mistakes) {
                        mistakes.push(Mistake { key, expected });
                    }
                }
            }
            _ => mistakes.push(Mistake {
                key: String::new(),
                expected: Expected::Object,
            }),
        }
        (config, mistakes)
    }

    fn set(&mut self, key: &str, value: Json, mistakes: &mut Vec<Mistake>) -> Result<(), Expected> {
        if value == Json::Null {
            return Ok(());
        }
        match key {
            "domain" => {
                self.domain = Some(
                    text(value)
                        .ok()
                        .filter(|d| is_domain(d))
                        .ok_or(Expected::Domain)?,
                );
            }
            "websocket" => {
                let url = text(value).ok().filter(|url| Endpoint::parse(url).is_ok());
                self.websocket = Some(url.ok_or(Expected::WebSocket)?);
            }
            "other_servers" => self.other_servers = bool(&value)?,
            "registration" => self.registration = bool(&value)?,
            "anonymous" => self.anonymous = bool(&value)?,
            "theme" => {
                const NAMES: &[&str] = &["system", "light", "dark", "contrast"];
                let name = text(value)?;
                let theme = THEMES.iter().find(|(other, _)| *other == name);
                self.theme = theme.ok_or(Expected::OneOf(NAMES))?.1;
            }
            "language" => {
                const NAMES: &[&str] = &["en", "zh-CN"];
                let tag = text(value)?;
                if Locale::of_tag(&tag).is_none() {
                    return Err(Expected::OneOf(NAMES));
                }
                self.language = Some(tag);
            }
            "links" => {
                let Json::Object(links) = value else {
                    return Err(Expected::Object);
                };
                for (name, value) in links {
                    if let Err(expected) = self.set_link(&name, value) {
                        let key = ["links.", &name].concat();
                        mistakes.push(Mistake { key, expected });
                    }
                }
            }
            "hide" => {
                const NAMES: &[&str] = &[
                    "connection_settings",
                    "add_contact",
                    "diagnostics",
                    "notifications",
                ];
                for name in texts(value)? {
                    let feature = Feature::ALL.iter().find(|(other, _)| *other == name);
                    self.hide.push(feature.ok_or(Expected::OneOf(NAMES))?.1);
                }
            }
            _ => return Err(Expected::Nothing),
        }
        Ok(())
    }

    fn set_link(&mut self, name: &str, value: Json) -> Result<(), Expected> {
        if value == Json::Null {
            return Ok(());
        }
        let place = match name {
            "help" => &mut self.help,
            "privacy" => &mut self.privacy,
            "password_reset" => &mut self.password_reset,
            _ => return Err(Expected::Nothing),
        };
        *place = Some(
            text(value)
                .ok()
                .filter(|url| is_link(url))
                .ok_or(Expected::Link)?,
        );
        Ok(())
    }
}

fn text(value: Json) -> Result<String, Expected> {
    match value {
        Json::Text(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        _ => Err(Expected::Text),
    }
}

fn bool(value: &Json) -> Result<bool, Expected> {
    match value {
        Json::Bool(bool) => Ok(*bool),
        _ => Err(Expected::Bool),
    }
}

fn texts(value: Json) -> Result<Vec<String>, Expected> {
    match value {
        Json::List(values) => values
            .into_iter()
            .map(text)
            .collect::<Result<_, _>>()
            .map_err(|_| Expected::Texts),
        _ => Err(Expected::Texts),
    }
}

fn is_domain(text: &str) -> bool {
    !text.contains(|c: char| c == '@' || c == '/' || c.is_whitespace())
}

/// No scheme but these: a link is clicked, and `javascript:` is a scheme.
fn is_link(url: &str) -> bool {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme);
    match scheme {
        Some(scheme) if !scheme.contains(['/', '?', '#', '.']) => ["https", "mailto"]
            .iter()
            .any(|ok| scheme.eq_ignore_ascii_case(ok)),
        _ => !url.contains(|c: char| c.is_control()),
    }
}

/// What became of the file.
#[derive(PartialEq, Eq, Debug)]
enum Fetched {
    /// It is there.
    Text(String),
    /// The site has none.
    None,
    /// Nobody can tell what it says.
    Failed,
}

/// Fetches and reads the file beside the page. A site without one has set nothing; a file that cannot be had may hold
/// what must not be left out.
pub async fn load() -> (Config, Vec<Mistake>) {
    match fetch().await {
        Fetched::None => (Config::default(), Vec::new()),
        Fetched::Failed => (
            Config::default(),
            vec![Mistake {
                key: String::new(),
                expected: Expected::Served,
            }],
        ),
        Fetched::Text(text) => match js_sys::JSON::parse(&text) {
            Ok(value) => Config::read(Json::of(&value)),
            Err(_) => Config::read(Json::Other),
        },
    }
}

/// What an answer of this status means: only "there is none" means that nothing is set.
fn fetched(status: u16, text: Option<String>) -> Fetched {
    match (status, text) {
        (404 | 410, _) => Fetched::None,
        (200..=299, Some(text)) => Fetched::Text(text),
        _ => Fetched::Failed,
    }
}

async fn fetch() -> Fetched {
    match browser::fetch("config.json").await {
        Some((status, text)) => fetched(status, text),
        None => Fetched::Failed,
    }
}

impl Json {
    fn of(value: &JsValue) -> Self {
        if value.is_null() {
            Self::Null
        } else if let Some(bool) = value.as_bool() {
            Self::Bool(bool)
        } else if let Some(text) = value.as_string() {
            Self::Text(text)
        } else if let Some(list) = value.dyn_ref::<js_sys::Array>() {
            Self::List(list.iter().map(|value| Self::of(&value)).collect())
        } else if let Some(object) = value.dyn_ref::<js_sys::Object>() {
            let entries = js_sys::Object::entries(object);
            let entry = |entry: JsValue| {
                let entry: js_sys::Array = entry.unchecked_into();
                Some((entry.get(0).as_string()?, Self::of(&entry.get(1))))
            };
            Self::Object(entries.iter().filter_map(entry).collect())
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests;
