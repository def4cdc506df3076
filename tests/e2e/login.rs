//! Logging in, and being told why not.

use serde_json::json;
use xtask::browser::{Driver, wait_for};
use xtask::serve::{self, Site};

use crate::world::{self, World};

#[test]
fn a_wrong_password_is_said_beside_the_form_and_the_right_one_logs_in() {
    let world = World::new();
    let browser = world.browser();
    world.log_in(&browser, "romeo", "not the password");
    let alert = browser.find("alert", "^");
    assert!(
        alert.text().to_lowercase().contains("password"),
        "{}",
        alert.text()
    );

    let password = browser.find("textbox", "Password");
    password.clear();
    password.enter(world::PASSWORD);
    browser.find("button", "Log in").click();
    browser.status("Online");
}

#[test]
fn a_link_sends_nobodys_password_to_a_stranger() {
    let driver = Driver::start();
    let site = Site::start(&xtask::paths::dist(), serve::Options::default()).unwrap();
    let browser = driver.browser("en-US");
    let query = "?jid=romeo@example.org&ws=wss://mallory.example/ws";
    browser.go(&format!("{}{query}", site.url));
    world::program(&browser);
    browser.find("textbox", "Password").enter("s3cret");
    browser.find("button", "Log in").click();
    let alert = browser.find("alert", "^").text();
    assert!(
        alert.contains("mallory.example is not your server"),
        "{alert}"
    );
    let focused = browser.run("return document.activeElement.id", json!([]));
    assert_eq!(focused, json!("websocket"));
    assert_eq!(browser.find("textbox", "Password").value(), "s3cret");
}

/// `config.json` as the host has changed it: the same place, called differently.
const CHANGED: &str = "
const real = window.fetch;
window.fetch = async (what, ...how) => {
  const answer = await real(what, ...how);
  if (!localStorage.changed || !String(what?.url ?? what).endsWith('config.json')) return answer;
  return new Response((await answer.text()).replace('//localhost:', '//127.0.0.1:'));
};";

#[test]
fn an_account_follows_when_the_host_changes_the_websocket_address() {
    let world = World::new();
    let browser = world.logged_in_after("romeo", CHANGED);
    let in_use = |wanted: &str| {
        browser.run("location.hash = '#/diagnostics'", json!([]));
        browser.find("button", "Connection").click();
        wait_for(&format!("the WebSocket at {wanted}"), || {
            let facts = browser.find("region", "Connection").text();
            (facts.contains(wanted) && facts.contains("Online")).then_some(())
        });
    };
    in_use("ws://localhost:");
    browser.run("localStorage.changed = 'yes'", json!([]));
    // Once it has heard of it, and once more by itself.
    for _ in 0..2 {
        browser.reload();
        in_use("ws://127.0.0.1:");
    }
}
