//! What fails is said where it was asked for, and loses nothing.

use serde_json::json;
use xtask::browser::{Browser, wait_for};
use xtask::prosody::Options;

use crate::world::{PASSWORD, World, program};

#[test]
fn a_request_that_cannot_be_answered_says_why_and_can_be_answered_later() {
    let world = World::new();
    let mut mallory = world.foreign("mallory");
    let browser = world.logged_in("romeo");
    mallory.tell(json!({"do": "subscribe", "to": world.address("romeo")}));
    browser.find("button", "^Contacts").click();
    let requests = browser.find("region", "Requests");
    world.site.cut();
    browser.status("Offline");
    requests.find("button", "Accept").click();
    let alert = requests.find("alert", "^");
    wait_for("the reason", || {
        alert.text().contains("You are offline").then_some(())
    });
    world.site.mend();
    for retry in browser.all("button", "Retry now") {
        retry.click_if_there();
    }
    browser.status("Online");
    browser.find("button", "Accept").click();
    mallory.wait("being accepted", |event| event["event"] == "subscribed");
    browser.gone("region", "Requests");
}

#[test]
fn a_log_out_that_leaves_something_behind_is_told_and_changes_nothing() {
    let world = World::new();
    let browser = world.logged_in("romeo");
    let engine = |script: &str| assert_eq!(browser.run_in_workers("shared_worker", script), 1);
    browser.run("location.hash = '#/settings'", json!([]));
    browser.find("button", "Log out").click();
    let dialog = browser.find("dialog", "Log out");
    engine(
        "self.kept = IDBObjectStore.prototype.put;
         IDBObjectStore.prototype.put = () => { throw new DOMException('gone', 'UnknownError'); }",
    );
    dialog.find("button", "Log out").click();
    let alert = dialog.find("alert", "^");
    wait_for("the reason", || {
        alert.text().contains("could not be removed").then_some(())
    });
    browser.status("Online");
    engine("IDBObjectStore.prototype.put = self.kept");
    dialog.find("button", "Log out").click();
    browser.find("form", "Log in");
    browser.reload();
    browser.find("form", "Log in");
}

/// Leaves the conversation, or the whole page, in the moment in which a message is sent.
fn sends_and_leaves(browser: &Browser, text: &str, leave: &str) {
    browser.find("textbox", "Message").enter(text);
    let send = browser.find("button", "Send");
    send.run(&format!("arguments[0].click(); {leave}"));
}

#[test]
fn what_is_sent_in_the_moment_of_leaving_is_sent_once_and_is_no_draft() {
    let world = World::new();
    let (browser, mut juliet) = world.conversation();

    sends_and_leaves(&browser, "one", "location.hash = '#/settings';");
    browser.find("heading", "Settings");
    juliet.hears("one");
    world.open(&browser, "juliet");
    world.hears(&browser, "one");
    assert_eq!(browser.find("textbox", "Message").value(), "");

    sends_and_leaves(&browser, "two", "location.reload();");
    program(&browser);
    browser.status("Online");
    browser.find("heading", "juliet");
    // Whether the engine went with the page or not: it is asked again, and sends once.
    world.hears(&browser, "two");
    wait_for("an empty field", || {
        let field = browser.find("textbox", "Message").value();
        field.is_empty().then_some(())
    });
    assert_eq!(world.articles_with(&browser, "two").len(), 1);
    world.says(&browser, "three");
    juliet.hears("three");
    let twos = |event: &serde_json::Value| event["body"] == "two";
    assert_eq!(juliet.count(twos), 1);
}

#[test]
fn a_server_that_became_weaker_is_not_trusted_until_somebody_says_so() {
    let mut world = World::new();
    let config = world.server.dir().join("prosody.cfg.lua");
    {
        // The password is not to be kept: so it is asked for again.
        let browser = world.browser();
        world.log_in(&browser, "romeo", PASSWORD);
        browser.status("Online");
        let strong = std::fs::read_to_string(&config).unwrap();
        let weak = format!("disable_sasl_mechanisms = {{ \"SCRAM-SHA-256\" }}\n{strong}");
        std::fs::write(&config, weak).unwrap();
        world.server.restart().unwrap();
        browser.reload();
        program(&browser);
        world.log_in(&browser, "romeo", PASSWORD);
        let alert = browser.find("alert", "^");
        assert!(alert.text().contains("weaker"), "{}", alert.text());
        browser.screenshot("login-weaker");
        // It is not enough to try again.
        browser.find("button", "^Log in$").click();
        browser.find("alert", "^");
        browser.find("button", "Log in all the same").click();
        browser.status("Online");
    }
}

#[test]
fn a_log_in_that_fails_after_the_account_was_made_is_told_and_tried_again() {
    let mut world = World::with(Options {
        registration: true,
        host: "disable_sasl_mechanisms = { \"PLAIN\", \"SCRAM-SHA-1\", \"SCRAM-SHA-256\" }".into(),
        ..Options::default()
    });
    let browser = world.browser();
    browser.find("button", "Create account").click();
    if let Some(server) = browser.all("textbox", "Server").first() {
        server.clear();
        server.enter(&world.server.domain);
        browser.find("button", "Next").click();
    }
    browser.find("textbox", "^User name").enter("benvolio");
    browser
        .find("textbox", "^Password")
        .enter("part fools put up your swords");
    browser.find("button", "Create account").click();
    browser.find("alert", "^");
    browser.status("is made");
    browser.screenshot("registered-not-logged-in");

    let config = world.server.dir().join("prosody.cfg.lua");
    let closed = std::fs::read_to_string(&config).unwrap();
    let open = closed.replace("disable_sasl_mechanisms", "-- disable_sasl_mechanisms");
    std::fs::write(&config, open).unwrap();
    world.server.restart().unwrap();
    browser.find("button", "^Log in$").click();
    browser.status("Online");
}

#[test]
fn a_configuration_that_cannot_be_had_or_is_wrong_is_said_on_the_page() {
    let world = World::new();
    for (answer, said) in [
        ("new Response('', {status: 503})", "could not be fetched"),
        ("new Response('{\"rooms\": []}')", "rooms"),
        ("new Response('<!doctype html>')", "config.json"),
    ] {
        let instead = format!(
            "const real = window.fetch;
             window.fetch = (what, ...more) => String(what.url ?? what).endsWith('config.json')
               ? Promise.resolve({answer}) : real(what, ...more);"
        );
        let browser = world.browser_after("en-US", &instead);
        let alert = browser.find("alert", "^").text();
        assert!(alert.contains(said), "{alert}");
        browser.find("button", "Reload");
    }
    // A site that has none sets nothing.
    let none = "const real = window.fetch;
        window.fetch = (what, ...more) => String(what.url ?? what).endsWith('config.json')
          ? Promise.resolve(new Response('', {status: 404})) : real(what, ...more);";
    world.browser_after("en-US", none).find("form", "Log in");
}
