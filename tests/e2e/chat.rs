//! Two people talk: one here, one in a foreign client.

use crate::world::{PASSWORD, World};

#[test]
fn two_people_talk_and_a_reload_shows_it_all_again() {
    let world = World::new();
    let (browser, mut juliet) = world.conversation();

    juliet.send(&world.address("romeo"), "Wherefore art thou?");
    world.hears(&browser, "Wherefore art thou?");
    world.says(&browser, "Call me but love.");
    juliet.hears("Call me but love.");
    // The server has it.
    browser.find("image", "Sent");

    browser.reload();
    world.hears(&browser, "Wherefore art thou?");
    world.hears(&browser, "Call me but love.");
}

#[test]
fn unread_messages_are_counted_and_a_line_marks_the_first() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let browser = world.logged_in("romeo");
    for line in ["one", "two", "three"] {
        juliet.send(&world.address("romeo"), line);
    }
    browser.find("link", "^juliet, 3 unread$").click();
    world.hears(&browser, "three");
    browser.find("separator", "New messages");
    // Seen: no longer counted.
    browser.find("link", "^juliet$");
}

/// Leaves the conversation as soon as a message with this text is drawn.
const LEAVE: &str = "
const [text, elsewhere] = arguments;
const leaving = new MutationObserver(() => {
  if (document.querySelector('[role=log]')?.textContent.includes(text)) {
    leaving.disconnect();
    location.hash = elsewhere;
  }
});
leaving.observe(document.body, { subtree: true, childList: true, characterData: true });";

#[test]
fn what_was_seen_last_counts_although_one_leaves_at_once() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    world.befriend("romeo", "mallory");
    let mut juliet = world.foreign("juliet");
    let browser = world.logged_in("romeo");
    let elsewhere = format!("#/{}/{}", world.address("romeo"), world.address("mallory"));
    // What is seen is told now and then: it must not depend on when that was last.
    for round in 0..4 {
        world.open(&browser, "juliet");
        browser.find("heading", "juliet");
        let last = format!("the last of {round}");
        browser.run(LEAVE, serde_json::json!([last, elsewhere]));
        for line in 0..20 {
            juliet.send(&world.address("romeo"), &format!("{line} of {round}"));
        }
        juliet.send(&world.address("romeo"), &last);
        browser.find("heading", "mallory");
        browser.find("link", "^juliet$");
    }
    browser.reload();
    browser.status("Online");
    browser.find("link", "^juliet$");
    // Nothing was left uncounted, either: what comes now is the first.
    juliet.send(&world.address("romeo"), "Art thou gone so?");
    browser.find("link", "^juliet, 1 unread$");
}

#[test]
fn the_text_not_sent_yet_survives_a_reload() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let browser = world.logged_in("romeo");
    world.open(&browser, "juliet");
    let composer = browser.find("textbox", "Message");
    composer.enter("But soft! What light");
    // Leaving the page keeps it.
    browser.reload();
    browser.status("Online");
    xtask::browser::wait_for("the draft", || {
        (browser.find("textbox", "Message").value() == "But soft! What light").then_some(())
    });
}

#[test]
fn what_others_write_is_text_and_never_markup() {
    let world = World::new();
    let (browser, mut juliet) = world.conversation();
    let hostile = [
        "<img src=x onerror=alert(1)> <svg/onload=alert(1)>",
        "\"><script>document.title='owned'</script>",
        "http://www.opkode.com/\"onmouseover=\"alert(1)\"whatever",
        "javascript:alert(1) data:text/html,<b>x</b>",
        "*<b>bold</b>* _<i>_ `<u>` ~</p>~",
    ];
    for body in hostile {
        juliet.send(&world.address("romeo"), body);
    }
    juliet.send(&world.address("romeo"), "the last one");
    world.hears(&browser, "the last one");
    for body in hostile {
        assert!(
            !world.articles_with(&browser, body).is_empty(),
            "{body} is not there as text"
        );
    }
    let strange = browser.run(
        "return [...document.querySelectorAll('[role=log] *')]
           .filter(e => ['IMG', 'SCRIPT', 'IFRAME', 'B', 'I', 'U', 'OBJECT'].includes(e.tagName)
             || (e.tagName === 'A' && !/^(https?|xmpp|mailto|geo):/.test(e.href))
             || [...e.attributes].some(a => a.name.startsWith('on')))
           .map(e => e.outerHTML);",
        serde_json::json!([]),
    );
    assert_eq!(strange, serde_json::json!([]));
    assert!(browser.call("GET", "/title", serde_json::json!(null)) != "owned");
}

#[test]
fn two_tabs_show_the_same_on_one_connection_and_both_send() {
    let world = World::new();
    let (browser, mut juliet) = world.conversation();
    let first = browser.tab();
    let address = browser.call("GET", "/url", serde_json::json!(null));
    let second = browser.new_tab(address.as_str().unwrap());
    browser.status("Online");
    world.says(&browser, "from the second tab");
    juliet.hears("from the second tab");
    browser.switch_to(&first);
    world.hears(&browser, "from the second tab");
    world.says(&browser, "from the first tab");
    juliet.hears("from the first tab");
    browser.switch_to(&second);
    world.hears(&browser, "from the first tab");
    // One session of this browser: the server knows of one resource.
    assert_eq!(world.sessions("romeo"), 1);
}

#[test]
fn a_server_that_comes_back_is_found_again_and_nothing_is_lost() {
    let mut world = World::new();
    world.befriend("romeo", "juliet");
    let browser = world.logged_in("romeo");
    world.open(&browser, "juliet");
    world.server.kill();
    browser.status("Offline");
    // Written while there is no connection; kept, and shown as what it is.
    world.says(&browser, "written offline");
    browser.find("image", "Sending");
    world.server.restart().unwrap();
    // It tries by itself, too.
    if let Some(retry) = browser.all("button", "Retry now").first() {
        retry.click_if_there();
    }
    browser.status("Online");
    browser.find("image", "Sent");
    let mut juliet = world.foreign("juliet");
    juliet.hears("written offline");
}

#[test]
fn the_last_conversation_is_readable_without_any_network() {
    let mut world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let browser = world.browser();
    let stay = browser.find("checkbox", "Stay logged in");
    stay.click();
    world.log_in(&browser, "romeo", PASSWORD);
    browser.status("Online");
    world.open(&browser, "juliet");
    juliet.send(&world.address("romeo"), "keep this");
    world.hears(&browser, "keep this");
    world.server.kill();
    browser.status("Offline");
    browser.reload();
    world.hears(&browser, "keep this");
}
