//! The engine dies, or there can be only one: what was written, sent and open stays.

use serde_json::{Value, json};
use xtask::browser::{Browser, wait_for};
use xtask::foreign::Foreign;

use crate::world::{PASSWORD, World};

/// Notes from now on what the page says of its connection.
pub const LISTEN: &str = "
window.said = [];
const note = () => {
  for (const status of document.querySelectorAll('[role=status]')) {
    if (said.at(-1) !== status.textContent) said.push(status.textContent);
  }
};
new MutationObserver(note).observe(document.body, {subtree: true, childList: true, characterData: true});
note();";

pub fn said(browser: &Browser) -> String {
    browser
        .run("return window.said.join('\\n')", json!([]))
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Ends the engine, and waits until the page has said so.
fn kill_engine(browser: &Browser) {
    browser.run(LISTEN, json!([]));
    assert_eq!(browser.kill_workers("shared_worker"), 1);
    wait_for("the page to say that the engine died", || {
        said(browser).contains("starting again").then_some(())
    });
}

/// The first message, sent before the marker, arrived once and no more.
fn came_once(person: &mut Foreign, body: &str, marker: &str) {
    wait_for(marker, || (count(person, marker) > 0).then_some(()));
    assert_eq!(count(person, body), 1, "{body:?}");
}

fn count(person: &mut Foreign, body: &str) -> usize {
    person.count(|event: &Value| event["event"] == "message" && event["body"] == body)
}

fn draft(browser: &Browser) -> String {
    browser.find("textbox", "Message").value()
}

#[test]
fn an_engine_that_dies_is_started_again_and_nothing_is_lost() {
    let world = World::new();
    let (browser, mut juliet) = world.conversation();
    juliet.send(&world.address("romeo"), "Wherefore art thou?");
    world.hears(&browser, "Wherefore art thou?");

    // The server hears this, but confirms it to nobody: it is shown as on its way when the engine dies.
    world.server.freeze();
    world.says(&browser, "I take thee at thy word");
    browser.find("image", "Sending");
    browser
        .find("textbox", "Message")
        .enter("Henceforth I never will be");
    let address = browser.call("GET", "/url", json!(null));
    kill_engine(&browser);

    // All of it is there while there is no engine, and when there is one again.
    let is_all_there = || {
        assert_eq!(draft(&browser), "Henceforth I never will be");
        assert_eq!(browser.call("GET", "/url", json!(null)), address);
        browser.find("heading", "juliet");
        world.hears(&browser, "Wherefore art thou?");
        world.hears(&browser, "I take thee at thy word");
    };
    is_all_there();
    browser.find("image", "Sending");
    world.server.thaw();
    browser.status("Online");
    browser.find("image", "Sent");
    is_all_there();

    // What was typed goes on where it was; what was sent was sent once.
    browser.find("textbox", "Message").enter(" Romeo.");
    browser.find("button", "Send").click();
    came_once(
        &mut juliet,
        "I take thee at thy word",
        "Henceforth I never will be Romeo.",
    );
    assert_eq!(
        world
            .articles_with(&browser, "I take thee at thy word")
            .len(),
        1
    );
    juliet.send(&world.address("romeo"), "What man art thou");
    world.hears(&browser, "What man art thou");
}

#[test]
fn without_staying_logged_in_the_password_is_asked_again_and_nothing_is_lost() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let browser = world.browser();
    world.log_in(&browser, "romeo", PASSWORD);
    browser.status("Online");
    world.open(&browser, "juliet");
    world.says(&browser, "By a name");
    browser.find("image", "Sent");
    browser
        .find("textbox", "Message")
        .enter("I know not how to tell");
    kill_engine(&browser);

    // The password was nowhere but in the engine: it is asked for in place, and all that was there is there.
    browser.status("Your password is needed again.");
    world.hears(&browser, "By a name");
    assert_eq!(draft(&browser), "I know not how to tell");
    browser.screenshot("engine-died-password");
    browser.find("button", "Log in").click();
    let dialog = browser.find("dialog", "^");
    dialog.find("textbox", "Password").enter(PASSWORD);
    browser.screenshot("password-again");
    dialog.find("button", "Log in").click();
    browser.status("Online");
    assert_eq!(draft(&browser), "I know not how to tell");
    world.hears(&browser, "By a name");
    browser.find("textbox", "Message").enter(" thee");
    browser.find("button", "Send").click();
    came_once(&mut juliet, "By a name", "I know not how to tell thee");
}

