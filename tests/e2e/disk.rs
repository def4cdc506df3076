//! What a browser does to what it keeps for us, and people go on: it is full, removed, held back, or killed with the browser.

use serde_json::{Value, json};
use xtask::browser::{Browser, Element, wait_for};
use xtask::foreign::Foreign;

use crate::hold;
use crate::world::{PASSWORD, World, program};

/// The functions of the scripts below.
const TOOLS: &str = "
    const done = request => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const finished = transaction => new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });";

/// Fills up what the browser grants, to the last byte.
const FILL: &str = "
    const open = indexedDB.open('filler', 1);
    open.onupgradeneeded = () => open.result.createObjectStore('filler', {autoIncrement: true});
    const database = await done(open);
    for (let size = 1 << 18; size >= 1; size >>= 2) {
      for (let count = 0; count < 64; count++) {
        const bytes = new Uint8Array(size);
        for (let at = 0; at < size; at += 65536) {
          crypto.getRandomValues(bytes.subarray(at, Math.min(size, at + 65536)));
        }
        try {
          const transaction = database.transaction('filler', 'readwrite');
          transaction.objectStore('filler').put(bytes);
          await finished(transaction);
        } catch (error) {
          if (error?.name !== 'QuotaExceededError') throw error;
          break;
        }
      }
    }
    database.close();";

fn alert(browser: &Browser) -> Option<String> {
    browser.all("alert", "^").first().map(Element::text)
}

fn wait_for_alert(browser: &Browser, words: &str) {
    wait_for(&format!("a word on the disk: {words}"), || {
        alert(browser)?.contains(words).then_some(())
    });
}

/// It is tried ever more rarely.
fn wait_until_well(browser: &Browser) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(90);
    while alert(browser).is_some() {
        assert!(
            std::time::Instant::now() < deadline,
            "nobody looks after the disk"
        );
    }
}

fn is(event: &Value, body: &str) -> bool {
    event["event"] == "message" && event["body"] == body
}

fn came_once(person: &mut Foreign, bodies: &[&str]) {
    for body in bodies {
        wait_for(body, || {
            (person.count(|event| is(event, body)) > 0).then_some(())
        });
        assert_eq!(person.count(|event| is(event, body)), 1, "{body}");
    }
}

/// Each is shown, once.
fn shows(world: &World, browser: &Browser, bodies: &[&str]) {
    for body in bodies {
        world.hears(browser, body);
        assert_eq!(world.articles_with(browser, body).len(), 1, "{body}");
    }
}

fn origin(world: &World) -> String {
    world.site.url.trim_end_matches('/').to_owned()
}

// F37
#[test]
fn a_full_disk_leaves_people_to_talk_and_gets_what_it_missed() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let browser = world.browser();
    let quota = |bytes: Value| {
        let mut parameters = json!({"origin": origin(&world)});
        if !bytes.is_null() {
            parameters["quotaSize"] = bytes;
        }
        browser.devtools("Storage.overrideQuotaForOrigin", parameters);
    };
    // Before anything is stored: the browser does not look again for a while.
    quota(json!(2_000_000));
    browser.find("checkbox", "Stay logged in").click();
    world.log_in(&browser, "romeo", PASSWORD);
    browser.status("Online");
    world.open(&browser, "juliet");
    world.says(&browser, "there is room");
    browser.find("image", "Sent");

    browser.run_async(&format!("{TOOLS}{FILL}"), json!([]));
    world.says(&browser, "there is none");
    wait_for_alert(&browser, "no space left");
    browser.screenshot("disk-full");
    juliet.send(&world.address("romeo"), "and yet I speak");
    world.hears(&browser, "and yet I speak");
    world.says(&browser, "and I");
    browser.gone("image", "Sending");
    let all = ["there is room", "there is none", "and yet I speak", "and I"];
    shows(&world, &browser, &all);

    // There is room again.
    quota(Value::Null);
    browser.run_async(
        &format!("{TOOLS} await done(indexedDB.deleteDatabase('filler'));"),
        json!([]),
    );
    wait_until_well(&browser);
    world.says(&browser, "all is well");
    browser.gone("image", "Sending");
    world.server.freeze();
    assert_eq!(browser.kill_workers("shared_worker"), 1);
    browser.reload();
    // From the disk alone.
    shows(&world, &browser, &all);
    shows(&world, &browser, &["all is well"]);
    world.server.thaw();
    browser.status("Online");
    came_once(
        &mut juliet,
        &["there is room", "there is none", "and I", "all is well"],
    );
}

