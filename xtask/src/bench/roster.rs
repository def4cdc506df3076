//! Logged in → a screenful of contacts, of 1,000 and of 5,000 in twenty groups, 200 of them online; and the memory after.
//!
//! Each run has a new browser with a new profile. The contacts who are online are 200 sessions of bare clients. The clock begins when the
//! server's `<success/>` passes the site on its way to the browser, so neither the network before nor the password's
//! derivation counts; it ends when the list "Contacts", asked for as soon as its button is there, is painted down to the end
//! of the window. The longest task of the page is taken from then until two seconds later, when all are known to be online.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::memory;
use super::page::{Page, figure};
use super::peer::Crowd;
use super::report::Findings;
use super::rows::Key;
use super::world::World;
use crate::error::{Error, Result};

/// How many contacts are online.
const ONLINE: usize = 200;

/// Measures the rows.
///
/// # Errors
/// When a run fails.
pub fn measure(world: &World, findings: &mut Findings) -> Result<()> {
    let names = world.people(&[("balthasar", 1000), ("capulet", 5000)])?;
    let _crowd = Crowd::gather(
        names.into_iter().take(ONLINE).collect(),
        world.server.http_port,
    )?;
    for _run in 0..world.runs {
        let page = log_in(world, findings, "balthasar", Key::Contacts1000)?;
        memory::after_log_in(world, &page, findings)?;
    }
    for _run in 0..world.runs {
        log_in(world, findings, "capulet", Key::Contacts5000)?;
    }
    Ok(())
}

fn log_in(world: &World, findings: &mut Findings, user: &str, key: Key) -> Result<Page> {
    let page = world.at_the_form(user)?;
    world.site.record();
    page.begin("contacts", "");
    let button = page.browser.find("button", "Log in");
    button.click();
    let seen = figure(&page.end("contacts")?, "painted")?;
    let moment = |text: &str| {
        world.site.passed(text).ok_or_else(|| Error::Refused {
            what: format!("{text} from the server"),
            answer: "it did not pass".into(),
        })
    };
    let start = page.millis(moment("<success")?)?;
    findings.add(key, seen - start);
    let roster = page.millis(moment("Guest 0000")?)? - start;
    // All are online when the groups' heads say so.
    let deadline = Instant::now() + Duration::from_secs(30);
    let online = "return [...document.querySelectorAll('[aria-label=\"Contacts\"] button')].map(head => head.textContent)";
    let per_group = ONLINE / 20;
    while !said(&page.browser.run(online, json!([])), per_group) {
        if Instant::now() > deadline {
            return Err(Error::Refused {
                what: "waiting for all who are online".into(),
                answer: page.browser.run(online, json!([])).to_string(),
            });
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let longest = page
        .ask("longest", json!([start]))?
        .as_f64()
        .unwrap_or(f64::NAN);
    if key == Key::Contacts1000 {
        findings.add(Key::Contacts1000Task, longest);
    }
    findings.note(
        key,
        format!(
            "{:.0} ms, of which the server took {roster:.0} ms until the roster passed; tasks {}",
            seen - start,
            page.ask("tasks", json!([start]))?
        ),
    );
    let nodes = page.ask("count", json!([]))?.as_f64().unwrap_or(f64::NAN);
    findings.add(Key::Nodes, nodes);
    Ok(page)
}

/// Whether the first group's head counts as many online: "Group 01 10 of 50".
fn said(heads: &Value, online: usize) -> bool {
    let first = heads.get(0).and_then(Value::as_str).unwrap_or_default();
    let numbers: Vec<&str> = first
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    numbers
        .iter()
        .rev()
        .nth(1)
        .is_some_and(|number| number.ends_with(&online.to_string()))
}
