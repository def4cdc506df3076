//! Faults of the network and of the server that only a real browser shows: each alone, between the site and a real server.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use xtask::browser::{Browser, wait_for};
use xtask::fault::{Door, Ends, FaultProxy, Trap, Way, What};
use xtask::foreign::Foreign;

use crate::world::World;

const PATIENCE: Duration = Duration::from_secs(30);

/// Whoever finds a dead link late finds it all the same: how late, is told by the browser's own seconds.
const LATE: Duration = Duration::from_secs(120);

/// Fifteen seconds by the engine's clock, which the scenarios hold it to; the browser's seconds begin at other moments.
const FOUND: u64 = 17;

/// Counts the seconds that the browser lives.
const COUNT: &str = "window.lived = 0; setInterval(() => { window.lived += 1; }, 1000)";

/// What browsers tell when the network comes back.
const ONLINE: &str = "window.dispatchEvent(new Event('online'))";

/// romeo in a browser behind a bad network, in the conversation with juliet, who uses a foreign client.
struct Play {
    browser: Browser,
    juliet: Foreign,
    proxy: FaultProxy,
    world: World,
}

impl Play {
    fn new() -> Self {
        let (world, proxy) = World::behind_a_proxy();
        let (browser, juliet) = world.conversation();
        browser.run(COUNT, json!([]));
        Self {
            browser,
            juliet,
            proxy,
            world,
        }
    }

    fn says(&self, text: &str) {
        self.world.says(&self.browser, text);
    }

    /// The browser tells that the network is back.
    fn network_is_back(&self) -> Instant {
        let mended = self.proxy.mend();
        self.browser.run(ONLINE, json!([]));
        mended
    }

    /// When a session went on, or began, after a moment.
    fn session_after(&self, moment: Instant) -> Instant {
        let (proxy, mut found) = (&self.proxy, None);
        wait_for("a session", || {
            found = proxy
                .first(moment, |entry| {
                    matches!(&entry.what, What::Passed(Way::Down, text)
                        if text.contains("<resumed") || text.contains("<enabled"))
                })
                .map(|entry| entry.at);
            found
        })
    }

    /// How many seconds the browser has lived. On a busy machine its timers come late, and those that look for a dead link, too.
    fn lived(&self) -> u64 {
        let lived = self.browser.run("return window.lived", json!([]));
        lived.as_u64().unwrap()
    }

    /// Waits until a link is given up of which nobody was told anything since a moment.
    fn found_after(&self, moment: Instant) {
        let given_up = || {
            self.proxy.first(moment, |entry| match &entry.what {
                What::Passed(Way::Up, text) | What::Lost(Way::Up, text) => text == "(close)",
                What::Opened => true,
                _ => false,
            })
        };
        let deadline = Instant::now() + LATE;
        while given_up().is_none() {
            assert!(
                Instant::now() < deadline,
                "not found:\n{}",
                self.proxy.told(60)
            );
            std::thread::yield_now();
        }
    }

    /// These messages came to juliet, each once and in this order, and the browser shows them so.
    fn came_once(&mut self, texts: &[&str]) {
        for text in texts {
            wait_for(text, || {
                self.juliet
                    .heard()
                    .iter()
                    .any(|heard| heard == text)
                    .then_some(())
            });
        }
        let came: Vec<String> = self.juliet.heard();
        let came: Vec<&str> = came.iter().map(String::as_str).collect();
        let ours: Vec<&str> = came
            .into_iter()
            .filter(|text| texts.contains(text))
            .collect();
        assert_eq!(ours, texts, "{}", self.proxy.told(80));
        let shown = self.browser.run(
            "return [...document.querySelectorAll('[role=log] article .message-text')].map(one => one.textContent.trim())",
            json!([]),
        );
        let shown: Vec<&str> = shown
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .filter(|text| texts.contains(text))
            .collect();
        assert_eq!(shown, texts, "{}", self.proxy.told(80));
    }
}