/// Whoever removes what is stored is not held up; people go on, and what the server has is shown; what is removed stays so.
fn removed_underneath(remove: impl Fn(&World, &Browser)) {
    let world = World::new();
    for friend in ["juliet", "mallory"] {
        world.befriend("romeo", friend);
    }
    let mut juliet = world.foreign("juliet");
    let mut mallory = world.foreign("mallory");
    let browser = world.logged_in("romeo");
    world.open(&browser, "mallory");
    mallory.send(&world.address("romeo"), "of old");
    world.hears(&browser, "of old");
    world.open(&browser, "juliet");
    world.says(&browser, "before");
    browser.find("image", "Sent");
    let before = databases(&browser);
    assert!(before.len() >= 2, "{before:?}");

    remove(&world, &browser);
    world.says(&browser, "after");
    wait_for_alert(&browser, "keep anything");
    browser.screenshot("disk-removed");
    juliet.send(&world.address("romeo"), "I am here");
    shows(&world, &browser, &["before", "after", "I am here"]);
    browser.gone("image", "Sending");
    // What nobody looked at comes from the server.
    world.open(&browser, "mallory");
    shows(&world, &browser, &["of old"]);
    assert!(
        !databases(&browser).iter().any(|name| before.contains(name)),
        "made anew"
    );
    came_once(&mut juliet, &["before", "after"]);

    // The next engine knows nobody, and begins as the first one did.
    assert_eq!(browser.kill_workers("shared_worker"), 1);
    browser.reload();
    let stay = browser.find("checkbox", "Stay logged in");
    stay.click();
    world.log_in(&browser, "romeo", PASSWORD);
    browser.status("Online");
    world.open(&browser, "juliet");
    shows(&world, &browser, &["before", "after", "I am here"]);
    assert_eq!(alert(&browser), None);
}

fn databases(browser: &Browser) -> Vec<String> {
    let names = browser.run_async(
        "return (await indexedDB.databases()).map(database => database.name)",
        json!([]),
    );
    let names = names.as_array().cloned().unwrap_or_default();
    names
        .iter()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

// F40
#[test]
fn what_a_page_removes_underneath_stays_removed_and_people_go_on() {
    removed_underneath(|_, browser| {
        let remove = "for (const {name} of await indexedDB.databases()) {
            await done(indexedDB.deleteDatabase(name));
        }";
        browser.run_async(&format!("{TOOLS}{remove}"), json!([]));
    });
}

// F40
#[test]
fn what_the_browser_clears_away_stays_away_and_people_go_on() {
    removed_underneath(|world, browser| {
        browser.devtools(
            "Storage.clearDataForOrigin",
            json!({"origin": origin(world), "storageTypes": "indexeddb"}),
        );
    });
}

/// Juliet has written one, two and three, and romeo looks at them.
fn three(world: &World) -> (Browser, Foreign) {
    let (browser, mut juliet) = world.conversation();
    for body in ["one", "two", "three"] {
        juliet.send(&world.address("romeo"), body);
        world.hears(&browser, body);
    }
    (browser, juliet)
}

/// The engine dies, and the next one finds what a script has made of the store.
fn come_back_after(browser: &Browser, damage: &str) {
    browser.run_async(&format!("{TOOLS}{damage}"), json!([]));
    assert_eq!(browser.kill_workers("shared_worker"), 1);
    browser.reload();
    browser.status("Online");
}

// F40
#[test]
fn a_damaged_store_shows_no_white_page_and_all_that_can_be_read() {
    let world = World::new();
    let (browser, mut juliet) = three(&world);
    // A byte of everything is another one now; of the account it is one of a version to come.
    let damage = "
        for (const {name} of await indexedDB.databases()) {
          const database = await done(indexedDB.open(name));
          for (const table of database.objectStoreNames) {
            const rows = database.transaction(table, 'readwrite').objectStore(table);
            for (const key of await done(rows.getAllKeys())) {
              const row = await done(rows.get(key));
              const bytes = row?.v ?? row;
              if (!(bytes instanceof Uint8Array) || table === 'accounts') continue;
              bytes[0] = table === 'caps' ? 200 : 1;
              bytes[bytes.length - 1] ^= 0xff;
              await done(rows.put(row, key));
            }
          }
          database.close();
        }";
    come_back_after(&browser, damage);
    juliet.send(&world.address("romeo"), "four");
    world.open(&browser, "juliet");
    shows(&world, &browser, &["one", "two", "three", "four"]);
    world.says(&browser, "it goes on");
    came_once(&mut juliet, &["it goes on"]);
}

