//! One site below two paths of one origin: two engines of one build, and one database.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::Value;
use xtask::browser::{Browser, wait_for};

use crate::world::World;

/// The site at the top, and once more below `two/`.
fn twice(dist: &Path) -> PathBuf {
    let both = xtask::paths::fresh("two-paths");
    std::fs::create_dir_all(&both).unwrap();
    for entry in std::fs::read_dir(dist).unwrap() {
        let path = entry.unwrap().path();
        symlink(&path, both.join(path.file_name().unwrap())).unwrap();
    }
    symlink(dist, both.join("two")).unwrap();
    both
}

fn wait_for_one_engine(browser: &Browser, other_than: &[String]) -> Vec<String> {
    wait_for("the other engine's end", || {
        let workers = browser.workers("shared_worker");
        (workers.len() == 1 && workers != other_than).then_some(workers)
    })
}

#[test]
fn who_opens_the_other_one_uses_it_there_and_nothing_is_lost_or_doubled() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    world.site.upgrade(&twice(&xtask::paths::dist()));
    let browser = world.logged_in("romeo");
    world.open(&browser, "juliet");
    let first = browser.tab();
    let of_first = browser.workers("shared_worker");
    // The server hears this, but confirms it to nobody before the other engine is there.
    world.server.freeze();
    world.says(&browser, "from the first path");
    browser.find("image", "Sending");

    let second = browser.new_tab("about:blank");
    browser.resize(1440, 900);
    browser.go(&format!("{}two/", world.site.url));
    let of_second = wait_for_one_engine(&browser, &of_first);
    world.server.thaw();
    browser.status("Online");
    world.open(&browser, "juliet");
    world.hears(&browser, "from the first path");
    browser.find("image", "Sent");
    assert_eq!(world.sessions("romeo"), 1);

    browser.switch_to(&first);
    browser.find("heading", "Waxwing is open in another tab");
    browser.screenshot("other-path");
    // It stays so: nothing in this tab brings its engine back.
    browser.switch_to(&second);
    world.says(&browser, "from the second path");
    browser.find("image", "Sent");
    assert_eq!(browser.workers("shared_worker"), of_second);

    browser.switch_to(&first);
    browser.find("button", "Use it here").click();
    wait_for_one_engine(&browser, &of_second);
    browser.status("Online");
    world.hears(&browser, "from the second path");
    world.says(&browser, "from the first path again");
    assert_eq!(world.sessions("romeo"), 1);
    browser.switch_to(&second);
    browser.find("heading", "Waxwing is open in another tab");
    assert_eq!(browser.workers("shared_worker").len(), 1);

    let is = |event: &Value, body: &str| event["event"] == "message" && event["body"] == body;
    let last = "from the first path again";
    juliet.wait(last, |event| is(event, last));
    for body in ["from the first path", "from the second path"] {
        assert_eq!(juliet.count(|event| is(event, body)), 1, "{body}");
    }
}
