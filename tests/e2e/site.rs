//! The site itself: accessible on every screen, quiet in the console, whole below a path and on every width.

use serde_json::json;

use crate::world::{PASSWORD, World};

/// Runs axe-core over what is shown, and gives its violations.
pub fn violations(browser: &xtask::browser::Browser, screen: &str) -> Vec<String> {
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

/// What people may see the app in.
struct Look {
    scheme: &'static str,
    language: &'static str,
    /// The sizes in which each screen is looked at, and in which accessibility is checked.
    sizes: [(&'static str, u32, u32, bool); 3],
}

const WIDE: (u32, u32) = (1440, 900);

/// What icons are drawn with that the page does not have.
const ICONS: &str =
    "return [...document.querySelectorAll('use')].map(use => use.getAttribute('href'))
    .filter(href => !href.startsWith('#') || document.querySelector(`.sprite > ${href}`) === null)";

/// Goes through every screen, checks it and keeps a picture of it.
fn look_at_every_screen(look: &Look) {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let mut mallory = world.foreign("mallory");
    let mut found = Vec::new();
    let browser = world.browser_after(look.language, "");
    browser.devtools(
        "Emulation.setEmulatedMedia",
        json!({"features": [{"name": "prefers-color-scheme", "value": look.scheme}]}),
    );
    let browser = &browser;
    let mut check = |screen: &str| {
        for (size, width, height, is_checked) in look.sizes {
            browser.resize(width, height);
            let name = format!("{screen}-{}-{}-{size}", look.scheme, look.language);
            let content = browser.run("return document.documentElement.scrollWidth", json!([]));
            if content.as_u64() > Some(width.into()) {
                found.push(format!("{name}: {content} wide"));
            }
            // One that is fetched is not there without a network.
            let icons = browser.run(ICONS, json!([]));
            if icons != json!([]) {
                found.push(format!("{name}: no icon {icons}"));
            }
            if is_checked {
                found.extend(violations(browser, &name));
            }
            browser.screenshot(&name);
        }
        browser.resize(WIDE.0, WIDE.1);
    };
    let go = |hash: &str| {
        browser.run("location.hash = arguments[0]", json!([hash]));
    };
    let details = format!(
        "#/{}/{}/details",
        world.address("romeo"),
        world.address("juliet")
    );
    let log_in = |password: &str| {
        for (name, text) in [
            ("^(XMPP address|XMPP 地址)$", &*world.address("romeo")),
            ("^(Password|密码)$", password),
        ] {
            let field = browser.find("textbox", name);
            field.clear();
            field.enter(text);
        }
        browser.find("button", "^(Log in|登录)$").click();
    };

    browser.find("form", "^(Log in|登录)$");
    check("login");
    log_in("wrong");
    browser.find("alert", "^");
    check("login-failed");
    log_in(PASSWORD);
    browser.status(if look.language == "zh-CN" {
        "在线"
    } else {
        "Online"
    });
    check("conversations-empty");
    go(details.trim_end_matches("/details"));
    browser
        .find("textbox", "^(Message|消息)$")
        .enter("/me would I were thy bird");
    juliet.send(
        &world.address("romeo"),
        "*Good* night, _good_ night!\n> parting is\nsuch sweet `sorrow` https://example.org/",
    );
    world.hears(browser, "sorrow");
    browser.find("button", "^(Send|发送)$").click();
    world.hears(browser, "would I were thy bird");
    browser.find("image", "^(Sent|已发送)$");
    check("conversation");
    browser.find("button", "^(Emoji|表情)$").click();
    browser.find("dialog", "^(Emoji|表情)");
    check("emoji");
    browser.keys("\u{E00C}");
    go(&details);
    browser.find("heading", "^(Contact details|联系人资料)$");
    check("details");
    browser
        .find("button", "^(Edit contact|编辑联系人)$")
        .click();
    browser.find("textbox", "^(Groups|分组)$");
    check("details-edited");
    go("#/");
    mallory.tell(json!({"do": "subscribe", "to": world.address("romeo")}));
    browser.find("link", "^juliet");
    check("conversations");
    browser.find("button", "^(Contacts|联系人)").click();
    browser.find("region", "^(Requests|请求)$");
    check("contacts");
    browser
        .find("button", "^(New conversation|新会话)$")
        .click();
    browser.find("dialog", "^(New conversation|新会话)$");
    check("new-conversation");
    browser.keys("\u{E00C}");
    browser.gone("dialog", "^(New conversation|新会话)$");
    go("#/settings");
    browser.find("heading", "^(Settings|设置)$");
    check("settings");
    browser.find("button", "^(Log out|退出登录)$").click();
    browser.find("dialog", "^(Log out|退出登录)");
    check("log-out");
    browser.keys("\u{E00C}");
    go("#/diagnostics");
    browser.find("heading", "^(Diagnostics|诊断)$");
    check("diagnostics");
    let refused: Vec<_> = browser
        .log()
        .into_iter()
        .filter(|line| line.contains("Content Security Policy"))
        .collect();
    assert_eq!(refused, Vec::<String>::new());
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_screen_is_accessible_and_fits_in_light() {
    look_at_every_screen(&Look {
        scheme: "light",
        language: "en-US",
        sizes: [
            ("wide", 1440, 900, true),
            ("middle", 820, 1180, true),
            ("narrow", 360, 740, false),
        ],
    });
}

#[test]
fn every_screen_is_accessible_and_fits_in_dark() {
    look_at_every_screen(&Look {
        scheme: "dark",
        language: "en-US",
        sizes: [
            ("wide", 1440, 900, true),
            ("middle", 820, 1180, false),
            ("narrow", 360, 740, true),
        ],
    });
}

#[test]
fn every_screen_is_accessible_and_fits_in_chinese() {
    look_at_every_screen(&Look {
        scheme: "light",
        language: "zh-CN",
        sizes: [
            ("wide", 1440, 900, false),
            ("middle", 820, 1180, false),
            ("narrow", 360, 740, true),
        ],
    });
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
    let search = browser.find("searchbox", "Search");
    // Escape ends the search first, and what is open after that.
    search.enter("nobody");
    browser.keys("\u{e00c}");
    assert_eq!(search.value(), "");
    browser.find("button", "Settings").click();
    browser.find("heading", "Settings");
    fits("settings");
}
