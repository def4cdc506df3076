//! The engine that does not even start: the page says so, tries again, and gives up in plain words.

use serde_json::json;
use xtask::browser::{Browser, wait_for};

use crate::world::World;

/// Waits until there is an engine's worker, and ends it.
fn kill_engine(browser: &Browser) {
    wait_for("the engine's worker", || {
        (browser.kill_workers("shared_worker") > 0).then_some(())
    });
}

#[test]
fn an_engine_that_dies_before_its_first_word_is_started_again() {
    let world = World::new();
    let browser = world.logged_in("romeo");
    world.site.hold("engine_bg.wasm");
    browser.devtools("Network.clearBrowserCache", json!({}));
    browser.reload();
    crate::world::program(&browser);
    browser.status("Connecting");
    kill_engine(&browser);
    browser.status("starting again");
    world.site.release();
    browser.status("Online");
}

#[test]
fn an_engine_whose_file_is_missing_is_tried_again_and_then_given_up() {
    for end in ["engine_bg.wasm", "engine.js", "engine-loader.js"] {
        let world = World::new();
        world.site.lose(end);
        let browser = world.browser();
        browser.find("heading", "Waxwing could not start");
        browser.screenshot(&format!("engine-missing-{end}"));
        world.site.find();
        browser.find("button", "Retry").click();
        browser.find("form", "Log in");
        world.log_in(&browser, "romeo", crate::world::PASSWORD);
        browser.status("Online");
    }
}

#[test]
fn a_dedicated_engine_that_cannot_be_loaded_is_tried_again() {
    let world = World::new();
    world.site.lose("engine-loader.js");
    let browser = world.browser_after("en-US", "delete window.SharedWorker;");
    browser.find("heading", "Waxwing could not start");
    world.site.find();
    browser.find("button", "Retry").click();
    browser.find("form", "Log in");
    world.log_in(&browser, "romeo", crate::world::PASSWORD);
    browser.status("Online");
}