#[test]
fn a_half_open_link_is_found_and_what_was_said_into_it_arrives_once() {
    let mut play = Play::new();
    play.proxy.go_dark();
    let (dark, lived) = (Instant::now(), play.lived());
    play.says("into the dark");
    play.found_after(dark);
    let found = play.lived() - lived;
    assert!(found <= FOUND, "{found} s\n{}", play.proxy.told(60));
    play.browser.find("image", "Sending");
    play.says("and more");
    let mended = play.network_is_back();
    let back = play.session_after(mended) - mended;
    assert!(back <= Duration::from_secs(5), "{back:?}");
    play.browser.status("Online");
    play.came_once(&["into the dark", "and more"]);
}

#[test]
fn a_link_that_is_dead_toward_the_server_is_found_although_the_other_way_works() {
    let mut play = Play::new();
    play.proxy.swallow(Way::Up);
    let (dead, lived) = (Instant::now(), play.lived());
    play.says("one way");
    // The server has nothing of it, and the browser hears others all the while.
    let romeo = play.world.address("romeo");
    play.juliet.send(&romeo, "Art thou not Romeo?");
    play.world.hears(&play.browser, "Art thou not Romeo?");
    play.browser.find("image", "Sending");
    // A server that still speaks may just be slow: it is given more time.
    play.found_after(dead);
    let found = play.lived() - lived;
    assert!(found <= 30, "{found} s\n{}", play.proxy.told(60));
    play.network_is_back();
    play.session_after(dead);
    play.says("both ways");
    play.came_once(&["one way", "both ways"]);
}

#[test]
fn a_link_that_is_dead_from_the_server_is_found_although_the_other_way_works() {
    let mut play = Play::new();
    play.proxy.swallow(Way::Down);
    let (dead, lived) = (Instant::now(), play.lived());
    play.says("one way");
    // Juliet has it, and nobody knows here.
    play.juliet.hears("one way");
    play.browser.find("image", "Sending");
    play.found_after(dead);
    let found = play.lived() - lived;
    assert!(found <= FOUND, "{found} s\n{}", play.proxy.told(60));
    play.network_is_back();
    play.session_after(dead);
    play.browser.find("image", "Sent");
    play.says("both ways");
    play.juliet.hears("both ways");
    let again = play.juliet.count(|event| event["body"] == "one way");
    assert_eq!(again, 0, "{}", play.proxy.told(80));
}

#[test]
fn a_lost_acknowledgement_sends_nothing_twice() {
    let mut play = Play::new();
    play.proxy.set(Trap::Lose {
        way: Way::Down,
        text: "<a ".into(),
        ends: Ends::Both,
    });
    play.says("once");
    assert!(play.proxy.await_strike(PATIENCE), "{}", play.proxy.told(60));
    play.network_is_back();
    play.browser.find("image", "Sent");
    play.says("the end");
    play.came_once(&["once", "the end"]);
}

#[test]
fn a_proxy_that_ends_idle_connections_is_outlived_without_a_word_to_others() {
    let mut play = Play::new();
    // Shorter than any pause that we make by ourselves: it is cut again and again.
    play.proxy.idle_limit(Some(Duration::from_secs(1)));
    for _cut in 0..3 {
        let since = Instant::now();
        wait_for("the end of an idle link", || {
            let is_end = |what: &What| *what == What::Ended("ended: idle".into());
            play.proxy.first(since, |entry| is_end(&entry.what))
        });
        play.browser.run(ONLINE, json!([]));
        play.session_after(since);
    }
    play.network_is_back();
    play.browser.status("Online");
    play.says("still here");
    play.juliet.hears("still here");
    // The session went on each time: nobody saw romeo go.
    let gone = play.juliet.count(|event| {
        event["event"] == "presence"
            && event["type"] == "unavailable"
            && event["full"]
                .as_str()
                .is_some_and(|full| full.contains("Waxwing"))
    });
    assert_eq!(gone, 0, "{}", play.proxy.told(100));
}

#[test]
fn a_gateway_that_answers_502_is_not_hammered_and_is_told_of() {
    let play = Play::new();
    juliet_is(&play, true);
    play.proxy.door(Door::Answer(502));
    play.proxy.cut(Ends::Both);
    let cut = Instant::now();
    play.browser.status("Offline");
    juliet_is(&play, false);
    play.says("later");
    play.browser.find("image", "Sending");
    // Waiting gets longer: in these seconds an eager client would try dozens of times.
    wait_for("some time", || {
        (cut.elapsed() > Duration::from_secs(6)).then_some(())
    });
    let tries = play
        .proxy
        .since(cut)
        .iter()
        .filter(|entry| entry.what == What::TurnedAway(502))
        .count();
    assert!((1..=6).contains(&tries), "{tries}\n{}", play.proxy.told(60));
    let mended = play.network_is_back();
    let back = play.session_after(mended) - mended;
    assert!(back <= Duration::from_secs(5), "{back:?}");
    play.browser.find("image", "Sent");
    juliet_is(&play, true);
}

