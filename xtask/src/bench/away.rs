//! The network goes and comes back: until the session goes on, until what was missed is there, and until a link that only
//! looks whole is found out.
//!
//! - *Resumed*: the site cuts every WebSocket and refuses new ones, and the browser says `offline`, for one to eight seconds.
//!   From the moment the way is free and the browser says `online`, until "Online" is painted. The session must be the old one.
//! - *500 missed*: the same, but the session has expired meanwhile, and juliet has written 500 messages. Until the last is
//!   painted and all are stored.
//! - *Half-open*: the server stands still with its sockets open, and romeo sends a message. From Enter until "Online" is
//!   no longer what the page says.
//! - *10,000 held back*: 50 people have written 200 messages each, one of them last of all, and the server has put them where
//!   it keeps what nobody is there to hear (XEP-0160), besides the archive. It sends them oldest first, and all at once when it
//!   has read them: by the time the first can be shown the last has come, and nobody can ask for the newest before that. Until
//!   that last one is painted, and until all are stored.
//! - *10,000 archived*: the same, on a server that keeps them in its archive alone, as catch-up fetches them. Until the newest
//!   is painted, and until all are stored.
//!
//! Of both, the page's longest task in between.

use std::time::{Duration, Instant};

use serde_json::json;

use super::history::{go, go_to, stored, words};
use super::page::{PATIENCE, Page, figure};
use super::peer::{Peer, message};
use super::report::Findings;
use super::rows::Key;
use super::world::World;
use crate::demo::people::DOMAIN;
use crate::error::{Error, Result};

/// How many messages were missed in one conversation.
const MISSED: usize = 500;
/// How many people write at the same time, and how many messages each.
const PEOPLE: usize = 50;
/// See [`PEOPLE`].
const EACH: usize = 200;
/// How long the server keeps a session in the rows in which it is to be forgotten.
pub const FORGETS: Duration = Duration::from_secs(1);

/// Measures what happens to a session that still exists.
///
/// # Errors
/// When it does not go on.
pub fn session(world: &World, findings: &mut Findings) -> Result<()> {
    let juliet = Peer::log_in("juliet", world.server.http_port)?;
    let page = world.logged_in("romeo")?;
    go(&page);
    page.ask("composer", json!([]))?;
    for run in 0..world.runs {
        leave(world, &page);
        // Whoever waits longer waits longer for the next attempt, if nobody tells them of the network.
        std::thread::sleep(Duration::from_secs(run as u64 % 8 + 1));
        world.site.record();
        let start = come_back(world, &page)?;
        let seen = figure(&page.ask("online", json!([]))?, "painted")?;
        if world.site.passed("<resumed").is_none() {
            return Err(refused("a session", "was not resumed"));
        }
        findings.add(Key::Resumed, seen - start);
        findings.add(Key::ResumedMost, seen - start);
    }
    for run in 0..world.runs {
        page.browser.find("textbox", "Message").click();
        let text = format!("Does anybody hear? {run}");
        page.insert(&text);
        world.server.freeze();
        page.begin("sent", &text);
        page.press("Enter", "\r");
        let sent = figure(&page.end("sent")?, "start")?;
        let found = page.ask("not_online", json!([]));
        world.server.thaw();
        findings.add(Key::HalfOpen, figure(&found?, "painted")? - sent);
        // Nobody waits for the back-off here.
        network(&page, false);
        network(&page, true);
        page.ask("online", json!([]))?;
        juliet.hears(&text)?;
    }
    Ok(())
}

/// Measures what is missed when no session waits.
///
/// # Errors
/// When it does not come.
pub fn missed(world: &World, findings: &mut Findings) -> Result<()> {
    let juliet = Peer::log_in("juliet", world.server.http_port)?;
    let page = world.logged_in("romeo")?;
    go(&page);
    page.ask("composer", json!([]))?;
    for run in 0..world.runs {
        leave(world, &page);
        forgotten(world);
        let first = run * MISSED + 1;
        let all = first..first + MISSED;
        let last = format!("No. {}.", first + MISSED - 1);
        juliet.send(
            all.map(|number| message("romeo", &format!("m{number}"), &words(number)))
                .collect(),
        );
        juliet.settles(&format!("settled{run}"))?;
        let before = stored(&page)?;
        let (seen, whole) = returns(world, &page, &last, before + MISSED as f64)?;
        findings.add(Key::Missed, seen.max(whole));
        findings.note(
            Key::Missed,
            format!("the newest is shown after {seen:.0} ms, all are stored after {whole:.0} ms"),
        );
    }
    drop(page);
    thousands(world, findings, Key::HeldBack, Key::HeldBackShown)
}

