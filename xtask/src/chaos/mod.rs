//! Chaos in the real browser: romeo and juliet at browsers of their own and mallory at a foreign client write numbered
//! messages to each other, while their networks, their server, their pages and their engines fail as a seed says.
//!
//! The truth is read by a client that shares no code with the app: from all three archives of the server and from what
//! mallory was told. Every place, and what both browsers show from the first message to the last, must hold every message
//! once, and each sender's in order.
//!
//! **Invariant:** what a run does is drawn from its seed alone. What is drawn is the same each time; when the processes get
//! there is not.
// A run that cannot go on fails as a test does. What is said here holds in the modules below.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod act;
mod count;
pub mod kills;
mod oracle;
mod play;
mod report;
mod seat;
mod stage;

use std::time::{SystemTime, UNIX_EPOCH};

pub use oracle::{Flaw, Kind};
pub use play::play;
pub use report::Report;

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    Prosody,
    Ejabberd,
}

/// How a run is to be.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub server: Server,
    pub seed: u64,
    /// How many messages the two at browsers write to each other, each of them.
    pub each: usize,
    /// How many messages go between mallory and each of them, in each direction.
    pub foreign: usize,
    pub cuts: usize,
}

/// A new seed, unless one is asked for. See [`seed_or`].
#[must_use]
pub fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let drawn = now.map_or(0, |since| since.subsec_nanos() ^ since.as_secs() as u32);
    seed_or(u64::from(drawn))
}

/// The seed that is asked for by `WAXWING_SEED`, or that one. It is printed.
#[must_use]
pub fn seed_or(usual: u64) -> u64 {
    let given = std::env::var("WAXWING_SEED").ok();
    let seed = given.and_then(|text| text.parse().ok()).unwrap_or(usual);
    println!("seed {seed} (WAXWING_SEED={seed} plays it again)");
    seed
}
