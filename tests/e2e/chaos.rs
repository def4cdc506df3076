//! Everything fails, one after the other, and nothing is lost: a short run of what `cargo xtask soak chaos` does for long.
// The seed and the counts are for whoever reads the log of a run that failed.
#![allow(clippy::print_stdout)]

use xtask::chaos::{Options, Server, kills, play, seed_or};

/// The same for all: `cargo xtask soak` draws others.
const SEED: u64 = 1;

fn nothing_is_lost_or_doubled(server: Server) {
    let options = Options {
        server,
        seed: seed_or(SEED),
        each: 90,
        foreign: 30,
        cuts: 30,
    };
    let report = play(options).unwrap();
    println!("{report}");
    assert_eq!((report.messages, report.places), (300, 11));
    assert!(report.flaws.is_empty(), "{report}");
}

#[test]
fn nothing_is_lost_or_doubled_on_prosody() {
    nothing_is_lost_or_doubled(Server::Prosody);
}

#[test]
fn nothing_is_lost_or_doubled_on_ejabberd() {
    nothing_is_lost_or_doubled(Server::Ejabberd);
}

#[test]
fn what_was_shown_before_its_page_was_killed_is_sent_exactly_once() {
    let report = kills::play(Server::Prosody, seed_or(SEED), 8).unwrap();
    println!("{report}");
    assert!(report.flaws.is_empty(), "{report}");
}
