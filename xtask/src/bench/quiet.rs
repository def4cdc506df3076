//! Nothing happens: how often a minute of it wakes the page and the engine.
//!
//! Nobody looks: the window with a conversation in it is out of sight, as most are most of the time. (Who looks has a dead
//! link found within fifteen seconds, which takes more questions.) It is left alone until what was begun is over; then every
//! callback of a timer or a frame is counted for a minute, in the page by the probe, in the engine's worker by a counter put
//! into it.

use std::time::Duration;

use serde_json::json;

use super::history::go;
use super::page::Page;
use super::report::Findings;
use super::rows::Key;
use super::world::World;
use crate::error::{Error, Result};

/// How long what was begun may go on.
const REST: Duration = Duration::from_secs(75);
/// How long it is counted.
const MINUTE: Duration = Duration::from_secs(60);

/// Put into the worker: counts timers from now on, and tells how many whenever it is asked.
const COUNTER: &str = "
  (() => {
    let woken = 0;
    const original = self.setTimeout;
    self.setTimeout = (run, ...rest) => original(() => { woken += 1; run(); }, ...rest);
    new BroadcastChannel('woken?').onmessage = () => new BroadcastChannel('woken').postMessage(woken);
  })()";

/// Measures the rows.
///
/// # Errors
/// When the engine does not say how often it woke.
pub fn measure(world: &World, findings: &mut Findings) -> Result<()> {
    let page = world.logged_in("romeo")?;
    go(&page);
    page.ask("composer", json!([]))?;
    if page.browser.run_in_workers("shared_worker", COUNTER) != 1 {
        return Err(Error::Refused {
            what: "the engine's worker".into(),
            answer: "is not there".into(),
        });
    }
    page.browser.minimize();
    std::thread::sleep(REST);
    let before = woken(&page)?;
    std::thread::sleep(MINUTE);
    let after = woken(&page)?;
    findings.add(Key::WakesPage, after.0 - before.0);
    findings.add(Key::WakesEngine, after.1 - before.1);
    Ok(())
}

/// How often the page and the engine woke so far.
fn woken(page: &Page) -> Result<(f64, f64)> {
    let here = page.browser.run("return bench.woken()", json!([]));
    let there = page.ask("woken_there", json!([]))?;
    let number = |value: &serde_json::Value| value.as_f64().unwrap_or(f64::NAN);
    Ok((number(&here), number(&there)))
}
