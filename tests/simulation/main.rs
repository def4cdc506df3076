//! The simulation: our whole client on several devices, against a reference server, through a bad network; at the end
//! nothing is lost, nothing is there twice, and everybody agrees.
//!
//! One seed is one run. `WAXWING_SEED` plays one again, with all that happened; `WAXWING_SIMULATION` sets how many are
//! played (`cargo xtask soak simulation`: 100,000), from `WAXWING_FIRST` on, or from one that is printed, and
//! `WAXWING_FAILURES` after how many failures it ends.
//!
//! | file | what it does |
//! |---|---|
//! | `plan.rs` | what happens in a run, drawn from the seed |
//! | `acts.rs` | how it happens |
//! | `world.rs`, `net.rs` | time, devices, network |
//! | `device.rs`, `page.rs` | a browser, and the person before it |
//! | `faults.rs` | an engine that dies at any output; timers that are late |
//! | `server/` | the reference server: its record is the truth |
//! | `oracle.rs` | what must hold, while it runs and at the end |
//! | `planted.rs` | known bugs, which the oracle has to see |
//! | `storm.rs` | a thousand clients after one restart |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

mod acts;
mod device;
mod dice;
mod faults;
mod net;
mod oracle;
mod page;
mod plan;
mod planted;
mod run;
mod server;
mod storm;
#[path = "../support/mod.rs"]
mod support;
mod world;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use plan::Plan;
use run::Failure;

/// How many seeds are played.
const SEEDS: u64 = 1_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|word| word.parse().expect(name))
}

#[test]
fn nothing_is_lost_and_nothing_is_there_twice() {
    if let Some(seed) = number("WAXWING_SEED") {
        if let Err(failure) = run::play_plan(&Plan::new(seed), None, true) {
            explain(seed, &failure);
        }
        return;
    }
    // The tests play the same seeds each time; who plays more plays others.
    let count = number("WAXWING_SIMULATION");
    let others = || RandomState::new().hash_one(count) >> 16;
    let first = number("WAXWING_FIRST").unwrap_or_else(|| count.map_or(1, |_| others()));
    let count = count.unwrap_or(SEEDS);
    println!("seeds from {first} on");
    let next = AtomicU64::new(first);
    let failed: Mutex<Vec<u64>> = Mutex::default();
    let (messages, acts) = (AtomicU64::new(0), AtomicU64::new(0));
    let many = number("WAXWING_FAILURES").unwrap_or(1);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count || failed.lock().unwrap().len() as u64 >= many {
                        return;
                    }
                    match run::play(seed, None) {
                        Ok(tally) => {
                            messages.fetch_add(tally.messages as u64, Ordering::Relaxed);
                            acts.fetch_add(tally.acts as u64, Ordering::Relaxed);
                        }
                        Err(failure) => {
                            println!("seed {seed}: {}", failure.what);
                            failed.lock().unwrap().push(seed);
                        }
                    }
                }
            });
        }
    });
    println!(
        "seeds {first} to {}: {} happenings, {} messages in archives",
        first + count - 1,
        acts.into_inner(),
        messages.into_inner()
    );
    if let Some(seed) = failed.into_inner().unwrap().into_iter().min() {
        let failure = run::play_plan(&Plan::new(seed), None, true).expect_err("it fails again");
        explain(seed, &failure);
    }
}

/// Leaves out what does not matter, shows what happened, and fails.
fn explain(seed: u64, failure: &Failure) -> ! {
    let mut plan = Plan::new(seed);
    let mut failure = Failure {
        what: failure.what.clone(),
        trace: failure.trace.clone(),
    };
    let mut at = 0;
    while at < plan.acts.len() {
        let mut less = plan.clone();
        let (before, ..) = less.acts.remove(at);
        if let Some((next, ..)) = less.acts.get_mut(at) {
            *next += before;
        }
        match run::play_plan(&less, None, true) {
            Err(again) => (plan, failure) = (less, again),
            Ok(_) => at += 1,
        }
    }
    println!("{}", failure.trace.join("\n"));
    println!("{:#?}", plan.rules);
    println!("{:?}", plan.machines);
    for (before, act, _) in &plan.acts {
        println!("{before:?} later {act:?}");
    }
    panic!("WAXWING_SEED={seed}: {}", failure.what);
}
