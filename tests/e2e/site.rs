//! The site itself: accessible on every screen, quiet in the console, whole below a path and on every width.

use serde_json::json;

use crate::world::World;

/// Runs axe-core over what is shown, and gives its violations.
fn violations(browser: &xtask::browser::Browser, screen: &str) -> Vec<String> {
    let axe = std::fs::read_to_string(xtask::install::axe().unwrap()).unwrap();
    browser.run(&axe, json!([]));
    let found = browser.run_async(
        "const result = await axe.run(document, {resultTypes: ['violations']});
         return result.violations.map(v => v.id + ': ' + v.help + '\\n      '
           + v.nodes.map(n => n.target.join(' ') + ' — ' + n.failureSummary.replaceAll('\\n', ' ')).join('\\n      '));",
        json!([]),
    );
    let list = found.as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|violation| format!("{screen}: {}", violation.as_str().unwrap_or_default()))
        .collect()
}

#[test]
fn every_screen_is_accessible_in_light_and_dark() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let mut mallory = world.foreign("mallory");
    let mut found = Vec::new();
    for scheme in ["light", "dark"] {
        let browser = world.browser();
        browser.devtools(
            "Emulation.setEmulatedMedia",
            json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]}),
        );
        let mut check = |browser: &xtask::browser::Browser, screen: &str| {
            found.extend(violations(browser, &format!("{screen}, {scheme}")));
            browser.screenshot(&format!("{screen}-{scheme}"));
        };
        browser.find("form", "Log in");
        check(&browser, "login");
        world.log_in(&browser, "romeo", "wrong");
        browser.find("alert", "^");
        check(&browser, "login-failed");
        browser.find("textbox", "XMPP address").clear();
        browser.find("textbox", "Password").clear();
        world.log_in(&browser, "romeo", crate::world::PASSWORD);
        browser.status("Online");
        check(&browser, "conversations-empty");
        world.open(&browser, "juliet");
        juliet.send(
            &world.address("romeo"),
            "*Good* night, _good_ night!\n> parting is\nsuch sweet `sorrow` https://example.org/",
        );
        world.hears(&browser, "sorrow");
        world.says(&browser, "/me would I were thy bird");
        check(&browser, "conversation");
        browser.run(
            "location.hash = arguments[0]",
            json!([format!(
                "#/{}/{}/details",
                world.address("romeo"),
                world.address("juliet")
            )]),
        );
        browser.find("heading", "Contact details");
        check(&browser, "details");
        mallory.tell(json!({"do": "subscribe", "to": world.address("romeo")}));
        browser.find("button", "^Contacts").click();
        browser.find("region", "Requests");
        check(&browser, "contacts");
        browser.find("button", "New conversation").click();
        browser.find("dialog", "New conversation");
        check(&browser, "new-conversation");
        browser.keys("\u{E00C}");
        browser.gone("dialog", "New conversation");
        browser.find("button", "Emoji").click();
        browser.find("dialog", "^Emoji");
        check(&browser, "emoji");
        browser.keys("\u{E00C}");
        browser.run("location.hash = '#/settings'", json!([]));
        browser.find("heading", "Settings");
        check(&browser, "settings");
        browser.run("location.hash = '#/diagnostics'", json!([]));
        browser.find("heading", "Diagnostics");
        check(&browser, "diagnostics");
        let refused: Vec<_> = browser
            .log()
            .into_iter()
            .filter(|line| line.contains("Content Security Policy"))
            .collect();
        assert_eq!(refused, Vec::<String>::new());
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn nothing_is_wider_than_a_narrow_screen_and_there_is_a_way_back() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let browser = world.logged_in("romeo");
    browser.resize(360, 740);
    let fits = |screen: &str| {
        let width = browser.run("return document.documentElement.scrollWidth", json!([]));
        assert_eq!(width, json!(360), "{screen} is wider than the screen");
        browser.screenshot(&format!("narrow-{screen}"));
    };
    fits("conversations");
    world.open(&browser, "juliet");
    browser.find("textbox", "Message");
    fits("conversation");
    browser.find("link", "Back").click();
    browser.find("searchbox", "Search");
    browser.find("button", "Settings").click();
    browser.find("heading", "Settings");
    fits("settings");
}
