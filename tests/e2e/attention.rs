//! What reaches a person who looks elsewhere: notifications, the title of the tab, the count beside a name.

use serde_json::{Value, json};
use xtask::browser::{Browser, wait_for};
use xtask::foreign::Foreign;

use crate::world::World;

/// Notes the notifications instead of showing them, and lets a test press them; and notes each question to the browser.
const RECORD: &str = "
window.shown = [];
window.questions = 0;
const real = Notification;
window.Notification = class {
  static get permission() { return real.permission; }
  static requestPermission() { window.questions += 1; return real.requestPermission(); }
  constructor(title, options) {
    this.title = title; this.body = options?.body; this.tag = options?.tag; this.closed = false;
    window.shown.push(this);
  }
  close() { this.closed = true; }
};";

/// The titles and texts of the notifications so far.
fn shown(browser: &Browser) -> Vec<(String, String)> {
    let shown = browser.run("return shown.map(n => [n.title, n.body])", json!([]));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pairs = shown.as_array().cloned().unwrap_or_default();
    pairs
        .iter()
        .map(|pair| (text(&pair[0]), text(&pair[1])))
        .collect()
}

fn wait_for_notification(browser: &Browser, title: &str, body: &str) {
    let wanted = (title.to_owned(), body.to_owned());
    wait_for(&format!("the notification {wanted:?}"), || {
        shown(browser).contains(&wanted).then_some(())
    });
}

fn title(browser: &Browser) -> String {
    let title = browser.call("GET", "/title", json!(null));
    title.as_str().unwrap_or_default().to_owned()
}

fn wait_for_title(browser: &Browser, wanted: &str) {
    wait_for(&format!("the title {wanted:?}"), || {
        (title(browser) == wanted).then_some(())
    });
}

/// Romeo is logged in, and what his page would show is noted.
fn recorded(world: &World) -> Browser {
    world.logged_in_after("romeo", RECORD)
}

/// Romeo turns notifications on in the settings; the browser says this to its own question.
fn turn_on(browser: &Browser, answer: &str) {
    browser.permit("notifications", answer);
    browser.run("location.hash = '#/settings'", json!([]));
    browser.find("switch", "Desktop notifications").click();
}

/// Juliet sends a message, and romeo's page has it: it is counted in the list.
fn arrives(world: &World, browser: &Browser, juliet: &mut Foreign, body: &str, unread: u32) {
    juliet.send(&world.address("romeo"), body);
    browser.find("link", &format!("^juliet, {unread} unread$"));
}

#[test]
fn a_message_while_one_looks_elsewhere_is_told_and_a_click_leads_to_it() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    world.befriend("romeo", "mallory");
    let mut juliet = world.foreign("juliet");
    let mut mallory = world.foreign("mallory");
    let browser = recorded(&world);
    assert_eq!(browser.run("return questions", json!([])), 0, "at start");
    turn_on(&browser, "granted");

    // Another conversation is open.
    world.open(&browser, "mallory");
    arrives(&world, &browser, &mut juliet, "Wherefore art thou?", 1);
    wait_for_notification(&browser, "juliet", "Wherefore art thou?");
    // The open one is seen: nothing tells of it.
    mallory.send(&world.address("romeo"), "seen at once");
    world.hears(&browser, "seen at once");
    arrives(&world, &browser, &mut juliet, "the last one", 2);
    wait_for_notification(&browser, "juliet", "the last one");
    assert_eq!(shown(&browser).len(), 2);
    // One at a time: the next takes the place of the one before.
    assert_eq!(
        browser.run(
            "return shown[0].tag === shown[1].tag && shown[0].tag !== ''",
            json!([])
        ),
        true
    );

    browser.run("shown.at(-1).onclick()", json!([]));
    browser.find("heading", "juliet");
    world.hears(&browser, "the last one");
    assert_eq!(browser.run("return shown.at(-1).closed", json!([])), true);
}

#[test]
fn a_page_that_is_not_seen_tells_of_its_open_conversation_too() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let browser = recorded(&world);
    turn_on(&browser, "granted");
    world.open(&browser, "juliet");
    browser.minimize();
    juliet.send(&world.address("romeo"), "Art thou not there?");
    wait_for_notification(&browser, "juliet", "Art thou not there?");
    wait_for_title(&browser, "(1) juliet · Waxwing");
    // Who comes back has seen it.
    browser.restore();
    wait_for_title(&browser, "juliet · Waxwing");
}

