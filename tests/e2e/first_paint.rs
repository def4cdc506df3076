//! The login form before the program is there (public/first-paint.js).

use serde_json::{Value, json};
use xtask::browser::{Browser, Driver, wait_for};
use xtask::serve::{self, Site};

use crate::world::{self, World};

/// What is on the page, as far as a person or a program could tell: elements, their attributes, texts.
const SHOWN: &str = r"
const shown = (element) => [
  element.localName,
  [...element.attributes]
    .filter(a => !['first-paint', ''].includes(a.value) || a.name !== 'id')
    .map(a => a.name + '=' + a.value)
    .sort(),
  element.value ?? '',
  ...[...element.childNodes]
    .filter(node => node.nodeType === Node.ELEMENT_NODE || (node.nodeType === Node.TEXT_NODE && node.data.trim()))
    .map(node => node.nodeType === Node.ELEMENT_NODE ? shown(node) : node.data.trim()),
];
const root = document.documentElement;
return [root.lang, root.dataset.theme ?? '', shown(document.querySelector('main'))];";

fn shown(browser: &Browser) -> Value {
    browser.find("heading", "Waxwing");
    browser.run(SHOWN, json!([]))
}

#[test]
fn the_form_painted_first_is_the_programs_own() {
    let driver = Driver::start();
    let configs = [
        json!({}),
        json!({"domain": "example.org", "other_servers": false, "registration": false, "theme": "dark"}),
        json!({"hide": ["connection_settings"], "language": "zh-CN"}),
    ];
    for config in configs {
        let options = serve::Options {
            config: Some(config.to_string()),
            ..serve::Options::default()
        };
        let site = Site::start(&xtask::paths::dist(), options).unwrap();
        for (language, query) in [
            ("en-US", ""),
            ("zh-CN", "?jid=romeo@example.org&ws=wss://example.org/"),
        ] {
            let browser = driver.browser(language);
            site.hold("_bg.wasm");
            browser.go(&format!("{}{query}", site.url));
            let first = shown(&browser);
            assert!(
                !browser
                    .run("return document.getElementById('first-paint')", json!([]))
                    .is_null()
            );
            site.release();
            world::program(&browser);
            assert_eq!(first, shown(&browser), "{config} {language}");
        }
    }
}

#[test]
fn what_is_typed_and_pressed_before_the_program_is_there_is_kept() {
    let world = World::new();
    let browser = world.driver.browser("en-US");
    world.site.hold("_bg.wasm");
    browser.go(&world.site.url);
    browser.find("checkbox", "Stay logged in").click();
    browser
        .find("textbox", "XMPP address")
        .enter(&world.address("romeo"));
    browser.find("textbox", "Password").enter("wrong");
    world.site.release();
    world::program(&browser);

    // The keyboard is where it was.
    browser.keys(" again");
    assert_eq!(browser.find("textbox", "Password").value(), "wrong again");
    assert_eq!(
        browser.find("textbox", "XMPP address").value(),
        world.address("romeo")
    );
    let checked = browser
        .find("checkbox", "Stay logged in")
        .run("return arguments[0].checked");
    assert_eq!(checked, json!(true));
}

#[test]
fn what_is_pressed_twice_before_the_program_is_there_is_pressed_twice() {
    let world = World::new();
    for (presses, shown) in [(1, "text"), (2, "password"), (3, "text")] {
        let browser = world.driver.browser("en-US");
        world.site.hold("_bg.wasm");
        browser.go(&world.site.url);
        let show = browser.find("button", "Show password");
        for _ in 0..presses {
            show.click();
        }
        world.site.release();
        world::program(&browser);
        let kind = browser.run("return document.getElementById('password').type", json!([]));
        assert_eq!(kind, shown, "{presses} presses");
    }
}

#[test]
fn log_in_pressed_before_the_program_is_there_logs_in() {
    let world = World::new();
    let browser = world.driver.browser("en-US");
    world.site.hold("_bg.wasm");
    browser.go(&world.site.url);
    world.log_in(&browser, "romeo", world::PASSWORD);
    world.site.release();
    browser.status("Online");
}

#[test]
fn who_is_logged_in_never_sees_the_form() {
    let world = World::new();
    let browser = world.logged_in("romeo");
    world.site.hold("_bg.wasm");
    browser.reload();
    let forms = browser.run("return document.forms.length", json!([]));
    assert_eq!(forms, json!(0));
    world.site.release();
    browser.status("Online");
}

#[test]
fn nothing_can_be_typed_before_the_configuration_is_known() {
    let driver = Driver::start();
    let site = Site::start(&xtask::paths::dist(), serve::Options::default()).unwrap();
    let browser = driver.browser("en-US");
    site.hold("config.json");
    browser.go(&site.url);
    wait_for("the form that waits", || {
        let waits = browser.run("return !!document.querySelector('main')", json!([]));
        (waits == json!(true)).then_some(())
    });
    let seen = |what: &str| {
        let script = "return document.querySelector(arguments[0]).checkVisibility({visibilityProperty: true})";
        browser.run(script, json!([what]))
    };
    assert_eq!(seen("#address"), json!(false));
    assert_eq!(seen(".screen__logo"), json!(true));
    site.release();
    browser.find("textbox", "XMPP address");
    assert_eq!(seen("#address"), json!(true));
}
