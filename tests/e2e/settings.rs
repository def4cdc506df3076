//! Settings, language, logging out, diagnostics, making an account.

use serde_json::json;
use xtask::browser::wait_for;

use crate::world::{PASSWORD, World};

#[test]
fn the_language_changes_everywhere_and_stays() {
    let world = World::new();
    let browser = world.logged_in("romeo");
    browser.find("button", "Settings").click();
    let language = browser.find("combobox", "Language");
    world.choose(&language, "简体中文");
    browser.find("heading", "设置");
    browser.find("searchbox", "搜索");
    assert_eq!(
        browser.run("return document.documentElement.lang", json!([])),
        "zh-CN"
    );
    browser.reload();
    browser.find("searchbox", "搜索");
}

#[test]
fn the_availability_that_is_chosen_is_seen_by_others() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let browser = world.logged_in("romeo");
    let romeo = world.address("romeo");
    juliet.wait("romeo online", |event| {
        event["event"] == "presence" && event["from"] == romeo.as_str()
    });
    browser.find("button", "Settings").click();
    world.choose(&browser.find("combobox", "Availability"), "Do not disturb");
    juliet.wait("romeo busy", |event| {
        event["from"] == romeo.as_str() && event["show"] == "dnd"
    });
    let status = browser.find("textbox", "Status");
    status.enter("in the orchard");
    browser.keys("\u{E007}");
    juliet.wait("his words", |event| {
        event["from"] == romeo.as_str() && event["status"] == "in the orchard"
    });
}

#[test]
fn logging_out_leaves_no_secret_and_no_history_if_so_wished() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let browser = world.browser();
    browser.find("checkbox", "Stay logged in").click();
    world.log_in(&browser, "romeo", PASSWORD);
    browser.status("Online");
    world.open(&browser, "juliet");
    world.says(&browser, "a message to forget");
    browser.find("image", "Sent");

    world.log_out(&browser, true);
    browser.find("form", "Log in");
    browser.reload();
    browser.find("form", "Log in");
    let databases = browser.run_async(
        "return (await indexedDB.databases()).map(d => d.name).filter(n => n !== 'waxwing');",
        json!([]),
    );
    assert_eq!(databases, json!([]), "an account's database is left");
}

#[test]
fn an_account_is_made_and_used() {
    let world = World::with(xtask::prosody::Options {
        registration: true,
        ..xtask::prosody::Options::default()
    });
    let browser = world.browser();
    browser.find("button", "Create account").click();
    browser.find("textbox", "Server");
    // The field has the keyboard already: Control and A, then Enter.
    browser.chord(&['\u{E009}'], 'a');
    browser.keys(&format!("{}\u{E007}", world.server.domain));
    browser.find("textbox", "^User name").enter("benvolio");
    browser.find("textbox", "^Password").enter("romeo");
    // The name of a friend is no good password, and that is said.
    browser.find("meter", "Strength of the password");
    let password = browser.find("textbox", "^Password");
    password.clear();
    password.enter("part fools put up your swords");
    browser.find("button", "Create account").click();
    browser.status("Online");
}

#[test]
fn the_diagnostics_show_the_stream_without_its_secrets() {
    let world = World::new();
    let browser = world.logged_in("romeo");
    browser.run("location.hash = '#/diagnostics'", json!([]));
    browser.find("button", "XML console").click();
    browser.find("log", "XML console");
    // Something is said on the stream.
    browser.run("location.hash = '#/settings'", json!([]));
    world.choose(&browser.find("combobox", "Availability"), "Away");
    browser.run("location.hash = '#/diagnostics'", json!([]));
    browser.find("button", "Connection").click();
    let facts = browser.find("region", "Connection").text();
    assert!(facts.contains("SCRAM-SHA-"), "{facts}");
    assert!(!facts.contains(PASSWORD));
}

/// Notes each question to keep what is stored, and answers it as the test wishes.
const KEEPING: &str = "
window.questions = [];
StorageManager.prototype.persisted = () => Promise.resolve(window.grants === true);
StorageManager.prototype.persist = () => {
  window.questions.push(navigator.userActivation.isActive);
  return Promise.resolve(window.grants === true);
};";

#[test]
fn the_browser_is_asked_to_keep_what_is_stored_once_and_after_the_first_message() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let browser = world.logged_in_after("romeo", KEEPING);
    let questions = || browser.run("return questions", json!([]));
    world.open(&browser, "juliet");
    assert_eq!(questions(), json!([]));
    // In answer to what somebody did: else a browser would not ask in turn.
    world.says(&browser, "one");
    assert_eq!(questions(), json!([true]));
    world.says(&browser, "two");
    assert_eq!(questions(), json!([true]));
    browser.reload();
    world.says(&browser, "three");
    assert_eq!(questions(), json!([]));

    browser.find("button", "Settings").click();
    let section = browser.find("region", "Storage");
    wait_for("how much there is", || {
        let text = section.text();
        let is_told = text.contains("used in this browser") && text.contains("may clear it");
        is_told.then_some(())
    });
    browser.screenshot("settings-storage");
    section.find("button", "Keep it").click();
    browser.status("does not promise");
    browser.run("window.grants = true", json!([]));
    section.find("button", "Keep it").click();
    wait_for("the promise", || {
        section.text().contains("until you remove it").then_some(())
    });
    assert_eq!(section.all("button", "^").len(), 0);
    assert_eq!(questions(), json!([true, true]));
}
