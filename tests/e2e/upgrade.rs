//! An upgrade of the site while people use it: the newer build takes over from the older one.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use xtask::browser::wait_for;

use crate::hold;
use crate::world::World;

/// The site once more, as another build: another id, and other names for all that is named after its content.
fn another_build(dist: &Path) -> PathBuf {
    let names = files(dist);
    let hashes = names.iter().filter_map(|path| hash(path));
    let mut changes: Vec<(Vec<u8>, Vec<u8>)> = hashes
        .map(|hash| (hash.clone().into_bytes(), reversed(&hash).into_bytes()))
        .collect();
    let id = std::fs::read_to_string(xtask::paths::work().join("dist.build")).unwrap();
    changes.push((id.clone().into_bytes(), reversed(&id).into_bytes()));
    let other = xtask::paths::fresh("another-build");
    let mut changed = 0;
    for path in names {
        let mut bytes = std::fs::read(dist.join(&path)).unwrap();
        let mut name = path.to_str().unwrap().to_owned();
        for (from, to) in &changes {
            let count = replace(&mut bytes, from, to);
            changed += if *from == id.as_bytes() { count } else { 0 };
            name = name.replace(
                std::str::from_utf8(from).unwrap(),
                std::str::from_utf8(to).unwrap(),
            );
        }
        let target = other.join(name);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, bytes).unwrap();
    }
    assert!(changed >= 2, "the build's id stands in page and engine");
    other
}

/// Every file of the site as it is, without its compressed forms.
fn files(dist: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dist.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_none_or(|e| e != "br" && e != "gz") {
                found.push(path.strip_prefix(dist).unwrap().to_owned());
            }
        }
    }
    found
}

/// The sixteen hexadecimal digits in a file's name that stand for its content.
fn hash(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let mut parts = name.split(['-', '.', '_']);
    let part = parts.find(|part| part.len() == 16 && part.bytes().all(|b| b.is_ascii_hexdigit()));
    part.map(str::to_owned)
}

fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) -> usize {
    let mut count = 0;
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(from.len()).position(|w| w == from) {
        at += found;
        bytes[at..at + to.len()].copy_from_slice(to);
        at += to.len();
        count += 1;
    }
    count
}

#[test]
fn a_newer_build_takes_over_and_older_tabs_ask_to_be_reloaded() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    // No draft is kept by the way, as where the last keys come too late for the older engine.
    let browser = world.logged_in_after(
        "romeo",
        "for (const kind of ['blur', 'visibilitychange'])
           addEventListener(kind, event => event.stopImmediatePropagation(), true);
         const real = setTimeout;
         window.setTimeout = (call, time, ...more) => time === 700 ? 0 : real(call, time, ...more);",
    );
    world.open(&browser, "juliet");
    let old = browser.tab();
    let address = browser.call("GET", "/url", json!(null));
    let address = address.as_str().unwrap();
    // Made before the server is silent: it takes long.
    let newer = another_build(&xtask::paths::dist());
    // The server hears this, but confirms it to nobody before the newer build comes.
    world.server.freeze();
    world.says(&browser, "from the older build");
    browser.find("image", "Sending");
    let draft = browser.find("textbox", "Message");
    draft.enter("half a word");

    world.site.upgrade(&newer);
    let older = browser.workers("shared_worker");
    let new = browser.new_tab("about:blank");
    browser.resize(1440, 900);
    browser.go(address);
    wait_for("the older engine's end", || {
        let workers = browser.workers("shared_worker");
        (workers.len() == 1 && workers != older).then_some(())
    });
    world.server.thaw();
    browser.status("Online");
    world.hears(&browser, "from the older build");
    browser.find("image", "Sent");
    assert_eq!(world.sessions("romeo"), 1);
    assert_eq!(browser.find("textbox", "Message").value(), "");
    world.says(&browser, "from the newer build");
    browser.find("image", "Sent");

    browser.switch_to(&old);
    browser.find("heading", "There is a new version");
    browser.screenshot("other-build");
    // It stays so: nothing in this tab brings the older engine back.
    browser.switch_to(&new);
    world.says(&browser, "and again");
    assert_eq!(browser.workers("shared_worker").len(), 1);
    browser.switch_to(&old);
    browser.find("button", "Reload").click();
    browser.status("Online");
    wait_for("the draft", || {
        (browser.find("textbox", "Message").value() == "half a word").then_some(())
    });
    world.hears(&browser, "from the newer build");
    assert_eq!(browser.workers("shared_worker").len(), 1);
    assert_eq!(world.sessions("romeo"), 1);
    browser.find("textbox", "Message").enter(", and the rest");
    browser.find("button", "Send").click();
    world.hears(&browser, "half a word, and the rest");
    for body in [
        "from the older build",
        "from the newer build",
        "and again",
        "half a word, and the rest",
    ] {
        assert_eq!(world.articles_with(&browser, body).len(), 1, "{body}");
    }
    let is = |event: &Value, body: &str| event["event"] == "message" && event["body"] == body;
    let last = "half a word, and the rest";
    juliet.wait(last, |event| is(event, last));
    for body in ["from the older build", "from the newer build", "and again"] {
        assert_eq!(juliet.count(|event| is(event, body)), 1, "{body}");
    }
}

