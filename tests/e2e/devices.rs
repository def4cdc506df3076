//! One account in two browsers and a foreign client: what is sent and what is read is the same everywhere.

use serde_json::{Value, json};
use xtask::browser::{Browser, wait_for};

use crate::world::World;

fn shown(browser: &Browser) -> Vec<String> {
    let texts = browser.run(
        "return [...document.querySelectorAll('article .message-text')].map(body => body.textContent.trim())",
        json!([]),
    );
    let texts = texts.as_array().cloned().unwrap_or_default();
    texts
        .iter()
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}

#[test]
fn what_is_sent_and_read_in_one_browser_is_so_in_the_other() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let one = world.logged_in("romeo");
    let other = world.logged_in("romeo");
    assert_eq!(world.sessions("romeo"), 2);
    let both = [&one, &other];

    // Unread in both; read in one, and so in the other.
    juliet.send(&world.address("romeo"), "Wherefore art thou?");
    for browser in both {
        browser.find("link", "^juliet, 1 unread$");
    }
    world.open(&one, "juliet");
    other.find("link", "^juliet$");
    // And the other way round.
    one.run("location.hash = '#/settings'", json!([]));
    juliet.send(&world.address("romeo"), "Deny thy father");
    for browser in both {
        browser.find("link", "^juliet, 1 unread$");
    }
    world.open(&other, "juliet");
    world.hears(&other, "Deny thy father");
    one.find("link", "^juliet$");

    // Written here, there, and on a phone.
    world.open(&one, "juliet");
    world.says(&one, "from one browser");
    world.hears(&other, "from one browser");
    world.says(&other, "from the other");
    world.hears(&one, "from the other");
    let mut phone = world.foreign("romeo");
    phone.send(&world.address("juliet"), "from a phone");
    // Two people at once are heard in any order.
    world.hears(&one, "from a phone");
    juliet.send(&world.address("romeo"), "the end");
    for browser in both {
        world.hears(browser, "the end");
        browser.gone("image", "Sending");
    }
    let all = [
        "Wherefore art thou?",
        "Deny thy father",
        "from one browser",
        "from the other",
        "from a phone",
        "the end",
    ];
    let is_same = |browser: &Browser| shown(browser) == all;
    wait_for("the same in both", || {
        both.into_iter().all(is_same).then_some(())
    });
    let is = |event: &Value, body: &str| event["event"] == "message" && event["body"] == body;
    for body in &all[2..5] {
        wait_for(body, || {
            (juliet.count(|event| is(event, body)) > 0).then_some(())
        });
        assert_eq!(juliet.count(|event| is(event, body)), 1, "{body}");
    }

    // While one is away, the other goes on; whoever comes back has it, and nothing that was read is new.
    one.run("location.hash = '#/settings'", json!([]));
    let profile = one.kill();
    juliet.send(&world.address("romeo"), "while it was away");
    world.hears(&other, "while it was away");
    world.says(&other, "and answered");
    let one = world.driver.browser_on(profile, "en-US", &[]);
    one.resize(1440, 900);
    one.go(&world.site.url);
    one.status("Online");
    one.find("link", "^juliet$");
    world.open(&one, "juliet");
    world.hears(&one, "and answered");
    wait_for("the same in both again", || {
        (shown(&one) == shown(&other)).then_some(())
    });
    one.find("link", "^juliet$");
    assert_eq!(shown(&one).len(), all.len() + 2);
}
