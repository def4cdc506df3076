//! What is missing of a conversation is shown to be missing, and comes; a date leads to its messages.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use xtask::browser::{Browser, wait_for};
use xtask::fault::{Door, Ends, Trap, Way};
use xtask::prosody::Options;

use crate::site::violations;
use crate::world::World;

/// The widths of a phone, a tablet and a desk.
const SIZES: [(u32, u32); 3] = [(360, 740), (820, 1180), (1440, 900)];

/// The page in all sizes, light and dark; in each, axe-core finds nothing.
fn pictures(browser: &Browser, name: &str) {
    for scheme in ["light", "dark"] {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        browser.devtools("Emulation.setEmulatedMedia", json!({"features": features}));
        for (width, height) in SIZES {
            browser.resize(width, height);
            let name = format!("{name}-{width}-{scheme}");
            assert_eq!(violations(browser, &name), Vec::<String>::new());
            browser.screenshot(&name);
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

/// A person scrolls by so many pixels, and sees where that is.
fn scroll(browser: &Browser, by: i32) {
    let script = "document.querySelector('.timeline__log').scrollBy(0, args[0]);
        const frame = () => new Promise(requestAnimationFrame);
        await frame();
        await frame();";
    browser.run_async(script, json!([by]));
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

/// Notes from now on what assistive technology is told of the timeline.
fn listen(browser: &Browser) {
    let script = "const line = document.querySelector('.timeline > [aria-live=polite]');
        window.said = [];
        new MutationObserver(() => window.said.push(line.textContent))
            .observe(line, {childList: true, characterData: true, subtree: true});";
    browser.run(script, json!([]));
}

/// What it was told of gaps.
fn said_of_gaps(browser: &Browser) -> Vec<String> {
    let said = browser.run("return window.said", json!([]));
    let said: Vec<String> = serde_json::from_value(said).unwrap();
    let of_gaps = said.into_iter();
    of_gaps.filter(|said| said.contains("issing")).collect()
}

/// Notes whether these words are ever shown from now on, for however short.
fn overhear(browser: &Browser, words: &str) {
    let script = "const [words] = arguments;
        window.overheard = false;
        new MutationObserver(() => window.overheard ||= document.body.textContent.includes(words))
            .observe(document.body, {childList: true, characterData: true, subtree: true});";
    browser.run(script, json!([words]));
}

fn overheard(browser: &Browser) -> bool {
    browser.run("return window.overheard", json!([])) == json!(true)
}

/// What has the keyboard.
fn focused(browser: &Browser) -> String {
    let script = "const at = document.activeElement;
        return at.getAttribute('aria-label') ?? at.textContent.trim()";
    browser.run(script, json!([])).as_str().unwrap().to_owned()
}

/// A person reads the messages of these numbers, from wherever the view is: each is there once, and in its place.
fn read(browser: &Browser, numbers: std::ops::RangeInclusive<usize>) {
    let mut next = *numbers.start();
    while next <= *numbers.end() {
        let wanted = says(next);
        // What is being filled is waited for.
        let lines = wait_for(&wanted, || {
            let lines = lines(browser);
            if lines.contains(&wanted) {
                return Some(lines);
            }
            if !lines.iter().any(|line| line == "…") {
                let is_passed = lines.iter().find_map(|line| number_of(line)) > Some(next);
                scroll(browser, if is_passed { -400 } else { 400 });
            }
            None
        });
        let from = lines.iter().position(|line| *line == wanted).unwrap();
        // Where a gap is still to be filled, what is below it comes later.
        for line in lines[from..].iter().take_while(|line| *line != "…") {
            assert_eq!(*line, says(next));
            next += 1;
        }
    }
}

fn number_of(line: &str) -> Option<usize> {
    line.trim_matches(|c: char| !c.is_ascii_digit())
        .parse()
        .ok()
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
    listen(&browser);
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
    // By the keyboard; it stays there as long as there is a button.
    let load = browser.find("button", "Load missing messages");
    load.run("arguments[0].focus({preventScroll: true})");
    browser.keys("\u{e007}");
    assert_eq!(focused(&browser), "Load missing messages");
    let [failed] = said_of_gaps(&browser).try_into().unwrap();
    assert!(
        failed.starts_with("Messages may be missing here. "),
        "{failed}"
    );
    proxy.mend();
    browser.run("window.dispatchEvent(new Event('online'))", json!([]));
    browser.status("Online");
    wait_for("what was missing", || {
        (!lines(&browser).contains(&"…".to_owned())).then_some(())
    });
    let number = number_of(&below).unwrap();
    let above = says(number - 1);
    wait_for("the one above", || {
        lines(&browser).contains(&above).then_some(())
    });
    let after = place().unwrap();
    assert!(
        (after - before).abs() < 3.0,
        "{below} moved from {before} to {after}"
    );

    // It was said once that they come, and once that they are there, for all the pages; the keyboard is not lost.
    let filled = "The missing messages are here now.";
    let mut said = wait_for("the word that they are there", || {
        let said = said_of_gaps(&browser);
        said.contains(&filled.to_owned()).then_some(said)
    });
    // Where catch-up is first, nobody has to ask.
    if let Some(at) = said.iter().position(|said| said.starts_with("Loading")) {
        said.remove(at);
    }
    assert_eq!(said, [&failed, filled]);
    assert_eq!(focused(&browser), "Messages");

    // All of them are there, once and in order.
    scroll_to(&browser, -600, |lines| {
        lines.iter().any(|line| line == "of old")
    });
    read(&browser, 1..=400);
}

/// Chooses a day, so many after today, in the dialog.
fn choose(browser: &Browser, day: i32) {
    let script = "const day = new Date(); return day.setDate(day.getDate() + arguments[0])";
    let time = browser.run(script, json!([day]));
    choose_day_of(browser, time.as_i64().unwrap());
}

/// Chooses the day of a time, in milliseconds, in the dialog.
fn choose_day_of(browser: &Browser, time: i64) {
    browser.find("button", "^Jump to date").click();
    let dialog = browser.find("dialog", "^Jump to date");
    let script = "const field = document.getElementById('jump-date');
        const day = new Date(arguments[0]);
        field.value = day.toLocaleDateString('sv');
        field.dispatchEvent(new Event('input', {bubbles: true}));";
    browser.run(script, json!([time]));
    dialog.find("button", "^Show$").click();
}

#[test]
fn a_date_leads_to_its_messages_and_says_so_where_there_are_none() {
    let world = World::new();
    let (browser, mut juliet) = world.conversation();
    // It may be midnight any moment.
    let today = browser.run("return Date.now()", json!([]));
    for number in 1..=100 {
        juliet.send(&world.address("romeo"), &says(number));
    }
    world.hears(&browser, &says(100));
    choose_day_of(&browser, today.as_i64().unwrap());
    browser.gone("dialog", "^Jump to date");
    world.hears(&browser, &says(1));
    browser
        .find("button", "^Jump to the newest message")
        .click();
    world.hears(&browser, &says(100));

    // Where there are none, the next are shown, and it is said so.
    overhear(&browser, "No messages on");
    choose(&browser, -30);
    world.hears(&browser, &says(1));
    wait_for("a word on it", || overheard(&browser).then_some(()));
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
    // Who types a date is not disturbed by what is no date yet.
    let field = "return document.getElementById('jump-date').value";
    browser.run("document.getElementById('jump-date').focus()", json!([]));
    browser.keys("01012020");
    assert_eq!(browser.run(field, json!([])), json!("2020-01-01"));
    // Escape closes it, and the keyboard is where it was.
    browser.keys("\u{e00c}");
    browser.gone("dialog", "^Jump to date");
    let focused = browser.run(
        "return document.activeElement.getAttribute('aria-label')",
        json!([]),
    );
    assert_eq!(focused, json!("Jump to date…"));
}

/// Whether a message is in view, as the first of its day.
fn begins_its_day(browser: &Browser, text: &str) -> bool {
    let script = "const row = [...document.querySelectorAll('article')].find(row =>
            row.querySelector('.message-text')?.textContent.trim() === arguments[0]);
        const log = document.querySelector('.timeline__log').getBoundingClientRect();
        const place = row?.getBoundingClientRect();
        return !!row && place.top >= log.top && place.bottom <= log.bottom
            && row.previousElementSibling?.dataset.kind === 'day';";
    browser.run(script, json!([text])) == json!(true)
}

#[test]
fn a_date_is_found_in_an_archive_of_many_days() {
    const EACH: usize = 80;
    // How long ago; ten days ago nothing was said.
    const DAYS: [i64; 9] = [12, 11, 9, 8, 7, 6, 5, 4, 3];
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    // Another device is there: the server keeps nothing for this one but what it archives.
    let mut phone = world.foreign("romeo");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let today = i64::try_from(now.as_secs() / 86_400).unwrap() * 86_400;
    let noon = |ago: i64| today - ago * 86_400 + 43_200;
    let mut times = Vec::new();
    for (at, ago) in DAYS.into_iter().enumerate() {
        for number in 0..EACH {
            juliet.send(&world.address("romeo"), &says(at * EACH + number + 1));
            times.push(noon(ago) + i64::try_from(number).unwrap() * 20);
        }
        phone.hears(&says((at + 1) * EACH));
    }
    world.server.date_archive("romeo", &times).unwrap();

    // A new device: it knows the newest.
    let browser = world.logged_in("romeo");
    world.open(&browser, "juliet");
    world.hears(&browser, &says(DAYS.len() * EACH));
    let shows = |time: i64, text: &str| {
        choose_day_of(&browser, time * 1_000);
        browser.gone("dialog", "^Jump to date");
        wait_for(&format!("{text} as the first of its day"), || {
            begins_its_day(&browser, text).then_some(())
        });
    };
    // It knows neither that day nor the next.
    shows(noon(11), &says(EACH + 1));
    pictures(&browser, "date-archive");
    browser.resize(1440, 900);
    // The archive is asked for what follows, too, where somebody reads on.
    read(&browser, EACH + 1..=DAYS.len() * EACH);
    // A day without messages leads to the next one, and it is said so.
    overhear(&browser, "No messages on");
    shows(noon(10), &says(EACH * 2 + 1));
    wait_for("a word on it", || overheard(&browser).then_some(()));
    // Before the first of all.
    shows(noon(40), &says(1));
    read(&browser, 1..=EACH * 3);
    // After the last one there is nothing, and the dialog says so.
    choose_day_of(&browser, noon(2) * 1_000);
    let dialog = browser.find("dialog", "^Jump to date");
    wait_for("a word on it", || {
        let text = dialog.text();
        text.contains("no messages on that day or after")
            .then_some(())
    });
}
