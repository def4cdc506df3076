//! `xmpp:` links: offered to the browser, and followed without doing anything by themselves.

use serde_json::json;
use xtask::browser::{Browser, wait_for};

use crate::world::World;

/// Opens the page as the browser does that was told to open a link here.
fn follow(browser: &Browser, handler: &str, link: &str) {
    let address = browser.run(
        "return arguments[0].replace('%s', encodeURIComponent(arguments[1]))",
        json!([handler, link]),
    );
    browser.run("location.href = arguments[0]", json!([address]));
}

fn composed(browser: &Browser, wanted: &str) {
    wait_for(&format!("the text {wanted:?}"), || {
        let composer = browser.all("textbox", "Message");
        (composer.first()?.value() == wanted).then_some(())
    });
}

#[test]
fn a_link_is_offered_to_the_browser_and_leads_to_what_it_says() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let mut mallory = world.foreign("mallory");
    let browser = world.logged_in_after(
        "romeo",
        "window.offered = [];
         navigator.registerProtocolHandler = (...what) => { window.offered.push(what); };",
    );
    browser.run("location.hash = '#/settings'", json!([]));
    browser
        .find("button", "Open xmpp: links with Waxwing")
        .click();
    browser.status("The browser was asked");
    browser.screenshot("links-offered");
    let offered = browser.run("return window.offered", json!([]));
    assert_eq!(offered[0][0], "xmpp");
    let handler = offered[0][1].as_str().unwrap().to_owned();
    assert_eq!(handler, format!("{}#/open/%s", world.site.url));

    // A conversation, with a text to send or not.
    let to_juliet = format!("xmpp:{}", world.address("juliet"));
    follow(&browser, &handler, &to_juliet);
    browser.find("heading", "juliet");
    let text = "But soft! & what <b>light</b>?\n100 %";
    let encoded = browser.run("return encodeURIComponent(arguments[0])", json!([text]));
    let with_text = format!("{to_juliet}?message;body={}", encoded.as_str().unwrap());
    follow(&browser, &handler, &with_text);
    composed(&browser, text);
    // It goes behind what was being written, and is not there twice.
    let composer = browser.find("textbox", "Message");
    composer.clear();
    composer.enter("half a word");
    follow(
        &browser,
        &handler,
        &format!("{to_juliet}?message;body=more"),
    );
    composed(&browser, "half a word\nmore");
    follow(
        &browser,
        &handler,
        &format!("{to_juliet}?message;body=more"),
    );
    browser.find("heading", "juliet");
    composed(&browser, "half a word\nmore");
    browser.screenshot("link-message");

    // A contact to add: a form that is filled in, no more.
    let to_mallory = format!("xmpp:{}", world.address("mallory"));
    follow(
        &browser,
        &handler,
        &format!("{to_mallory}?roster;name=Mal%20Lory;group=Verona"),
    );
    let dialog = browser.find("dialog", "New conversation");
    browser.screenshot("link-roster");
    assert_eq!(
        dialog.find("textbox", "XMPP address").value(),
        world.address("mallory")
    );
    assert_eq!(dialog.find("textbox", "^Name").value(), "Mal Lory");
    dialog.find("button", "Close").click();
    browser.gone("dialog", "New conversation");

    // Rooms come later, and that is said.
    follow(&browser, &handler, "xmpp:orchard@rooms.example.org?join");
    browser.find("heading", "Rooms are not supported yet");
    browser.screenshot("link-room");

    // Nothing was sent by any of them, to anybody.
    world.open(&browser, "juliet");
    composed(&browser, "half a word\nmore");
    browser.find("button", "Send").click();
    let first = juliet.wait("a message", |event| event["event"] == "message");
    assert_eq!(first["body"], "half a word\nmore");
    world.open(&browser, "mallory");
    world.says(&browser, "the first word");
    mallory.hears("the first word");
    let asked = |event: &serde_json::Value| event["event"] == "subscribe";
    assert_eq!(mallory.count(asked), 0);
}

#[test]
fn hostile_links_do_nothing() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let browser = world.logged_in("romeo");
    let handler = format!("{}#/open/%s", world.site.url);
    for link in [
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "xmpp:",
        "xmpp:?message;body=x",
        "https://example.org/",
        "<img src=x onerror=alert(1)>",
    ] {
        follow(&browser, &handler, link);
        browser.find("heading", "This link is not understood.");
        let main = browser.find("main", "^").text();
        assert!(main.contains(link), "{link} is not shown as text: {main}");
        world.open(&browser, "juliet");
    }
    // What would change something only opens the conversation.
    for action in [
        "remove",
        "unsubscribe",
        "command;action=execute",
        "sendfile",
    ] {
        follow(&browser, &handler, "xmpp:orchard@rooms.example.org?join");
        browser.find("heading", "Rooms are not supported yet");
        let link = format!("xmpp:{}?{action}", world.address("juliet"));
        follow(&browser, &handler, &link);
        browser.find("heading", "juliet");
        assert!(browser.all("dialog", "^").is_empty(), "{action}");
    }
    // An address that is none.
    follow(&browser, &handler, "xmpp:@@?message;body=x");
    browser.find("heading", "This conversation cannot be opened.");
    browser.find("alert", "^");
    browser.screenshot("link-hostile");
    world.open(&browser, "juliet");
    world.says(&browser, "still friends");
    let first = juliet.wait("a message", |event| event["event"] == "message");
    assert_eq!(first["body"], "still friends");
    let unfriended = |event: &serde_json::Value| {
        event["event"] == "unsubscribe" || event["event"] == "unsubscribed"
    };
    assert_eq!(juliet.count(unfriended), 0);
}

#[test]
fn a_link_waits_until_somebody_is_logged_in() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let browser = world.browser();
    let link = format!("xmpp:{}?message;body=after", world.address("juliet"));
    follow(&browser, &format!("{}#/open/%s", world.site.url), &link);
    browser.find("form", "Log in");
    world.log_in(&browser, "romeo", crate::world::PASSWORD);
    browser.find("heading", "juliet");
    composed(&browser, "after");
}

#[test]
fn a_page_that_begins_at_a_conversation_with_a_stranger_opens_it() {
    let world = World::new();
    let browser = world.logged_in("romeo");
    let (own, stranger) = (world.address("romeo"), world.address("mallory"));
    browser.go("about:blank");
    browser.go(&format!("{}#/{own}/{stranger}", world.site.url));
    browser.find("heading", &stranger);
    browser.find("textbox", "Message");
}
