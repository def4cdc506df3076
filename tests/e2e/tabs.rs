//! Many tabs, opened, closed, duplicated, loaded anew at random, and the engine killed among them: one engine, one state.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use xtask::browser::{Browser, wait_for};

use crate::world::World;

/// How many steps.
const STEPS: usize = 24;

/// Numbers from a seed (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(most).unwrap()).unwrap()
    }
}

/// What a tab shows: who is in the list and how much is unread, the messages, the state of each, and the draft.
fn state(browser: &Browser) -> Value {
    browser.run(
        "const texts = (selector) => [...document.querySelectorAll(selector)].map(element => element.textContent.trim());
         return {
           list: [...document.querySelectorAll('nav a, [role=list] a')].map(a => a.getAttribute('aria-label')),
           messages: texts('article .message-text'),
           title: document.title,
           draft: document.querySelector('textarea')?.value,
         };",
        json!([]),
    )
}

fn open(browser: &Browser, address: &str) -> String {
    let tab = browser.new_tab("about:blank");
    browser.resize(1440, 900);
    browser.go(address);
    browser.status("Online");
    browser.find("textbox", "Message");
    tab
}

/// Whether somebody waits for the engine's lock, and so learns at once that it died.
fn is_watched(browser: &Browser) -> bool {
    let script = "return navigator.locks.query().then(({pending}) =>
        pending.some(lock => lock.name.startsWith('waxwing-engine-')));";
    browser.run(script, json!([])) == json!(true)
}

/// A number that the environment gives.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// `WAXWING_DEATHS=50`: again and again, until so many engines have been killed.
#[test]
#[allow(clippy::print_stdout, reason = "the seeds of a random test")]
fn however_many_tabs_there_are_all_show_the_same_and_what_is_sent_is_sent_once() {
    let asked = number("WAXWING_DEATHS");
    let drawn = asked.map(|_| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        u64::from(now.unwrap().subsec_nanos()) + 1
    });
    let mut seed = number("WAXWING_SEED").or(drawn).unwrap_or(1);
    let wanted = asked.unwrap_or(0);
    let (mut killed, mut times) = (0, Vec::new());
    loop {
        println!("WAXWING_SEED={seed}");
        let of_it = play(seed);
        killed += of_it.killed;
        times.extend(of_it.times);
        if killed >= wanted {
            break;
        }
        seed += 1;
    }
    times.sort_unstable();
    if let (Some(median), Some(slowest)) = (times.get(times.len() / 2), times.last()) {
        println!(
            "{killed} engines killed; another one after {median:?} (median), {slowest:?} at most"
        );
    }
}

/// What became of the engines.
struct Engines {
    killed: u64,
    /// How long pages that waited for it were without one.
    times: Vec<Duration>,
}

fn play(seed: u64) -> Engines {
    let mut dice = Dice(seed);
    let world = World::new();
    let (browser, mut juliet) = world.conversation();
    let address = browser.call("GET", "/url", json!(null));
    let address = address.as_str().unwrap().to_owned();
    let mut tabs = vec![browser.tab()];
    let (mut said, mut killed, mut times) = (0, 0, Vec::<Duration>::new());
    let mut deaths = Vec::<Instant>::new();
    for _ in 0..STEPS {
        let at = dice.below(tabs.len());
        browser.switch_to(&tabs[at]);
        match dice.below(7) {
            0 if tabs.len() < 6 => tabs.push(open(&browser, &address)),
            1 if tabs.len() > 1 => {
                browser.close_tab();
                tabs.remove(at);
                browser.switch_to(&tabs[0]);
            }
            2 => {
                browser.reload();
                browser.find("textbox", "Message");
            }
            3 => {
                said += 1;
                juliet.send(&world.address("romeo"), &format!("juliet says {said}"));
            }
            4 => {
                // Four deaths within a minute are too many.
                deaths.retain(|then| then.elapsed() < Duration::from_secs(60));
                if deaths.len() < 2 {
                    deaths.push(Instant::now());
                    // Nobody can learn of the death of an engine that has not come as far as its lock: pages wait ten
                    // seconds for its first word.
                    killed += 1;
                    if times.is_empty() {
                        wait_for("a watcher", || is_watched(&browser).then_some(()));
                    }
                    let is_watched = is_watched(&browser);
                    let before = browser.workers("shared_worker");
                    browser.kill_workers("shared_worker");
                    let start = Instant::now();
                    wait_for("another engine", || {
                        let now = browser.workers("shared_worker");
                        (now.len() == 1 && now != before).then_some(())
                    });
                    if is_watched {
                        times.push(start.elapsed());
                    }
                }
            }
            // Also while there is no engine.
            _ => {
                said += 1;
                world.says(&browser, &format!("romeo says {said}"));
            }
        }
    }
    // By their lock: whoever must wait for a word that does not come waits ten seconds.
    assert!(
        times.iter().all(|time| *time < Duration::from_secs(8)),
        "taken over after {times:?}"
    );
    // The others may have waited for the machine.
    let least = times.iter().min();
    assert!(
        least.is_none_or(|least| *least < Duration::from_secs(2)),
        "taken over after {times:?}"
    );
    juliet.send(&world.address("romeo"), "the end");
    let states = || -> Vec<Value> {
        let look = |tab: &String| {
            browser.switch_to(tab);
            world.hears(&browser, "the end");
            browser.gone("image", "Sending");
            state(&browser)
        };
        tabs.iter().map(look).collect()
    };
    let states = wait_for("the same in all tabs", || {
        let states = states();
        states
            .windows(2)
            .all(|pair| pair[0] == pair[1])
            .then_some(states)
    });
    let messages = states[0]["messages"].as_array().unwrap();
    assert_eq!(messages.len(), said + 1, "{messages:?}");
    assert_eq!(browser.workers("shared_worker").len(), 1);
    for message in messages {
        let text = message.as_str().unwrap();
        if text.starts_with("romeo") {
            let is = |event: &Value| event["event"] == "message" && event["body"] == text;
            wait_for(text, || (juliet.count(is) > 0).then_some(()));
            assert_eq!(juliet.count(is), 1, "{text}");
        }
    }
    Engines { killed, times }
}
