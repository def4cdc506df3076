//! A long history: 10,000 messages arrive in five bursts while somebody types, then it is opened, scrolled and reloaded.
//!
//! - *At once*: juliet's bare client hands the server 2,000 messages in one write, while romeo has the conversation open.
//!   From that write until the last is painted in the window; and until IndexedDB counts 2,000 more, with a deadline.
//! - *Typing*: real key events go to the field "Message" all the while. From the event's own time stamp (when the browser
//!   was given the key) to the end of the next frame after the field changed.
//! - *Open*: from a click on the conversation's entry until its newest message is painted, with nothing of it in the page.
//! - *Scroll back*: one height of the window up in each frame in which the window is full, until the message 1,000 before
//!   the newest is seen.
//! - *Reload*: every WebSocket is cut, and new ones are refused. From the navigation until the newest message is painted.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::memory::renderers;
use super::page::{PATIENCE, Page, figure, took};
use super::peer::{Peer, message};
use super::report::Findings;
use super::rows::Key;
use super::world::World;
use crate::demo::talk::Chance;
use crate::error::{Error, Result};

/// How many messages a burst has.
const BURST: usize = 2000;
/// How many bursts make the history.
const BURSTS: usize = 5;
/// How long somebody rests between two keys: a quick typist.
const REST: Duration = Duration::from_millis(30);

/// Measures the rows.
///
/// # Errors
/// When a run fails.
pub fn measure(world: &World, findings: &mut Findings) -> Result<()> {
    let juliet = Peer::log_in("juliet", world.server.http_port)?;
    let page = world.logged_in("romeo")?;
    go(&page);
    page.ask("composer", json!([]))?;
    for number in 0..BURSTS {
        burst(world, findings, &page, &juliet, number)?;
    }
    let newest = format!("No. {}.", BURST * BURSTS);
    for _run in 0..world.runs {
        let opened = reopen(&page, &newest)?;
        findings.add(Key::Open, took(&opened)?);
    }
    for run in 0..world.runs {
        reopen(&page, &newest)?;
        let scrolled = page.ask("back", json!([BURST * BURSTS - 1000]))?;
        findings.add(Key::ScrollBack, took(&scrolled)?);
        let longest = page.ask("longest", json!([figure(&scrolled, "start")?]))?;
        findings.add(Key::ScrollBackTask, longest.as_f64().unwrap_or(f64::NAN));
        findings.add(Key::Nodes, figure(&scrolled, "nodes")?);
        if run == 0 {
            findings.note(
                Key::ScrollBack,
                format!(
                    "{} frames moved, {} frames waited for rows",
                    figure(&scrolled, "steps")?,
                    figure(&scrolled, "waits")?
                ),
            );
        }
    }
    for _run in 0..world.runs.min(3) {
        reopen(&page, &newest)?;
        page.collect();
        let before = renderers(world.driver.id());
        page.ask("back", json!([BURST * BURSTS - 5000]))?;
        page.collect();
        let after = renderers(world.driver.id());
        findings.add(Key::MemoryScrolled, after.private - before.private);
    }
    reopen(&page, &newest)?;
    world.site.cut();
    page.browser.status("Offline");
    for _run in 0..world.runs {
        page.browser.reload();
        let readable = page.ask("newest", json!([newest]))?;
        findings.add(Key::Reload, figure(&readable, "painted")?);
    }
    Ok(())
}

/// One burst, from an empty field to an empty field.
fn burst(
    world: &World,
    findings: &mut Findings,
    page: &Page,
    juliet: &Peer,
    number: usize,
) -> Result<()> {
    let first = number * BURST + 1;
    let all: Vec<String> = (first..first + BURST)
        .map(|number| message("romeo", &format!("b{number}"), &words(number)))
        .collect();
    let last = format!("No. {}.", first + BURST - 1);
    let before = stored(page)?;
    let field = page.browser.find("textbox", "Message");
    field.click();
    page.eval("bench.glyphs.length = 0", json!([]))?;
    world.site.record();
    page.begin("newest", &last);
    let start = juliet.send(all);
    let deadline = Instant::now() + PATIENCE;
    while page.browser.run("return bench.over.newest", json!([])) != json!(true) {
        page.press("a", "a");
        std::thread::sleep(REST);
        if Instant::now() > deadline {
            return Err(refused("a burst", &page.browser.outline()));
        }
    }
    let start = page.millis(start)?;
    let seen = figure(&page.end("newest")?, "painted")?;
    findings.add(Key::Burst, seen - start);
    if let Some(passed) = world.site.passed(&last) {
        findings.note(
            Key::Burst,
            format!(
                "{:.0} ms, of which the server took {:.0} ms until the last one passed; tasks {}",
                seen - start,
                page.millis(passed)? - start,
                page.ask("tasks", json!([start]))?
            ),
        );
    }
    let glyphs = page.eval("return bench.glyphs", json!([]))?;
    for glyph in glyphs
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_f64)
    {
        findings.add(Key::Typing, glyph);
    }
    let mut now = stored(page)?;
    while now < before + BURST as f64 && Instant::now() < deadline {
        now = stored(page)?;
    }
    findings.add(Key::BurstStored, now - before);
    field.clear();
    Ok(())
}

/// Goes to romeo's conversation with juliet by its address.
pub fn go(page: &Page) {
    go_to(page, "romeo", "juliet");
}

/// Goes to somebody's conversation with somebody else by its address.
pub fn go_to(page: &Page, user: &str, other: &str) {
    page.browser.run(
        "location.hash = arguments[0]",
        json!([format!("#/{user}@localhost/{other}@localhost")]),
    );
}

fn reopen(page: &Page, newest: &str) -> Result<Value> {
    page.ask("leave", json!([]))?;
    page.ask("open", json!(["juliet", newest]))
}

/// How many messages this browser has stored.
pub fn stored(page: &Page) -> Result<f64> {
    let answer = page.ask("stored", json!([]))?;
    answer
        .as_f64()
        .ok_or_else(|| refused("counting what is stored", &answer.to_string()))
}

/// A message's text: one line, always the same for a number.
pub fn words(number: usize) -> String {
    const SOME: [&str; 8] = [
        "a rose by any other name",
        "parting is such sweet sorrow",
        "the lark, the herald of the morn",
        "good night",
        "what light",
        "it is the east",
        "thus with a kiss",
        "a plague on both",
    ];
    let mut chance = Chance::new(&number.to_string());
    let mut text = format!("No. {number}.");
    for _phrase in 0..chance.below(4) {
        let pick = usize::try_from(chance.below(8)).unwrap_or(0);
        text.push(' ');
        text.push_str(SOME.get(pick).copied().unwrap_or_default());
    }
    text
}

fn refused(what: &str, answer: &str) -> Error {
    Error::Refused {
        what: what.to_owned(),
        answer: answer.to_owned(),
    }
}
