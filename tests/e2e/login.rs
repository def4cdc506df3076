//! Logging in, and being told why not.

use serde_json::json;
use xtask::browser::Driver;
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
