//! Memory: of the renderer's processes, and of the page's own heaps.

use std::fs;
use std::time::Duration;

use serde_json::json;

use super::history::{go, words};
use super::page::Page;
use super::peer::{Peer, message};
use super::report::Findings;
use super::rows::Key;
use super::world::World;
use crate::error::Result;
use crate::process::below;

/// How often the heaps are looked at.
const LOOKS: usize = 7;
/// How many messages come between two looks.
const BETWEEN: usize = 50;
/// How long after each other they come.
const PACE: Duration = Duration::from_millis(200);

/// The renderers' memory in MB.
#[derive(Clone, Copy, Debug, Default)]
pub struct Renderers {
    pub private: f64,
    pub proportional: f64,
    pub resident: f64,
    pub count: usize,
}

/// Notes the memory of a page with contacts, after a collection of garbage.
///
/// # Errors
/// When the page does not answer.
pub fn after_log_in(world: &World, page: &Page, findings: &mut Findings) -> Result<()> {
    page.collect();
    page.ask("painted", json!([]))?;
    let now = renderers(world.driver.id());
    findings.add(Key::Memory, now.private);
    findings.note(Key::Memory, format!("{now:?}"));
    Ok(())
}

/// Sums up all renderers below a process: the page's, and the shared worker's where it has its own.
pub fn renderers(driver: u32) -> Renderers {
    let mut sum = Renderers::default();
    for (pid, line) in below(driver) {
        if !line.contains("--type=renderer") {
            continue;
        }
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let of = |name: &str| -> f64 {
            let lines = rollup.lines().filter(|line| line.starts_with(name));
            let kilobytes =
                lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
            kilobytes.sum::<f64>() * 1024.0 / 1e6
        };
        sum.private += of("Private_");
        sum.proportional += of("Pss:");
        sum.resident += of("Rss:");
        sum.count += 1;
    }
    sum
}

/// Five messages a second for a minute in an open conversation: how much the page's heaps grow for each.
///
/// The heaps are those of JavaScript, after a collection of garbage, and the memory of the page's wasm programs. The timeline was full before
/// the first look; the growth is the slope of the line that fits all looks best.
///
/// # Errors
/// When a message does not come.
pub fn per_message(world: &World, findings: &mut Findings) -> Result<()> {
    let juliet = Peer::log_in("juliet", world.server.http_port)?;
    let page = world.logged_in("romeo")?;
    go(&page);
    page.ask("composer", json!([]))?;
    let mut sent = 0;
    let mut say = |count: usize| {
        let all = (sent + 1..=sent + count)
            .map(|number| message("romeo", &format!("m{number}"), &words(number)));
        juliet.send(all.collect());
        sent += count;
        sent
    };
    let full = say(400);
    page.ask("newest", json!([format!("No. {full}.")]))?;
    let mut looks = Vec::new();
    for _look in 0..LOOKS {
        let mut last = 0;
        for _message in 0..BETWEEN {
            last = say(1);
            std::thread::sleep(PACE);
        }
        page.ask("newest", json!([format!("No. {last}.")]))?;
        page.collect();
        let script = page.metric("JSHeapUsedSize")?;
        let wasm = page.ask("wasm", json!([]))?.as_f64().unwrap_or(f64::NAN);
        looks.push((last as f64, (script + wasm) / 1000.0));
    }
    findings.add(Key::MemoryPerMessage, slope(&looks));
    let listed: Vec<String> = looks
        .iter()
        .map(|(at, size)| format!("{at}: {size:.0}"))
        .collect();
    findings.note(
        Key::MemoryPerMessage,
        format!("KB after so many messages: {}", listed.join(", ")),
    );
    Ok(())
}

/// The slope of the line through points with the least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let (x, y) = points
        .iter()
        .fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
    let (x, y) = (x / count, y / count);
    let up: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.1 - y))
        .sum();
    let along: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.0 - x))
        .sum();
    up / along
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_slope() {
        let points = [(0.0, 1.0), (10.0, 6.0), (20.0, 11.0)];
        assert!((slope(&points) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn nothing_that_runs_below_us_is_a_renderer() {
        assert_eq!(renderers(std::process::id()).count, 0);
    }
}
