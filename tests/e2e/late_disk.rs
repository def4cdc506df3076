//! A database that the browser opens only later: people go on meanwhile, and everything is there once.

use std::time::{Duration, Instant};

use serde_json::Value;
use xtask::browser::{Element, wait_for};

use crate::hold;
use crate::world::{PASSWORD, World};

#[test]
fn what_came_meanwhile_and_what_was_there_are_shown_and_sent_once() {
    let world = World::new();
    let (browser, mut juliet) = world.conversation();
    world.says(&browser, "of old");
    browser.find("image", "Sent");
    world.server.freeze();
    world.says(&browser, "in doubt");
    browser.find("image", "Sending");

    hold::account(&browser);
    assert_eq!(browser.kill_workers("shared_worker"), 1);
    let alert = || browser.all("alert", "^").first().map(Element::text);
    wait_for("a word on the disk", || {
        alert()?.contains("keep anything").then_some(())
    });
    world.server.thaw();
    browser.status("Online");
    world.says(&browser, "meanwhile");
    juliet.send(&world.address("romeo"), "and I");
    world.hears(&browser, "and I");

    hold::free(&browser);
    // It is tried ever more rarely.
    let deadline = Instant::now() + Duration::from_secs(60);
    while alert().is_some() {
        assert!(Instant::now() < deadline, "nobody looks after the disk");
    }
    browser.status("Online");
    let all = ["of old", "in doubt", "meanwhile", "and I"];
    let check = |when: &str| {
        for body in all {
            world.hears(&browser, body);
            let shown = world.articles_with(&browser, body).len();
            assert_eq!(shown, 1, "{body}, {when}");
        }
        browser.gone("image", "Sending");
    };
    check("when it is open");
    browser.reload();
    browser.status("Online");
    check("after a reload");
    assert_eq!(browser.kill_workers("shared_worker"), 1);
    check("while there is no engine");
    browser.status("Online");
    check("in another life");
    world.says(&browser, "the end");
    let is = |event: &Value, body: &str| event["event"] == "message" && event["body"] == body;
    juliet.wait("the end", |event| is(event, "the end"));
    for body in ["of old", "in doubt", "meanwhile"] {
        assert_eq!(juliet.count(|event| is(event, body)), 1, "{body}");
    }
}

#[test]
fn who_logs_out_while_the_device_cannot_be_read_is_told_until_nothing_is_left() {
    let world = World::new();
    let browser = world.logged_in("romeo");
    hold::device(&browser);
    assert_eq!(browser.kill_workers("shared_worker"), 1);
    let alert = || browser.all("alert", "^").first().map(Element::text);
    let says = |words: &str| wait_for(words, || alert()?.contains(words).then_some(()));
    says("keep anything");
    world.log_in(&browser, "romeo", PASSWORD);
    browser.status("Online");
    world.log_out(&browser, false);
    browser.find("form", "Log in");
    says("cannot be removed yet");

    // This engine does not come to it. The next one finds the keys, and is told by the page.
    hold::free(&browser);
    assert_eq!(browser.kill_workers("shared_worker"), 1);
    let deadline = Instant::now() + Duration::from_secs(60);
    while alert().is_some() {
        assert!(Instant::now() < deadline, "nobody looks after the disk");
    }
    browser.reload();
    browser.find("form", "Log in");
    // Who is remembered is not logged in, and the disk knows them.
    let address = world.address("romeo");
    wait_for("an address that is remembered", || {
        let field = browser.find("textbox", "XMPP address").value();
        (field == address).then_some(())
    });
    assert_eq!(alert(), None);
}
