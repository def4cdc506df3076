//! What is missing of a conversation is shown to be missing, and comes; a date leads to its messages.

use std::time::Duration;

use serde_json::{Value, json};
use xtask::browser::{Browser, wait_for};
use xtask::fault::{Door, Ends, Trap, Way};
use xtask::prosody::Options;

use crate::world::World;

/// The widths of a phone, a tablet and a desk.
const SIZES: [(u32, u32); 3] = [(360, 740), (820, 1180), (1440, 900)];

/// The page in all sizes, light and dark.
fn pictures(browser: &Browser, name: &str) {
    for scheme in ["light", "dark"] {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        browser.devtools("Emulation.setEmulatedMedia", json!({"features": features}));
        for (width, height) in SIZES {
            browser.resize(width, height);
            browser.screenshot(&format!("{name}-{width}-{scheme}"));
        }
    }
    let features = json!([{"name": "prefers-color-scheme", "value": ""}]);
    browser.devtools("Emulation.setEmulatedMedia", json!({"features": features}));
}

/// What is said in the rows that are near, in order, and `…` for a gap.
fn lines(browser: &Browser) -> Vec<String> {
    let script = "return [...document.querySelectorAll('.timeline__column > *')].flatMap(row =>
        row.matches('.gap') ? ['…'] : [...row.querySelectorAll('.message-text')].map(text => text.textContent.trim()))";
    let lines = browser.run(script, json!([]));
    let lines = lines.as_array().cloned().unwrap_or_default();
    let lines = lines.iter().filter_map(Value::as_str);
    lines.map(str::to_owned).collect()
}

/// A person scrolls by so many pixels.
fn scroll(browser: &Browser, by: i32) {
    let script = "document.querySelector('.timeline__log').scrollBy(0, arguments[0])";
    browser.run(script, json!([by]));
}

/// A person scrolls until such a row is there.
fn scroll_to(browser: &Browser, by: i32, is_there: impl Fn(&[String]) -> bool) {
    wait_for("a row", || {
        if is_there(&lines(browser)) {
            return Some(());
        }
        scroll(browser, by);
        None
    });
}

fn says(number: usize) -> String {
    format!("No. {number}.")
}