// F40
#[test]
fn a_message_whose_record_is_damaged_comes_back_from_the_server() {
    let world = World::new();
    let (browser, _juliet) = three(&world);
    let damage = "
        for (const {name} of await indexedDB.databases()) {
          const database = await done(indexedDB.open(name));
          if (database.objectStoreNames.contains('messages')) {
            const table = database.transaction('messages', 'readwrite').objectStore('messages');
            const keys = await done(table.getAllKeys());
            const rows = [];
            for (const key of keys) rows.push([await done(table.get(key)), key]);
            rows.sort(([a], [b]) => indexedDB.cmp(a.p, b.p));
            const [row, key] = rows[1];
            row.v = new Uint8Array([1, 0xff, 0xff, 0xff]);
            await done(table.put(row, key));
          }
          database.close();
        }";
    come_back_after(&browser, damage);
    world.open(&browser, "juliet");
    shows(&world, &browser, &["one", "two", "three"]);
}

// F27
#[test]
fn a_browser_that_is_killed_has_everything_that_was_shown() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let mut browser = world.logged_in("romeo");
    world.open(&browser, "juliet");
    let mut all = Vec::new();
    for round in 0..3 {
        let heard = format!("juliet in round {round}");
        juliet.send(&world.address("romeo"), &heard);
        world.hears(&browser, &heard);
        // Two of ours: one that the server has, and one that it has not confirmed.
        let sent = format!("sent in round {round}");
        world.says(&browser, &sent);
        browser.gone("image", "Sending");
        world.server.freeze();
        let in_doubt = format!("in doubt in round {round}");
        world.says(&browser, &in_doubt);
        all.extend([heard, sent, in_doubt]);
        let profile = browser.kill();
        browser = world.driver.browser_on(profile, "en-US", &[]);
        browser.resize(1440, 900);
        browser.go(&world.site.url);
        world.open(&browser, "juliet");
        let bodies: Vec<&str> = all.iter().map(String::as_str).collect();
        // From the disk alone.
        shows(&world, &browser, &bodies);
        browser.find("image", "Sending");
        world.server.thaw();
        browser.status("Online");
        browser.gone("image", "Sending");
        shows(&world, &browser, &bodies);
    }
    let ours: Vec<&str> = all
        .iter()
        .map(String::as_str)
        .filter(|body| !body.starts_with("juliet"))
        .collect();
    came_once(&mut juliet, &ours);
}

// F39
#[test]
fn a_browser_that_opens_no_database_is_known_in_time_and_people_talk() {
    let world = World::new();
    world.befriend("romeo", "juliet");
    let mut juliet = world.foreign("juliet");
    let browser = world.driver.browser("en-US");
    browser.resize(1440, 900);
    // Whoever opens it waits for this one, which never comes to its end.
    browser.go(&format!("{}icon.svg", world.site.url));
    browser.run_async(
        "await new Promise((held, failed) => {
           const request = indexedDB.open('waxwing', 1000);
           request.onerror = () => { window.isFree = true; };
           request.onupgradeneeded = () => {
             const table = request.result.createObjectStore('held');
             const hold = () => {
               if (window.letGo) request.transaction.abort();
               else table.get('nothing').onsuccess = hold;
             };
             hold();
             held();
           };
         });",
        json!([]),
    );
    let holder = browser.tab();
    let tab = browser.new_tab("about:blank");
    browser.resize(1440, 900);
    browser.go(&world.site.url);
    program(&browser);
    let start = std::time::Instant::now();
    wait_for_alert(&browser, "keep anything");
    let waited = start.elapsed();
    assert!(waited < std::time::Duration::from_secs(6), "{waited:?}");
    browser.find("checkbox", "Stay logged in").click();
    world.log_in(&browser, "romeo", PASSWORD);
    browser.status("Online");
    world.open(&browser, "juliet");
    world.says(&browser, "no disk, and yet");
    browser.gone("image", "Sending");
    juliet.send(&world.address("romeo"), "I hear thee");
    world.hears(&browser, "I hear thee");
    came_once(&mut juliet, &["no disk, and yet"]);

    // It opens after all: what came until then is kept.
    browser.switch_to(&holder);
    hold::free(&browser);
    browser.switch_to(&tab);
    wait_until_well(&browser);
    browser.status("Online");
    let all = ["no disk, and yet", "I hear thee"];
    shows(&world, &browser, &all);
    world.server.freeze();
    assert_eq!(browser.kill_workers("shared_worker"), 1);
    browser.reload();
    shows(&world, &browser, &all);
    world.server.thaw();
    browser.status("Online");
    came_once(&mut juliet, &["no disk, and yet"]);
}