#[test]
fn an_older_tab_whose_engine_dies_after_an_upgrade_asks_to_be_reloaded() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let browser = world.logged_in("romeo");
    world.open(&browser, "juliet");
    let old = browser.tab();
    let address = browser.call("GET", "/url", json!(null));
    browser.find("textbox", "Message").enter("half a word");
    world.site.upgrade(&another_build(&xtask::paths::dist()));
    // The engine's files have no hash in their names: what is started now is the newer build's.
    browser.devtools("Network.clearBrowserCache", json!({}));
    assert_eq!(browser.kill_workers("shared_worker"), 1);
    browser.find("heading", "There is a new version");
    // That engine keeps no other from its work.
    browser.new_tab(address.as_str().unwrap());
    browser.status("Online");
    browser.switch_to(&old);
    browser.find("button", "Reload").click();
    browser.status("Online");
    wait_for("the draft", || {
        (browser.find("textbox", "Message").value() == "half a word").then_some(())
    });
}

#[test]
fn a_text_whose_message_the_older_engine_could_not_store_is_sent_once_and_is_no_draft() {
    let world = World::new();
    let (browser, mut juliet) = world.conversation();
    world.says(&browser, "of old");
    browser.find("image", "Sent");
    let old = browser.tab();
    let address = browser.call("GET", "/url", json!(null));

    hold::writing(&browser);
    let field = browser.find("textbox", "Message");
    field.enter("in between");
    browser.find("button", "Send").click();
    assert_eq!(field.value(), "in between", "it is not stored");
    world.site.upgrade(&another_build(&xtask::paths::dist()));
    let new = browser.new_tab("about:blank");
    browser.resize(1440, 900);
    browser.go(address.as_str().unwrap());
    browser.switch_to(&old);
    browser.find("heading", "There is a new version");
    hold::let_go(&browser);
    browser.find("button", "Reload").click();
    browser.status("Online");
    world.hears(&browser, "in between");
    browser.gone("image", "Sending");
    let check = |tab: &str| {
        browser.switch_to(tab);
        world.hears(&browser, "in between");
        assert_eq!(world.articles_with(&browser, "in between").len(), 1);
        assert_eq!(browser.find("textbox", "Message").value(), "");
    };
    check(&new);
    check(&old);
    world.says(&browser, "the end");
    browser.gone("image", "Sending");
    browser.reload();
    browser.status("Online");
    check(&old);
    let is = |event: &Value, body: &str| event["event"] == "message" && event["body"] == body;
    juliet.wait("the end", |event| is(event, "the end"));
    assert_eq!(juliet.count(|event| is(event, "in between")), 1);
}
