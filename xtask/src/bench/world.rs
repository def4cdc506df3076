//! What all rows start from: a Prosody with people in it, the site in front of it, a driver of browsers.

use std::path::Path;
use std::time::Duration;

use crate::browser::Driver;
use crate::demo::people::{DOMAIN, PASSWORD};
use crate::error::{Error, Result, write};
use crate::prosody::{self, Prosody, quote};
use crate::serve::{self, Site};
use crate::{net, paths};

use super::page::Page;

/// Where Debian keeps what Lua loads.
const LUA: &str = "/usr/lib";
/// An archive in a database: of its own files Prosody reads the whole archive for each page, which takes half a second where that
/// has 10,000 messages. It is in memory: nobody waits for a disk 20,000 times before there is something to measure. No message is
/// kept in a second place.
const DATABASE: &str = r#"storage = { archive = "sql" }
sql = { driver = "SQLite3"; database = ":memory:" }
"#;

/// Where the server keeps messages that nobody is there to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// In the archive, and in a second place as well: all of that is sent to whoever comes, oldest first, and at once.
    Twice,
    /// In the archive alone, and that is in a database.
    InDatabase,
}

/// How many groups the contacts are in.
const GROUPS: usize = 20;

/// A server, the site, and a driver.
pub struct World {
    // The order matters: browsers first, the server last.
    pub driver: Driver,
    pub site: Site,
    pub server: Prosody,
    /// How often each thing is done.
    pub runs: usize,
}

impl World {
    /// romeo and juliet, each other's only contacts, on a server that keeps a session without a socket for so long.
    ///
    /// # Errors
    /// When something does not start.
    pub fn new(runs: usize, hibernation: Duration, kept: Kept) -> Result<Self> {
        if kept == Kept::InDatabase && !has_database(Path::new(LUA)) {
            return Err(Error::Missing {
                what: "Lua's SQLite".into(),
                remedy: "Install it: apt-get install lua-dbi-sqlite3".into(),
            });
        }
        let server = Prosody::start(prosody::Options {
            domain: DOMAIN.into(),
            hibernation,
            global: match kept {
                Kept::Twice => String::new(),
                Kept::InDatabase => DATABASE.into(),
            },
            without: match kept {
                Kept::Twice => Vec::new(),
                Kept::InDatabase => vec!["offline".into()],
            },
            ..prosody::Options::default()
        })?;
        for (owner, other) in [("romeo", "juliet"), ("juliet", "romeo")] {
            server.register(owner, PASSWORD)?;
            let items = item(other, other, None);
            write(&server.record("roster", owner, "dat"), roster(&items))?;
        }
        let port = net::free_port()?;
        let config = serde_json::json!({
            "domain": DOMAIN,
            "websocket": format!("ws://localhost:{port}/xmpp-websocket"),
        });
        let site = Site::start(
            &paths::dist(),
            serve::Options {
                port: Some(port),
                upstream: Some(server.http_port),
                config: Some(config.to_string()),
                ..serve::Options::default()
            },
        )?;
        Ok(Self {
            driver: Driver::start(),
            site,
            server,
            runs,
        })
    }

    /// Accounts of so many contacts, who all see `owners` and are seen by them. Returns their names.
    ///
    /// Written into Prosody's storage: it reads a roster when somebody logs in or is asked about.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn people(&self, owners: &[(&str, usize)]) -> Result<Vec<String>> {
        let most = owners.iter().map(|(_, count)| *count).max().unwrap_or(0);
        let names: Vec<String> = (0..most)
            .map(|number| format!("guest{number:04}"))
            .collect();
        for (number, name) in names.iter().enumerate() {
            let seen: String = owners
                .iter()
                .filter(|(_, count)| number < *count)
                .map(|(owner, _)| item(owner, owner, None))
                .collect();
            self.server.register(name, PASSWORD)?;
            write(&self.server.record("roster", name, "dat"), roster(&seen))?;
        }
        for (owner, count) in owners {
            self.server.register(owner, PASSWORD)?;
            let items: String = names
                .iter()
                .take(*count)
                .enumerate()
                .map(|(number, name)| {
                    item(name, &format!("Guest {number:04}"), Some(number % GROUPS))
                })
                .collect();
            write(&self.server.record("roster", owner, "dat"), roster(&items))?;
        }
        Ok(names)
    }

    /// A browser at the login form, with everything typed in but the press of the button.
    ///
    /// # Errors
    /// When the form does not come.
    pub fn at_the_form(&self, user: &str) -> Result<Page> {
        let page = Page::new(&self.driver);
        page.browser.go(&self.site.url);
        page.eval("await bench.program", serde_json::json!([]))?;
        let browser = &page.browser;
        browser
            .find("textbox", "XMPP address")
            .enter(&format!("{user}@{DOMAIN}"));
        browser.find("textbox", "Password").enter(PASSWORD);
        browser.find("checkbox", "Stay logged in").click();
        Ok(page)
    }

    /// A browser in which somebody is logged in, to stay, and online.
    ///
    /// # Errors
    /// When that fails.
    pub fn logged_in(&self, user: &str) -> Result<Page> {
        let page = self.at_the_form(user)?;
        page.browser.find("button", "Log in").click();
        page.browser.status("Online");
        Ok(page)
    }
}

/// A roster as `core.rostermanager` keeps it.
fn roster(items: &str) -> String {
    format!("return {{\n\t[false] = {{ [\"version\"] = 1; [\"pending\"] = {{ }} }};\n{items}}};\n")
}

fn item(user: &str, name: &str, group: Option<usize>) -> String {
    let group = group.map(|number| format!("[\"Group {:02}\"] = true; ", number + 1));
    format!(
        "\t[{}] = {{ [\"name\"] = {}; [\"subscription\"] = \"both\"; [\"groups\"] = {{ {}}} }};\n",
        quote(&format!("{user}@{DOMAIN}")),
        quote(name),
        group.unwrap_or_default(),
    )
}

/// Whether Lua can open databases: below `usr/lib/…/lua/5.4/dbd`.
fn has_database(lib: &Path) -> bool {
    let inside = |dir: &Path| {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let versions = inside(lib).into_iter().map(|dir| dir.join("lua"));
    versions
        .flat_map(|lua| inside(&lua))
        .any(|version| version.join("dbd/sqlite3.so").exists())
}