/// Waits until the head of the conversation says that juliet is online, or no longer says so.
fn juliet_is(play: &Play, online: bool) {
    let head = "return document.querySelector('.pane-header__state').textContent === 'Online'";
    wait_for("what the head says", || {
        (play.browser.run(head, json!([])) == json!(online)).then_some(())
    });
}

/// Ten messages, during which the server ends; and starts again. Returns those that it took from romeo and never gave to juliet.
fn in_a_burst(end: fn(&mut World)) -> Vec<String> {
    let mut play = Play::new();
    let texts: Vec<String> = (0..10).map(|number| format!("burst {number}")).collect();
    for text in &texts[..5] {
        play.browser.find("textbox", "Message").enter(text);
        play.browser.keys("\u{E007}");
    }
    end(&mut play.world);
    for text in &texts[5..] {
        play.browser.find("textbox", "Message").enter(text);
        play.browser.keys("\u{E007}");
    }
    play.world.hears(&play.browser, &texts[9]);
    play.world.server.restart().unwrap();
    let restarted = play.network_is_back();
    play.session_after(restarted);
    play.browser.gone("image", "Sending");
    // What came to juliet's client in the moment of the end, nobody knows: the archives do.
    let archive = |of: &str| {
        let archive = play.world.foreign(of).archive().into_iter();
        archive.map(|[_, _, body]| body).collect::<Vec<String>>()
    };
    let taken = archive("romeo");
    assert_eq!(taken, texts, "{}", play.proxy.told(40));
    let came = archive("juliet");
    let (given, kept_back): (Vec<String>, Vec<String>) =
        texts.iter().cloned().partition(|text| came.contains(text));
    assert_eq!(came, given, "{}", play.proxy.told(40));
    let shown = play.world.articles_with(&play.browser, "burst");
    let shown: Vec<String> = shown.iter().map(|one| one.text()).collect();
    assert_eq!(shown.len(), texts.len(), "{shown:?}");
    for (one, text) in shown.iter().zip(&texts) {
        assert!(one.starts_with(text.as_str()), "{shown:?}");
    }
    kept_back
}

#[test]
fn a_server_that_restarts_in_the_middle_of_a_burst_has_all_of_it_once() {
    let kept_back = in_a_burst(|world| world.server.stop());
    assert!(kept_back.is_empty(), "{kept_back:?}");
}

#[test]
fn a_server_that_is_killed_in_the_middle_of_a_burst_has_all_of_it_once() {
    let kept_back = in_a_burst(|world| world.server.kill());
    // Prosody writes into romeo's archive, then into juliet's, one message at a time. Killed between the two, it has that one
    // message from romeo, and who sent it again would double it wherever the server is only slow to say that it has it.
    assert!(kept_back.len() <= 1, "{kept_back:?}");
    let after = ["burst 5", "burst 6", "burst 7", "burst 8", "burst 9"];
    assert!(
        kept_back.iter().all(|text| !after.contains(&text.as_str())),
        "{kept_back:?}"
    );
}

