//! A token in place of the password (XEP-0484), in a real browser: kept, used by the next engine, and given back.

use xtask::browser::wait_for;
use xtask::prosody::Options;

use crate::world::World;

#[test]
fn who_comes_back_is_let_in_by_a_token_and_leaves_none_behind() {
    let modules = ["sasl2", "sasl2_bind2", "sasl2_sm", "sasl2_fast"];
    let world = World::with(Options::default().with_sasl2(&modules));
    let browser = world.logged_in("romeo");
    let record = world.server.record("fast_tokens", "romeo", "dat");
    let read = || std::fs::read_to_string(&record).unwrap_or_default();
    // mod_sasl2_fast: a token is new until it is used.
    wait_for("a token", || read().contains("-new").then_some(()));
    assert!(!read().contains("-cur"));

    assert_eq!(browser.kill_workers("shared_worker"), 1);
    wait_for("its use", || read().contains("-cur").then_some(()));
    browser.status("Online");
    world.open(&browser, "juliet");
    world.says(&browser, "let in");
    browser.find("image", "Sent");

    world.log_out(&browser, false);
    wait_for("its end", || {
        (!read().contains("secret-token")).then_some(())
    });
}
