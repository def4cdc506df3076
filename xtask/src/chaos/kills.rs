//! Renderers killed (`kill -9`) at random moments after Enter: what was shown once is sent exactly once.
//!
//! What was shown is told by the page itself, at once, by a request to the site that outlives it. In every second round there
//! are two tabs, and one of their processes is killed: the other tab goes on by itself.

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Server;
use super::oracle::{Flaw, Kind, Written, judge};
use super::seat::Seat;
use super::stage::{DOMAIN, Software, enter};
use crate::browser::Driver;
use crate::demo::talk::Chance;
use crate::error::Result;

const ENTER: char = '\u{E007}';
const CONTROL: char = '\u{E009}';
const BACKSPACE: char = '\u{E003}';

/// So long after Enter the latest kill comes, in microseconds.
const LATEST: u64 = 120_000;

/// Tells the site of each message that is shown.
const TELL: &str = r#"
{
  const told = new Set();
  const look = () => {
    for (const one of document.querySelectorAll("[role=log] article .message-text")) {
      const text = one.textContent.trim();
      if (!told.has(text)) {
        told.add(text);
        fetch("shown/" + text, { method: "HEAD", keepalive: true }).catch(() => {});
      }
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
}
"#;

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    server: Server,
    seed: u64,
    kills: u64,
    /// How many messages were seen before their page died.
    before: usize,
    /// How many were seen at any time.
    shown: usize,
    /// How many arrived.
    sent: usize,
    /// How long a tab took to be online again when the process of the other was killed.
    survived: Vec<Duration>,
    pub flaws: Vec<Flaw>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            server,
            seed,
            kills,
            before,
            shown,
            sent,
            ..
        } = self;
        let mut survived = self.survived.clone();
        survived.sort_unstable();
        let median = survived.get(survived.len() / 2).copied();
        let longest = survived.last().copied();
        write!(
            f,
            "{server:?}, seed {seed}: {kills} kills, {before} messages shown before theirs, {shown} at any time, {sent} sent, {} flaws; a tab that was left was \
             online again after {:.2} s (median), {:.2} s (longest)",
            self.flaws.len(),
            median.unwrap_or_default().as_secs_f64(),
            longest.unwrap_or_default().as_secs_f64()
        )?;
        for flaw in &self.flaws {
            write!(f, "\n  {flaw}")?;
        }
        Ok(())
    }
}

/// Kills so many times.
///
/// # Errors
/// When something does not start.
///
/// # Panics
/// When what must happen does not.
pub fn play(server: Server, seed: u64, kills: u64) -> Result<Report> {
    let mut chance = Chance::new(&format!("kills {seed}"));
    let server_kind = server;
    let server = Software::start(server)?;
    let mut juliet = enter("juliet", &server);
    enter("romeo", &server).befriend(&mut juliet);
    let driver = Driver::start();
    let mut romeo = Seat::take("romeo", &driver, &server, seed)?;
    romeo.before_pages(TELL);
    romeo.come_back();
    romeo.site().record();
    let mut written = Vec::new();
    let (mut before, mut survived) = (0, Vec::new());
    for kill in 1..=kills {
        let has_two = kill % 2 == 0;
        if has_two {
            // The first to be opened is where the engine lives, in one process or another.
            romeo.open();
        }
        romeo.online();
        romeo.turn_to("juliet");
        empty(&romeo);
        let text = format!("k-{kill}.");
        romeo
            .browser
            .run("document.querySelector('textarea').focus()", json!([]));
        romeo.browser.keys(&text);
        written.push(text.clone());
        romeo.proxy.remark(&format!("kill {kill}"));
        let delay = Duration::from_micros(chance.below(LATEST));
        let mut doomed = romeo.renderers();
        if has_two && doomed.len() > 1 {
            let one = usize::try_from(chance.below(doomed.len() as u64)).unwrap();
            doomed = vec![doomed[one]];
        }
        std::thread::scope(|scope| {
            let browser = &romeo.browser;
            scope.spawn(move || {
                std::thread::sleep(delay);
                browser.kill_renderers(&doomed);
            });
            // Its end may come before the answer.
            browser.try_keys(&ENTER.to_string()).ok();
        });
        // What is told up to now was told by pages that were there before.
        before += usize::from(told(&romeo).contains(&text));
        if has_two && let Some(took) = romeo.survivor() {
            survived.push(took);
        }
        romeo.come_back();
    }
    romeo.online();
    romeo.turn_to("juliet");
    empty(&romeo);
    romeo.settled();
    let last = String::from("k-last.");
    romeo.write(std::slice::from_ref(&last));
    written.push(last.clone());
    juliet.hears(&last);
    romeo.settled();
    let shown = told(&romeo);
    let archive: Vec<String> = enter("juliet", &server)
        .archive()
        .into_iter()
        .filter(|[from, _, _]| from.starts_with(&format!("romeo@{DOMAIN}")))
        .map(|[_, _, body]| body)
        .collect();
    let mut inbox = juliet.heard();
    inbox.push(last);
    // Sent may be what was never shown, but nothing may be shown that is not sent.
    let all: Vec<String> = written
        .into_iter()
        .filter(|text| shown.contains(text) || archive.contains(text))
        .collect();
    let all = Written { mark: "k-", all };
    let mut flaws = judge("juliet's archive", &[&all], &archive);
    flaws.extend(judge("what juliet was told", &[&all], &inbox));
    let own: Vec<String> = enter("romeo", &server)
        .archive()
        .into_iter()
        .map(|[_, _, body]| body)
        .collect();
    flaws.extend(judge("romeo's archive", &[&all], &own));
    let timeline = romeo.timeline();
    flaws.extend(judge("what romeo's browser shows", &[&all], &timeline));
    if flaws.iter().any(|flaw| flaw.kind != Kind::Strange) {
        println!("{}", romeo.proxy.told(2_000));
    }
    Ok(Report {
        server: server_kind,
        seed,
        kills,
        before,
        shown: shown.len(),
        sent: archive.len(),
        survived,
        flaws,
    })
}

/// What was shown, as the pages told.
fn told(romeo: &Seat) -> BTreeSet<String> {
    let sent = romeo.site().sent();
    let shown = sent
        .iter()
        .filter_map(|sent| sent.path.rsplit_once("/shown/"));
    shown.map(|(_, text)| text.to_owned()).collect()
}

/// A text that was typed but never sent waits in the field.
fn empty(romeo: &Seat) {
    let field =
        "const field = document.querySelector('textarea'); field.focus(); return field.value";
    if romeo.browser.run(field, json!([])) != json!("") {
        romeo.browser.chord(&[CONTROL], 'a');
        romeo.browser.keys(&BACKSPACE.to_string());
    }
}

impl Seat {
    /// Waits until a tab that is left is online, and says how long that took; nothing if none is left.
    fn survivor(&self) -> Option<Duration> {
        let start = Instant::now();
        for tab in self.tabs() {
            self.browser.switch_to(&tab);
            let script = json!({"script": "return 1", "args": []});
            if self
                .browser
                .try_call("POST", "/execute/sync", script)
                .is_ok()
            {
                self.online();
                return Some(start.elapsed());
            }
        }
        None
    }
}
