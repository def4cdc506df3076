//! Accounts that do not stay logged in: what was on its way when the last page went waits in its tab for them, and for nobody else.

use serde_json::{Value, json};
use xtask::browser::{Browser, wait_for};

use crate::hold;
use crate::world::{PASSWORD, World, program};

/// What this tab hands over to the page that comes next, in the browser's own words.
fn handed_over(browser: &Browser) -> String {
    let all = browser.run("return JSON.stringify({...sessionStorage})", json!([]));
    all.as_str().unwrap().to_owned()
}

/// romeo is logged in, but not to stay, and has written what the engine could not store; then the page and its engine go.
fn interrupted(world: &World) -> Browser {
    let browser = world.browser();
    world.log_in(&browser, "romeo", PASSWORD);
    browser.status("Online");
    world.open(&browser, "juliet");
    world.says(&browser, "of old");
    browser.find("image", "Sent");
    hold::writing(&browser);
    browser
        .find("textbox", "Message")
        .enter("but never confirmed");
    browser.find("button", "Send").click();
    browser.go("about:blank");
    browser.kill_workers("shared_worker");
    wait_for("the engine's end", || {
        browser.workers("shared_worker").is_empty().then_some(())
    });
    browser.go(&world.site.url);
    program(&browser);
    browser.find("form", "Log in");
    browser
}

#[test]
fn what_was_on_its_way_is_sent_once_when_the_same_account_logs_in_again_and_is_no_draft() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let browser = interrupted(&world);
    assert!(handed_over(&browser).contains("but never confirmed"));

    // Somebody else is none of its business.
    world.log_in(&browser, "mallory", PASSWORD);
    browser.status("Online");
    assert!(handed_over(&browser).contains("but never confirmed"));
    world.log_out(&browser, false);
    browser.find("form", "Log in");

    world.log_in(&browser, "romeo", PASSWORD);
    browser.status("Online");
    world.open(&browser, "juliet");
    world.hears(&browser, "but never confirmed");
    browser.gone("image", "Sending");
    assert_eq!(browser.find("textbox", "Message").value(), "");
    assert_eq!(
        world.articles_with(&browser, "but never confirmed").len(),
        1
    );
    let left = handed_over(&browser);
    assert!(!left.contains("confirmed"), "{left}");
    world.says(&browser, "the end");
    let is = |event: &Value, body: &str| event["event"] == "message" && event["body"] == body;
    juliet.wait("the end", |event| is(event, "the end"));
    let count = juliet.count(|event| is(event, "but never confirmed"));
    assert_eq!(count, 1);
}

#[test]
fn who_removes_all_messages_leaves_nothing_in_the_tab() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let browser = world.browser();
    world.log_in(&browser, "romeo", PASSWORD);
    browser.status("Online");
    world.open(&browser, "juliet");
    // A draft that no engine has confirmed, as when one dies while it is typed.
    browser.find("textbox", "Message").enter("half a word");
    browser.run(
        "dispatchEvent(new PageTransitionEvent('pagehide'))",
        json!([]),
    );
    assert!(handed_over(&browser).contains("half a word"));
    browser.run(
        "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))",
        json!([]),
    );
    browser.status("Online");
    world.log_out(&browser, true);
    browser.find("form", "Log in");
    wait_for("an empty tab", || {
        (!handed_over(&browser).contains("half a word")).then_some(())
    });
}
