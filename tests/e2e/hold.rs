//! Databases that somebody else holds: a window that writes there and comes to no end, or one that upgrades them.

use serde_json::json;
use xtask::browser::{Browser, wait_for};

/// Whoever commits to the account's database waits.
const WRITING: &str = "
    const names = (await indexedDB.databases()).map(database => database.name);
    const name = names.find(name => name.startsWith('waxwing-'));
    await new Promise((held, failed) => {
      const request = indexedDB.open(name);
      request.onerror = () => failed(request.error);
      request.onsuccess = () => {
        const tables = request.result.objectStoreNames;
        const table = request.result.transaction(tables, 'readwrite').objectStore(tables[0]);
        const hold = () => {
          if (!window.letGo) table.get('nothing').onsuccess = hold;
          held();
        };
        table.get('nothing').onsuccess = hold;
      };
    });";

/// Whoever opens the database waits, of which one table is given. Ends as if nothing had been.
const UPGRADING: &str = "
    const names = (await indexedDB.databases()).map(database => database.name);
    const name = names.find(name => name.startsWith('waxwing-') === (arguments[0] === 'meta'));
    await new Promise((held, failed) => {
      const request = indexedDB.open(name, 1000);
      request.onerror = () => { window.isFree = true; };
      request.onblocked = () => failed('nobody lets go');
      request.onupgradeneeded = () => {
        const table = request.transaction.objectStore(arguments[0]);
        const hold = () => {
          if (window.letGo) {
            request.transaction.abort();
          } else {
            table.get('nothing').onsuccess = hold;
          }
        };
        hold();
        held();
      };
    });";

/// Nothing that the account stores is stored, until this page lets go or is gone.
pub fn writing(browser: &Browser) {
    browser.run_async(WRITING, json!([]));
}

/// The account's database cannot be opened.
pub fn account(browser: &Browser) {
    browser.run_async(UPGRADING, json!(["meta"]));
}

/// The device's own database cannot be opened.
pub fn device(browser: &Browser) {
    browser.run_async(UPGRADING, json!(["accounts"]));
}

/// Ends it.
pub fn let_go(browser: &Browser) {
    browser.run("window.letGo = true", json!([]));
}

/// Ends what kept others from opening a database, and waits until it is free.
pub fn free(browser: &Browser) {
    let_go(browser);
    wait_for("the database", || {
        let free = browser.run("return window.isFree === true", json!([]));
        (free == json!(true)).then_some(())
    });
}