#[test]
fn an_engine_that_dies_again_and_again_is_not_started_for_ever() {
    let world = World::new();
    let browser = world.logged_in("romeo");
    browser.run(LISTEN, json!([]));
    let mut deaths = 0;
    // Each of them has come up before it dies.
    let comes_up = || {
        let statuses = browser.all("status", "^");
        let is_online = statuses.iter().any(|status| status.text() == "Online");
        let gave_up = !browser.all("heading", "Waxwing could not start").is_empty();
        (is_online || gave_up).then_some(gave_up)
    };
    while !wait_for("an engine, or the page to give up", comes_up) {
        deaths += browser.kill_workers("shared_worker");
        assert!(deaths < 12, "never given up");
    }
    assert!(deaths >= 3, "given up after {deaths}");
    browser.screenshot("engine-failed");
    // A person can have it tried once more.
    browser.find("button", "Retry").click();
    browser.status("Online");
}

/// A browser as one without SharedWorker.
const NO_SHARED_WORKER: &str = "delete window.SharedWorker;";

#[test]
fn without_shared_workers_one_tab_at_a_time_runs_the_engine_and_another_takes_over() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let browser = world.logged_in_after("romeo", NO_SHARED_WORKER);
    assert_eq!(browser.kill_workers("shared_worker"), 0);
    world.open(&browser, "juliet");
    let first = browser.tab();
    let address = browser.call("GET", "/url", json!(null));
    let address = address.as_str().unwrap();

    // On its way when the other tab takes over.
    world.server.freeze();
    world.says(&browser, "from the first tab");
    browser.find("image", "Sending");
    browser.find("textbox", "Message").enter("half a word");

    let second = browser.new_tab("about:blank");
    browser.resize(1440, 900);
    browser.before_documents(NO_SHARED_WORKER);
    browser.go(address);
    browser.find("heading", "Waxwing is open in another tab");
    browser.screenshot("other-tab");
    world.server.thaw();
    browser.find("button", "Use it here").click();
    browser.status("Online");
    world.hears(&browser, "from the first tab");
    browser.find("image", "Sent");
    wait_for("the draft", || {
        (draft(&browser) == "half a word").then_some(())
    });
    browser.find("textbox", "Message").enter(", and the rest");
    browser.find("button", "Send").click();
    came_once(
        &mut juliet,
        "from the first tab",
        "half a word, and the rest",
    );

    browser.switch_to(&first);
    browser.find("heading", "Waxwing is open in another tab");
    browser.screenshot("taken-over");
    // And back: what the other tab has sent is no draft here any more.
    browser.find("button", "Use it here").click();
    browser.status("Online");
    world.hears(&browser, "half a word, and the rest");
    assert_eq!(draft(&browser), "");
    world.says(&browser, "first again");
    came_once(&mut juliet, "half a word, and the rest", "first again");
    browser.switch_to(&second);
    browser.find("heading", "Waxwing is open in another tab");
}

#[test]
fn a_dedicated_engine_that_dies_is_started_again() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    // The page hears of a worker's end by its lock alone; this ends it without a word, as the system may.
    let browser = world.logged_in_after(
        "romeo",
        "delete window.SharedWorker;
         const real = Worker;
         window.Worker = class extends real { constructor(...a) { super(...a); window.engine = this; } };",
    );
    world.open(&browser, "juliet");
    browser.run(LISTEN, json!([]));
    browser.run("window.engine.terminate()", json!([]));
    wait_for("the page to say so", || {
        said(&browser).contains("starting again").then_some(())
    });
    browser.status("Online");
    world.says(&browser, "still here");
    browser.find("image", "Sent");
}
