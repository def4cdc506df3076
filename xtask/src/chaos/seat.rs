//! Somebody at a browser of their own, whose network is a fault proxy of their own.

use std::cell::Cell;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::stage::{DOMAIN, PASSWORD, Software};
use crate::browser::{Browser, Driver};
use crate::error::Result;
use crate::fault::FaultProxy;
use crate::serve::{self, Site};
use crate::{net, paths};

const SCRIPT: &str = include_str!("page.js");
const ENTER: char = '\u{E007}';

/// After so long without a connection somebody does something about it.
const BEFORE_HELP: Duration = Duration::from_secs(8);
/// How long something may take that nothing disturbs.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take to read a conversation of ten thousand messages, as a person scrolls.
const READING: Duration = Duration::from_secs(600);

/// See the module.
pub struct Seat {
    pub user: &'static str,
    // The order matters: the browser first.
    pub browser: Browser,
    pub proxy: FaultProxy,
    site: Site,
    /// A tab with nothing in it, which outlives the others.
    anchor: String,
    /// Its process.
    anchored: Vec<u32>,
    /// What each page runs first.
    first: String,
}

impl Seat {
    /// Logs somebody in, to stay.
    ///
    /// # Errors
    /// When the proxy or the site does not start.
    pub fn take(user: &'static str, driver: &Driver, server: &Software, seed: u64) -> Result<Self> {
        let proxy = FaultProxy::start(server.http_port(), seed)?;
        let port = net::free_port()?;
        let config = json!({"domain": DOMAIN, "websocket": proxy.url(server.path())});
        let site = Site::start(
            &paths::dist(),
            serve::Options {
                port: Some(port),
                upstream: Some(server.http_port()),
                config: Some(config.to_string()),
                ..serve::Options::default()
            },
        )?;
        let browser = driver.browser_with(
            "en-US",
            &["--disable-features=SpareRendererForSitePerProcess"],
        );
        let anchor = browser.tab();
        // Another site than the app's has a process of its own.
        browser.go(&format!("http://127.0.0.1:{port}/config.json"));
        let anchored = browser.renderers();
        let seat = Self {
            user,
            browser,
            proxy,
            site,
            anchor,
            anchored,
            first: SCRIPT.to_owned(),
        };
        seat.open();
        let page = &seat.browser;
        page.find("checkbox", "Stay logged in").click();
        let address = page.find("textbox", "XMPP address");
        address.clear();
        address.enter(&format!("{user}@{DOMAIN}"));
        page.find("textbox", "Password").enter(PASSWORD);
        page.find("button", "Log in").click();
        seat.online();
        Ok(seat)
    }

    /// Opens the site in a new tab.
    pub fn open(&self) -> String {
        let page = &self.browser;
        let tab = page.new_tab("about:blank");
        page.resize(1000, 800);
        page.before_documents(&self.first);
        page.go(&self.site.url);
        self.until("the page's program", PATIENCE, || {
            page.run(
                "return document.getElementById('first-paint') === null",
                json!([]),
            ) == true
        });
        tab
    }

    /// Turns to the conversation with somebody.
    pub fn turn_to(&self, peer: &str) {
        let hash = format!("#/{}@{DOMAIN}/{peer}@{DOMAIN}", self.user);
        let turned = "location.hash = arguments[0]";
        self.browser.run(turned, json!([hash]));
        let is_there = "return document.querySelector('textarea') !== null
             && [...document.querySelectorAll('h1')].some(one => one.textContent.trim() === arguments[0])";
        self.until("the conversation", PATIENCE, || {
            self.browser.run(is_there, json!([peer])) == true
        });
    }

    /// Types messages, each with Enter, into the conversation that is open, and waits until the last is shown.
    pub fn write(&self, texts: &[String]) {
        self.type_in(texts);
        if let Some(last) = texts.last() {
            self.until(&format!("{last:?} to be shown"), PATIENCE, || {
                self.shows(last)
            });
        }
    }

    /// Types messages, each with Enter.
    pub fn type_in(&self, texts: &[String]) {
        let field = "document.querySelector('textarea').focus()";
        self.browser.run(field, json!([]));
        for text in texts {
            self.browser.keys(&format!("{text}{ENTER}"));
        }
    }

    pub fn shows(&self, text: &str) -> bool {
        self.browser
            .run("return chaos.shows(arguments[0])", json!([text]))
            == true
    }

    /// Tells the page what browsers tell when the network comes back.
    pub fn network_is_back(&self) {
        self.browser
            .run("window.dispatchEvent(new Event('online'))", json!([]));
    }