#[test]
fn a_gap_is_seen_says_why_it_stays_and_is_filled_where_somebody_reads() {
    let (world, proxy) = World::behind_a_proxy_with(Options {
        hibernation: Duration::from_secs(1),
        ..Options::default()
    });
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    // Another device is there: the server keeps nothing for this one but what it archives.
    let mut phone = world.foreign("romeo");
    let browser = world.logged_in("romeo");
    world.open(&browser, "juliet");
    juliet.send(&world.address("romeo"), "of old");
    world.hears(&browser, "of old");
    proxy.door(Door::Shut);
    proxy.cut(Ends::Both);
    browser.status("Offline");
    for number in 1..=400 {
        juliet.send(&world.address("romeo"), &says(number));
    }
    phone.wait("the last", |event| event["body"] == says(400));
    wait_for("the end of the session", || {
        (world.sessions("romeo") == 1).then_some(())
    });

    // The newest are there, and the network goes before what lies between.
    for _ in 0..3 {
        proxy.set(Trap::Lose {
            way: Way::Up,
            text: "<before>".into(),
            ends: Ends::Both,
        });
    }
    proxy.door(Door::Open);
    browser.run("window.dispatchEvent(new Event('online'))", json!([]));
    wait_for("a cut", || (proxy.strikes() > 0).then_some(()));
    proxy.door(Door::Shut);
    browser.status("Offline");
    world.hears(&browser, &says(400));
    scroll_to(&browser, -200, |lines| lines.iter().any(|line| line == "…"));
    let to_gap = "const log = document.querySelector('.timeline__log');
        const gap = document.querySelector('.gap');
        log.scrollBy(0, gap.getBoundingClientRect().top - log.getBoundingClientRect().top + 8);";
    browser.run(to_gap, json!([]));
    wait_for("the button", || {
        (!browser.all("button", "Load missing messages").is_empty()).then_some(())
    });
    pictures(&browser, "gap");
    browser.resize(1440, 900);
    // The first message below the gap stands near the upper edge: it is what somebody reads.
    browser.run(to_gap, json!([]));
    let below = {
        let lines = lines(&browser);
        let gap = lines.iter().position(|line| line == "…").unwrap();
        assert!(gap > 0, "{lines:?}");
        lines[gap + 1].clone()
    };
    let top = "const row = [...document.querySelectorAll('article')].find(row =>
            row.querySelector('.message-text')?.textContent.trim() === arguments[0]);
        const log = document.querySelector('.timeline__log').getBoundingClientRect().top;
        return row ? row.getBoundingClientRect().top - log : null;";
    let place = || browser.run(top, json!([below])).as_f64();
    let before = place().unwrap();
    browser.find("button", "Load missing messages").click();
    proxy.mend();
    browser.run("window.dispatchEvent(new Event('online'))", json!([]));
    browser.status("Online");
    wait_for("what was missing", || {
        (!lines(&browser).contains(&"…".to_owned())).then_some(())
    });
    let number: usize = below
        .trim_matches(|c: char| !c.is_ascii_digit())
        .parse()
        .unwrap();
    let above = says(number - 1);
    wait_for("the one above", || {
        lines(&browser).contains(&above).then_some(())
    });
    let after = place().unwrap();
    assert!(
        (after - before).abs() < 3.0,
        "{below} moved from {before} to {after}"
    );

    // All of them are there, once and in order.
    scroll_to(&browser, -600, |lines| {
        lines.iter().any(|line| line == "of old")
    });
    let mut next = 1;
    while next <= 400 {
        let wanted = says(next);
        scroll_to(&browser, 400, |lines| lines.contains(&wanted));
        let lines = lines(&browser);
        let from = lines.iter().position(|line| *line == wanted).unwrap();
        for line in &lines[from..] {
            assert_eq!(*line, says(next));
            next += 1;
        }
    }
}

/// Chooses a day, so many after today, in the dialog.
fn choose(browser: &Browser, day: i32) {
    browser.find("button", "^Jump to date").click();
    let dialog = browser.find("dialog", "^Jump to date");
    let script = "const field = document.getElementById('jump-date');
        const day = new Date();
        day.setDate(day.getDate() + arguments[0]);
        field.value = day.toLocaleDateString('sv');
        field.dispatchEvent(new Event('input', {bubbles: true}));";
    browser.run(script, json!([day]));
    dialog.find("button", "^Show$").click();
}

#[test]
fn a_date_leads_to_its_messages_and_says_so_where_there_are_none() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let browser = world.logged_in("romeo");
    world.open(&browser, "juliet");
    for number in 1..=100 {
        juliet.send(&world.address("romeo"), &says(number));
    }
    world.hears(&browser, &says(100));
    choose(&browser, 0);
    browser.gone("dialog", "^Jump to date");
    world.hears(&browser, &says(1));
    browser
        .find("button", "^Jump to the newest message")
        .click();
    world.hears(&browser, &says(100));

    // Where there are none, the next are shown, and it is said so.
    choose(&browser, -30);
    world.hears(&browser, &says(1));
    wait_for("a word on it", || {
        let text = browser.run("return document.body.textContent", json!([]));
        text.as_str()?.contains("No messages on").then_some(())
    });
    pictures(&browser, "date");
    browser.resize(1440, 900);
    // What is to come cannot be shown.
    choose(&browser, 1);
    let dialog = browser.find("dialog", "^Jump to date");
    wait_for("a word on it", || {
        dialog
            .text()
            .contains("Choose a day up to today")
            .then_some(())
    });
    pictures(&browser, "date-dialog");
    browser.resize(1440, 900);
    // Escape closes it, and the keyboard is where it was.
    browser.keys("\u{e00c}");
    browser.gone("dialog", "^Jump to date");
    let focused = browser.run(
        "return document.activeElement.getAttribute('aria-label')",
        json!([]),
    );
    assert_eq!(focused, json!("Jump to date…"));
}
