//! Writing: an input method composes, and its keys are its own.

use serde_json::json;
use xtask::browser::{Browser, wait_for};

use crate::world::World;

/// What an input method does to the composer: it shows a text that is not yet written.
fn compose(browser: &Browser, text: &str) {
    let length = text.chars().count();
    browser.devtools(
        "Input.imeSetComposition",
        json!({"text": text, "selectionStart": length, "selectionEnd": length}),
    );
}

/// The key Enter, as it comes from a keyboard.
fn enter(browser: &Browser, code: u32) {
    for kind in ["rawKeyDown", "keyUp"] {
        browser.devtools(
            "Input.dispatchKeyEvent",
            json!({"type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": code}),
        );
    }
}

#[test]
fn enter_sends_nothing_while_an_input_method_composes() {
    let world = World::new();
    let (browser, mut juliet) = world.conversation();
    let composer = browser.find("textbox", "Message");
    composer.click();
    composer.run(
        "window.keys = [];
         arguments[0].addEventListener('keydown', e => keys.push([e.key, e.isComposing, e.keyCode]));",
    );
    compose(&browser, "ni hao");
    wait_for("the text that is composed", || {
        (composer.value() == "ni hao").then_some(())
    });
    // As Chromium tells of it, and as WebKit does, where the composition has ended before the key comes.
    enter(&browser, 13);
    enter(&browser, 229);
    assert_eq!(
        browser.run("return keys", json!([])),
        json!([["Enter", true, 13], ["Enter", true, 229]]),
        "the keys came, from within the composition"
    );
    assert_eq!(composer.value(), "ni hao");

    // The choice is made: the text is written, and the next Enter sends it, once.
    browser.devtools("Input.insertText", json!({"text": "你好"}));
    wait_for("the text that was chosen", || {
        (composer.value() == "你好").then_some(())
    });
    enter(&browser, 229);
    assert_eq!(composer.value(), "你好");
    browser.keys("\u{E007}");
    world.hears(&browser, "你好");
    let first = juliet.wait("a message", |event| event["event"] == "message");
    assert_eq!(first["body"], "你好");
    world.says(&browser, "the end");
    juliet.hears("the end");
    assert_eq!(juliet.count(|event| event["event"] == "message"), 0);
}

#[test]
fn enter_sends_and_shift_enter_breaks_the_line() {
    let world = World::new();
    let (browser, mut juliet) = world.conversation();
    let composer = browser.find("textbox", "Message");
    composer.enter("two");
    browser.chord(&['\u{E008}'], '\u{E007}');
    browser.keys("lines");
    assert_eq!(composer.value(), "two\nlines");
    browser.keys("\u{E007}");
    juliet.hears("two\nlines");
    wait_for("an empty field", || {
        composer.value().is_empty().then_some(())
    });
}