/// Lets the browser believe that there is a network, or none, as the system tells it; sockets that are open stay so.
fn network(browser: &Browser, is_there: bool) {
    let nothing = json!({"offline": !is_there, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
    browser.devtools("Network.enable", json!({}));
    browser.devtools("Network.emulateNetworkConditions", nothing);
    wait_for("what the browser believes", || {
        (browser.run("return navigator.onLine", json!([])) == json!(is_there)).then_some(())
    });
}

/// How often somebody asked for the server since a moment.
fn asked_since(proxy: &FaultProxy, moment: Instant) -> usize {
    let asked = proxy.since(moment).into_iter();
    asked.filter(|entry| entry.what == What::Opened).count()
}

/// In how many seconds the next attempt is, as it is shown, once that is not soon.
fn retry_is_far(browser: &Browser) -> u64 {
    wait_for("a long wait", || {
        let said = browser.all("status", "^").into_iter();
        let shown = said
            .map(|status| status.text())
            .find(|said| said.contains("retrying in"))?;
        let seconds = shown
            .split_whitespace()
            .find_map(|word| word.parse().ok())?;
        (seconds >= 6).then_some(seconds)
    })
}

#[test]
fn a_network_that_the_browser_says_is_back_is_tried_at_once_and_not_believed_alone() {
    let mut play = Play::new();
    let mut texts = vec!["before".to_owned()];
    play.says("before");
    let mut times = Vec::new();
    for round in 0..3 {
        // The switch alone cuts nothing that is open.
        play.proxy.door(Door::Shut);
        network(&play.browser, false);
        play.proxy.cut(Ends::Both);
        play.browser.status("Offline");
        let text = format!("meanwhile {round}");
        play.says(&text);
        texts.push(text);
        // What the browser says is not so: that is tried, once, and the wait goes on.
        let said = Instant::now();
        network(&play.browser, true);
        let tried = play.proxy.await_opened(said, PATIENCE);
        assert!(tried.is_some(), "{}", play.proxy.told(40));
        let far = retry_is_far(&play.browser);
        let asked = asked_since(&play.proxy, said);
        assert!(asked <= 6, "{asked}: {}", play.proxy.told(40));
        network(&play.browser, false);
        play.browser.status("Offline");
        play.proxy.door(Door::Open);
        let back = Instant::now();
        network(&play.browser, true);
        let tried = play.proxy.await_opened(back, PATIENCE);
        let took = tried.expect("nobody tried") - back;
        assert!(took < Duration::from_secs(far) / 2, "{took:?} of {far} s");
        times.push(took);
        play.browser.status("Online");
    }
    eprintln!("tried after {times:?}");
    // The others may have waited for the machine.
    let least = times.iter().min().unwrap();
    assert!(*least <= Duration::from_secs(1), "{times:?}");
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    play.came_once(&texts);
}

/// The first message that is seen whole: its text, how far it lies below the upper edge, and whether it was marked before.
const FIRST_SEEN: &str = "const log = document.querySelector('.timeline__log');
    const top = log.getBoundingClientRect().top;
    const place = (one) => one.getBoundingClientRect().top - top;
    const first = [...log.querySelectorAll('article')].find((one) => place(one) >= 0);
    const was = first.marked === true;
    first.marked = true;
    return [first.querySelector('.message-text').textContent.trim(), place(first), was]";

#[test]
fn what_one_looks_at_stays_when_the_archive_tells_where_it_belongs() {
    let mut play = Play::new();
    let live = json!({"do": "burst", "to": "romeo@localhost", "body": "live", "count": 60});
    play.juliet.tell(live);
    play.world.hears(&play.browser, "live 59");
    let scroll = "document.querySelector('.timeline__log').scrollBy(0, -900)";
    play.browser.run(scroll, json!([]));
    let first_seen = || play.browser.run(FIRST_SEEN, json!([]));
    wait_for("the view at rest", || {
        (first_seen() == first_seen()).then_some(())
    });
    let seen = first_seen();
    // The session is lost: another one catches up with all that came live in it, and with what was missed.
    play.proxy.set(Trap::Lose {
        way: Way::Up,
        text: "<resume".into(),
        ends: Ends::Both,
    });
    play.proxy.door(Door::Shut);
    play.proxy.cut(Ends::Both);
    play.juliet.send("romeo@localhost", "missed");
    play.proxy.door(Door::Open);
    play.browser.run(ONLINE, json!([]));
    wait_for("what was missed", || {
        let is_there = "return document.body.innerText.includes('missed')";
        (play.browser.run(is_there, json!([])) == json!(true)).then_some(())
    });
    // A view scrolls by whole pixels, and rows are not as high.
    let now = first_seen();
    let moved = now[1].as_f64().unwrap() - seen[1].as_f64().unwrap();
    assert!(moved.abs() <= 1.0, "{now} was {seen}");
    assert_eq!(now[0], seen[0]);
    assert_eq!(now[2], json!(true), "it is the same element");
}