    pub fn is_online(&self) -> bool {
        let said = self.browser.run("return chaos.status()", json!([]));
        said.as_str().is_some_and(|said| said.contains("Online"))
    }

    pub fn online(&self) {
        self.until("to be online", PATIENCE, || self.is_online());
    }

    /// Waits for something that needs a connection. Who was cut so often within minutes is let wait for minutes: then the
    /// person presses "Retry now". Says how often.
    pub fn with_help(&self, what: &str, is_so: impl Fn() -> bool) -> usize {
        let pressed = Cell::new(0);
        let last = Cell::new(Instant::now());
        self.until(what, PATIENCE, || {
            if is_so() {
                return true;
            }
            if last.get().elapsed() > BEFORE_HELP {
                last.set(Instant::now());
                if let Some(button) = self.browser.all("button", "Retry now").first() {
                    self.proxy.remark("\"Retry now\" is pressed");
                    button.click_if_there();
                    pressed.set(pressed.get() + 1);
                }
            }
            false
        });
        pressed.get()
    }

    /// Waits until the conversation that is open shows nothing that is on its way.
    pub fn settled(&self) {
        self.until("the server to have everything", PATIENCE, || {
            self.browser.run("return chaos.sending()", json!([])) == json!([])
        });
    }

    /// What the conversation that is open shows, from its beginning to its end.
    pub fn timeline(&self) -> Vec<String> {
        // A call of its own would be given up where there are thousands.
        let begin = "chaos.read = null;
            chaos.timeline().then(all => { chaos.read = all; }, error => { chaos.read = String(error); });";
        self.browser.run(begin, json!([]));
        let read = || self.browser.run("return chaos.read", json!([]));
        self.until("the whole timeline", READING, || !read().is_null());
        let read = read();
        assert!(read.is_array(), "{}: {read}", self.user);
        let texts = read.as_array().into_iter().flatten();
        texts
            .filter_map(|text| text.as_str().map(String::from))
            .collect()
    }

    /// What this browser has stored with that text in it.
    pub fn stored(&self, text: &str) -> String {
        let script = "return (await chaos.stored(args[0])).join('\\n')";
        let stored = self.browser.run_async(script, json!([text]));
        stored.as_str().unwrap_or_default().to_owned()
    }

    /// Ends the engine as a crash would.
    pub fn kill_engine(&self) {
        self.proxy.remark("the engine is killed");
        assert_eq!(self.browser.kill_workers("shared_worker"), 1);
    }

    /// Kills every process that runs anything of the site.
    pub fn kill_renderers(&self) {
        self.proxy.remark("the renderers are killed");
        assert!(self.browser.kill_renderers(&self.renderers()) > 0);
    }

    /// The processes that run something of the site.
    pub fn renderers(&self) -> Vec<u32> {
        let mut renderers = self.browser.renderers();
        renderers.retain(|pid| !self.anchored.contains(pid));
        renderers
    }

    /// The site, as this browser alone sees it.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Each page that is opened from now on runs this, too, before anything else.
    pub fn before_pages(&mut self, script: &str) {
        self.first = format!("{SCRIPT}\n{script}");
    }

    /// The tabs of the site.
    pub fn tabs(&self) -> Vec<String> {
        let handles = self
            .browser
            .try_call("GET", "/window/handles", Value::Null)
            .unwrap();
        let handles = handles.as_array().into_iter().flatten();
        handles
            .filter_map(|handle| handle.as_str())
            .filter(|handle| *handle != self.anchor)
            .map(String::from)
            .collect()
    }

    /// Closes all tabs, dead or not, and opens the site anew.
    pub fn come_back(&self) {
        for tab in self.tabs() {
            self.browser.switch_to(&tab);
            // The first word to a dead tab may be the news of its death.
            let close = || self.browser.try_call("DELETE", "/window", json!({}));
            if close().is_err() {
                close().ok();
            }
        }
        self.browser.switch_to(&self.anchor);
        self.open();
    }

    /// Waits, or fails with what is on the page and what the proxy saw.
    pub fn until(&self, what: &str, patience: Duration, is_so: impl Fn() -> bool) {
        let deadline = Instant::now() + patience;
        while !is_so() {
            if Instant::now() > deadline {
                panic!(
                    "{}: waited in vain for {what}\n{}\n{}\nthe network:\n{}",
                    self.user,
                    self.browser.outline(),
                    self.browser.log().join("\n"),
                    self.proxy.told(600)
                );
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
