//! What a test starts from: a server with people, the site in front of it, a browser.

use xtask::browser::{Browser, Driver, Element, wait_for};
use xtask::fault::FaultProxy;
use xtask::foreign::Foreign;
use xtask::prosody::{Options, Prosody};
use xtask::serve::{self, Site};

/// The password of everybody.
pub const PASSWORD: &str = "a wall of orchard";

/// A server, the site, and a driver of browsers.
pub struct World {
    // The order matters: browsers first, the server last.
    pub driver: Driver,
    pub site: Site,
    pub server: Prosody,
}

impl World {
    /// romeo, juliet and mallory on a Prosody of their own; romeo and juliet are each other's contacts.
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    pub fn with(options: Options) -> Self {
        Self::build(options, |_| None)
    }

    /// The same, where what the browser says to the server goes through a network that can be made to fail.
    pub fn behind_a_proxy() -> (Self, FaultProxy) {
        Self::behind_a_proxy_with(Options::default())
    }

    pub fn behind_a_proxy_with(options: Options) -> (Self, FaultProxy) {
        let mut proxy = None;
        let world = Self::build(options, |server| {
            let started = FaultProxy::start(server.http_port, 1).unwrap();
            let url = started.url("/xmpp-websocket");
            proxy = Some(started);
            Some(url)
        });
        (world, proxy.unwrap())
    }

    /// `network`: the address of the WebSocket, if it is not the site's own.
    fn build(options: Options, network: impl FnOnce(&Prosody) -> Option<String>) -> Self {
        let server = Prosody::start(options).unwrap();
        for user in ["romeo", "juliet", "mallory"] {
            server.register(user, PASSWORD).unwrap();
        }
        let dist = xtask::paths::dist();
        assert!(
            dist.join("index.html").exists(),
            "the site is not built: run `cargo xtask build`"
        );
        let port = xtask::net::free_port().unwrap();
        let own = || format!("ws://localhost:{port}/xmpp-websocket");
        let config = serde_json::json!({
            "domain": server.domain,
            "websocket": network(&server).unwrap_or_else(own),
        });
        let site = Site::start(
            &dist,
            serve::Options {
                port: Some(port),
                upstream: Some(server.http_port),
                config: Some(config.to_string()),
                ..serve::Options::default()
            },
        )
        .unwrap();
        Self {
            driver: Driver::start(),
            site,
            server,
        }
    }

    pub fn address(&self, user: &str) -> String {
        format!("{user}@{}", self.server.domain)
    }

    /// How many sessions of somebody the server knows of.
    pub fn sessions(&self, user: &str) -> usize {
        let shown = self.server.shell("c2s:show()").unwrap();
        let own = format!("{user}@");
        shown.lines().filter(|line| line.contains(&own)).count()
    }

    /// Another person, in a foreign client, online.
    pub fn foreign(&self, user: &str) -> Foreign {
        Foreign::log_in(&self.address(user), PASSWORD, self.server.c2s_port)
    }

    /// Makes two people each other's contacts, by foreign clients.
    pub fn befriend(&self, one: &str, other: &str) {
        let mut first = self.foreign(one);
        let mut second = self.foreign(other);
        first.befriend(&mut second);
    }

    /// A browser at the login page.
    pub fn browser(&self) -> Browser {
        self.browser_after("en-US", "")
    }

    /// A browser at the login page, in a language, that ran a script before the page.
    pub fn browser_after(&self, language: &str, script: &str) -> Browser {
        let browser = self.driver.browser(language);
        browser.resize(1440, 900);
        browser.before_documents(script);
        browser.go(&self.site.url);
        program(&browser);
        browser
    }

    /// A browser in which somebody is logged in, to stay, and online.
    pub fn logged_in(&self, user: &str) -> Browser {
        self.logged_in_after(user, "")
    }

    /// The same, where a script ran before each page.
    pub fn logged_in_after(&self, user: &str, script: &str) -> Browser {
        let browser = self.browser_after("en-US", script);
        browser.find("checkbox", "Stay logged in").click();
        self.log_in(&browser, user, PASSWORD);
        browser.status("Online");
        browser
    }

    /// A browser in which romeo is logged in, to stay, in the conversation with juliet; and her foreign client.
    pub fn conversation(&self) -> (Browser, Foreign) {
        self.befriend("romeo", "juliet");
        let juliet = self.foreign("juliet");
        let browser = self.logged_in("romeo");
        self.open(&browser, "juliet");
        (browser, juliet)
    }

    /// Chooses an option by its word.
    pub fn choose(&self, select: &Element<'_>, word: &str) {
        let script = format!(
            "const select = arguments[0];
             select.value = [...select.options].find(o => o.text.trim() === {word:?}).value;
             select.dispatchEvent(new Event('change', {{bubbles: true}}));"
        );
        select.run(&script);
    }

    /// Opens the conversation with somebody, by its address.
    pub fn open(&self, browser: &Browser, user: &str) {
        let hash = format!("#/{}/{}", self.address("romeo"), self.address(user));
        browser.run("location.hash = arguments[0]", serde_json::json!([hash]));
        browser.find("textbox", "Message");
    }

    /// Writes a message and sends it.
    pub fn says(&self, browser: &Browser, text: &str) {
        browser.find("textbox", "Message").enter(text);
        browser.find("button", "Send").click();
        self.hears(browser, text.strip_prefix("/me ").unwrap_or(text));
    }

    /// The messages shown whose text contains this.
    pub fn articles_with<'a>(&self, browser: &'a Browser, text: &str) -> Vec<Element<'a>> {
        let articles = browser.all("article", "^");
        articles
            .into_iter()
            .filter(|article| article.text().contains(text))
            .collect()
    }

    /// Waits until a message with this text is shown.
    pub fn hears(&self, browser: &Browser, text: &str) {
        wait_for(&format!("the message {text:?}"), || {
            (!self.articles_with(browser, text).is_empty()).then_some(())
        });
    }

    /// Fills in the login form and sends it.
    pub fn log_in(&self, browser: &Browser, user: &str, password: &str) {
        let address = browser.find("textbox", "XMPP address");
        address.clear();
        address.enter(&self.address(user));
        browser.find("textbox", "Password").enter(password);
        browser.find("button", "Log in").click();
    }

    /// Logs out by the settings; with `erase`, all that is stored goes, too.
    pub fn log_out(&self, browser: &Browser, erase: bool) {
        browser.run("location.hash = '#/settings'", serde_json::json!([]));
        browser.find("button", "Log out").click();
        let dialog = browser.find("dialog", "Log out");
        if erase {
            dialog.find("checkbox", "^Also remove all messages").click();
        }
        dialog.find("button", "Log out").click();
    }
}

/// Waits until the page's program has taken over what was painted first.
pub fn program(browser: &Browser) {
    wait_for("the page's program", || {
        let first = browser.run(
            "return document.getElementById('first-paint')",
            serde_json::json!([]),
        );
        first.is_null().then_some(())
    });
}