#[test]
fn only_who_wrote_is_told_if_so_wished_and_nothing_when_it_is_off() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let browser = recorded(&world);
    turn_on(&browser, "granted");
    let preview = browser.find("switch", "Show what was written");
    preview.click();
    arrives(&world, &browser, &mut juliet, "a secret", 1);
    wait_for_notification(&browser, "juliet", "New message");

    browser.find("switch", "Desktop notifications").click();
    arrives(&world, &browser, &mut juliet, "not told", 2);
    // Were it told, it would have been told before the next one is.
    turn_on(&browser, "granted");
    arrives(&world, &browser, &mut juliet, "told again", 3);
    wait_for("the next notification", || {
        (shown(&browser).len() >= 2).then_some(())
    });
    assert_eq!(shown(&browser).len(), 2);
}

#[test]
fn the_browser_is_asked_only_by_a_button_and_a_refusal_is_said() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let browser = recorded(&world);
    assert_eq!(
        browser.run("return Notification.permission", json!([])),
        "default"
    );
    // A message was missed: the app offers, and asks nobody.
    browser.minimize();
    arrives(&world, &browser, &mut juliet, "Art thou there?", 1);
    browser.find("button", "Turn on notifications");
    assert_eq!(browser.run("return questions", json!([])), 0);
    browser.restore();
    browser.screenshot("notifications-offered");
    browser.permit("notifications", "denied");
    browser.find("button", "Turn on notifications").click();
    browser.status("The browser does not allow notifications here");
    assert_eq!(browser.run("return questions", json!([])), 1);
    browser.screenshot("notifications-refused");
    browser.run("location.hash = '#/settings'", json!([]));
    browser.find("switch", "Desktop notifications").click();
    browser.status("The browser does not allow it");
    wait_for("the switch to show what is", || {
        let switch = browser.find("switch", "Desktop notifications");
        (switch.run("return arguments[0].checked") == false).then_some(())
    });
}

#[test]
fn the_title_counts_what_is_unread() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let browser = world.logged_in("romeo");
    wait_for_title(&browser, "Waxwing");
    arrives(&world, &browser, &mut juliet, "one", 1);
    wait_for_title(&browser, "(1) Waxwing");
    arrives(&world, &browser, &mut juliet, "two", 2);
    wait_for_title(&browser, "(2) Waxwing");
    browser.find("link", "^juliet, 2 unread$").click();
    wait_for_title(&browser, "juliet · Waxwing");
}

/// Whether all notifications that were shown so far are closed.
fn wait_until_taken_back(browser: &Browser, count: usize) {
    assert_eq!(shown(browser).len(), count);
    wait_for("the notifications to be taken back", || {
        let open = browser.run("return shown.filter(n => !n.closed).length", json!([]));
        (open == 0).then_some(())
    });
}

#[test]
fn what_is_read_elsewhere_is_told_of_no_more() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    world.befriend("romeo", "mallory");
    let mut juliet = world.foreign("juliet");
    let browser = recorded(&world);
    turn_on(&browser, "granted");
    world.open(&browser, "mallory");
    let first = browser.tab();
    // In another tab.
    arrives(&world, &browser, &mut juliet, "one", 1);
    wait_for_notification(&browser, "juliet", "one");
    let told = 1;
    let second = browser.new_tab("about:blank");
    browser.resize(1440, 900);
    browser.before_documents(RECORD);
    browser.go(&world.site.url);
    browser.status("Online");
    // A tab has the keyboard when somebody does something there.
    browser.find("link", "^juliet, 1 unread$").click();
    world.hears(&browser, "one");
    browser.find("link", "^juliet$");
    browser.switch_to(&first);
    browser.find("link", "^juliet$");
    wait_until_taken_back(&browser, told);

    // Here: told once, by one of the tabs.
    browser.switch_to(&second);
    world.open(&browser, "mallory");
    browser.switch_to(&first);
    juliet.send(&world.address("romeo"), "two");
    browser.find("link", "^juliet, 1 unread$");
    let of_second = || {
        browser.switch_to(&second);
        let shown = shown(&browser).len();
        browser.switch_to(&first);
        shown
    };
    wait_for("the notification", || {
        (shown(&browser).len() + of_second() == told + 1).then_some(())
    });
    assert_eq!(shown(&browser).len() + of_second(), told + 1);
    browser.switch_to(&second);
    browser.close_tab();
    browser.switch_to(&first);
    browser.find("link", "^juliet, 1 unread$").click();
    world.hears(&browser, "two");
    let told = shown(&browser).len();
    wait_until_taken_back(&browser, told);

    // By an answer from another device.
    world.open(&browser, "mallory");
    let mut phone = world.foreign("romeo");
    arrives(&world, &browser, &mut juliet, "three", 1);
    wait_for_notification(&browser, "juliet", "three");
    phone.send(&world.address("juliet"), "I come");
    wait_until_taken_back(&browser, told + 1);
    browser.find("link", "^juliet$");
}