/// Measures what is fetched from the archive when no session waits.
///
/// # Errors
/// When it does not come.
pub fn archived(world: &World, findings: &mut Findings) -> Result<()> {
    thousands(world, findings, Key::CaughtUp, Key::CaughtUpNewest)
}

/// What many have written. `whole` is until all of it is stored, `newest` until the last of it is shown.
fn thousands(world: &World, findings: &mut Findings, whole: Key, newest: Key) -> Result<()> {
    let people = world.people(&[("escalus", PEOPLE)])?;
    let page = world.logged_in("escalus")?;
    let writers = people
        .iter()
        .map(|name| Peer::log_in(name, world.server.http_port))
        .collect::<Result<Vec<_>>>()?;
    go_to(&page, "escalus", "guest0000");
    page.ask("composer", json!([]))?;
    for run in 0..world.runs.min(3) {
        leave(world, &page);
        forgotten(world);
        for (number, writer) in writers.iter().enumerate() {
            let all = (0..EACH).map(|at| {
                let words = words(at * PEOPLE + number);
                message("escalus", &format!("c{run}-{number}-{at}"), &words)
            });
            writer.send(all.collect());
        }
        for writer in &writers {
            writer.settles(&format!("settled{run}"))?;
        }
        let last = format!("Last of all {run}.");
        if let Some(writer) = writers.first() {
            writer.send(vec![message("escalus", &format!("last{run}"), &last)]);
            writer.settles(&format!("last-settled{run}"))?;
        }
        let before = stored(&page)?;
        let all = (PEOPLE * EACH + 1) as f64;
        let start = page.millis(Instant::now())?;
        let (seen, at_end) = returns(world, &page, &last, before + all)?;
        findings.add(whole, at_end);
        findings.add(newest, seen);
        if let Some(passed) = world.site.passed(&last) {
            let passed = page.millis(passed)? - start;
            findings.note(
                newest,
                format!("{seen:.0} ms, of which the server took {passed:.0} ms until it passed"),
            );
        }
        let longest = page.ask("longest", json!([start]))?;
        findings.add(Key::CaughtUpTask, longest.as_f64().unwrap_or(f64::NAN));
        let busy = page.ask("busy", json!([start]))?;
        if busy.as_array().is_some_and(|busy| !busy.is_empty()) {
            findings.note(Key::CaughtUpTask, format!("busy with {busy}"));
        }
    }
    Ok(())
}

/// The network goes, and the browser says so.
fn leave(world: &World, page: &Page) {
    network(page, false);
    world.site.cut();
    page.browser.status("Offline");
}

/// The network comes: when, by the page's clock.
fn come_back(world: &World, page: &Page) -> Result<f64> {
    let start = page.millis(Instant::now())?;
    world.site.mend();
    network(page, true);
    Ok(start)
}

/// Comes back: after how many milliseconds a message is shown, and after how many so many messages are stored.
fn returns(world: &World, page: &Page, newest: &str, count: f64) -> Result<(f64, f64)> {
    world.site.record();
    page.begin("newest", newest);
    let start = come_back(world, page)?;
    let deadline = Instant::now() + PATIENCE;
    while stored(page)? < count {
        if Instant::now() > deadline {
            let there = stored(page)?;
            return Err(refused(
                "catching up",
                &format!("{there} of {count} are stored"),
            ));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let whole = page.millis(Instant::now())? - start;
    let seen = figure(&page.end("newest")?, "painted")? - start;
    if world.site.passed("<resumed").is_some() {
        return Err(refused("a session", "was resumed"));
    }
    Ok((seen, whole))
}

/// Waits until the server has given up the session that nobody resumes.
fn forgotten(world: &World) {
    let deadline = Instant::now() + PATIENCE;
    let hibernates = |user: &str| {
        let sessions = world.server.shell("c2s:show()").unwrap_or_default();
        sessions.contains(&format!("{user}@{DOMAIN}"))
    };
    while ["romeo", "escalus"].into_iter().any(hibernates) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn network(page: &Page, is_there: bool) {
    page.browser.devtools(
        "Network.emulateNetworkConditions",
        json!({"offline": !is_there, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}),
    );
}

fn refused(what: &str, answer: &str) -> Error {
    Error::Refused {
        what: what.to_owned(),
        answer: answer.to_owned(),
    }
}
