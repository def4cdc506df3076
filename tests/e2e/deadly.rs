//! A frame that kills the engine: it comes again, and must not kill each engine after it.

use std::path::PathBuf;

use serde_json::json;
use xtask::browser::{Browser, wait_for};

use crate::engine::{LISTEN, said};
use crate::world::World;

/// What makes an engine trap whose loader has it: to store something, with a certain frame in hand.
const PLANTED: &str = r#"
{
  const transaction = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (...all) {
    if (self.inHandForTest()?.includes("poison")) {
      const error = new WebAssembly.RuntimeError("planted");
      self.dispatchEvent(new ErrorEvent("error", { error }));
      throw error;
    }
    return transaction.apply(this, all);
  };
}
"#;

/// The site, with an engine that dies of messages that contain "poison".
fn mortal_site() -> PathBuf {
    let dist = xtask::paths::dist();
    let other = xtask::paths::fresh("mortal-site");
    std::fs::create_dir_all(&other).unwrap();
    for entry in std::fs::read_dir(&dist).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.starts_with("engine-loader.js") {
            std::fs::copy(&path, other.join(name)).unwrap();
        }
    }
    let loader = std::fs::read_to_string(dist.join("engine-loader.js")).unwrap();
    let here = "const inHand = ";
    assert!(loader.contains(here));
    let loader = loader.replace(here, "const inHand = self.inHandForTest = ") + PLANTED;
    std::fs::write(other.join("engine-loader.js"), loader).unwrap();
    other
}

/// Whether there is an engine, and it is online.
const ONLINE: &str = "const said = [...document.querySelectorAll('[role=status]')].map(status => status.textContent).join();
    return /Online/.test(said) && !/starting again|Connecting/.test(said)";

/// The fingerprints that the page remembers, one for each death.
fn prints(browser: &Browser) -> Vec<String> {
    let known = browser.run("return localStorage['waxwing.deadly'] ?? ''", json!([]));
    let deaths = known.as_str().unwrap_or_default().split(' ').skip(1);
    let prints = deaths.filter_map(|death| Some(death.split_once(':')?.1.to_owned()));
    prints.collect()
}

#[test]
fn a_message_that_kills_the_engine_is_skipped_and_all_others_come() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    world.site.upgrade(&mortal_site());
    let mut juliet = world.foreign("juliet");
    let browser = world.logged_in("romeo");
    world.open(&browser, "juliet");
    let romeo = world.address("romeo");
    juliet.send(&romeo, "bread");
    world.hears(&browser, "bread");
    // Each of them has its own ids, as one that comes again from the archive has. The archive itself gets none: an engine
    // of this kind stores a page with the end of the page in hand, and lives.
    let mut poison = |id: u32| {
        juliet.raw(&format!(
            "<message to='{romeo}' type='chat' id='p{id}'><body>poison</body><no-store xmlns='urn:xmpp:hints'/></message>"
        ));
    };
    for deaths in [1, 2] {
        browser.run(LISTEN, json!([]));
        poison(deaths);
        wait_for("a death of that frame", || {
            let prints = prints(&browser);
            (prints.len() == deaths as usize && prints.iter().all(|print| *print == prints[0]))
                .then_some(())
        });
        // What the page said before that death is no sign of another engine.
        wait_for("the page to say that the engine died", || {
            said(&browser).contains("starting again").then_some(())
        });
        wait_for("another engine", || {
            (browser.run(ONLINE, json!([])) == json!(true)).then_some(())
        });
    }
    poison(3);
    juliet.send(&romeo, "honey");
    world.hears(&browser, "honey");
    assert_eq!(prints(&browser).len(), 2, "nobody died any more");
    browser.status("Online");
    world.hears(&browser, "bread");
    assert!(world.articles_with(&browser, "poison").is_empty());
    // It lives on, and after a reload, too.
    world.says(&browser, "I am well");
    browser.find("image", "Sent");
    browser.reload();
    browser.status("Online");
    world.hears(&browser, "honey");
    assert!(world.articles_with(&browser, "poison").is_empty());
}
