//! One hour of chatter, a hundred thousand messages: what the engine holds stays bounded.
//!
//! The allocator counts. What lies on the disk is no concern of memory: this disk forgets all but the newest.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt;
use support::{Stage, address, send};
use waxwing::boundary::command::{AccountCommand, Anchor, Command};
use waxwing::store::{Batch, Depot, Op};

/// The system's allocator, and how much it gave.
struct Counted;

static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all is left to the system's allocator; beside that, a number is kept.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as whoever called promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as whoever called promised.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

const SECONDS: usize = 3_600;
const MESSAGES: usize = 100_000;
/// With so many people.
const PEOPLE: usize = 50;
/// So many messages of each are left on the disk.
const KEPT: usize = 60;
/// By how much the last quarter of the hour may hold more than the one before, in KiB.
const MOST: usize = 128;

fn peer(number: usize) -> String {
    match number % PEOPLE {
        0 => "juliet@example.org".to_owned(),
        number => format!("mallory{number}@example.org"),
    }
}

/// A message comes.
fn hear(stage: &Stage, number: usize) {
    stage.server.deliver(&format!(
        "<message xmlns='jabber:client' from='{}/x' to='romeo@example.org' type='chat' id='m{number}'>\
         <body>This is message {number}, and it says nothing else.</body><origin-id xmlns='urn:xmpp:sid:0' id='o{number}'/>\
         <stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.org' id='a{number}'/></message>",
        peer(number)
    ));
}

/// The disk forgets, and so does all that belongs to the test.
fn forget(stage: &mut Stage) {
    let store = stage
        .disk
        .open(stage.account)
        .now_or_never()
        .unwrap()
        .unwrap();
    for number in 0..PEOPLE {
        let peer = address(&peer(number));
        let messages = stage.disk.messages_of(stage.account, peer.clone());
        let old = messages.len().saturating_sub(KEPT);
        let ops = messages[..old]
            .iter()
            .map(|message| Op::RemoveMessage(peer.clone(), message.id))
            .collect();
        store.commit(Batch { ops }).now_or_never().unwrap().unwrap();
    }
    drop(stage.world.take_held());
    for page in &mut stage.pages {
        page.changes = Vec::new();
    }
    stage.server.frames = Vec::new();
    stage.server.received = Vec::new();
}

#[test]
fn an_hour_of_chatter_leaves_memory_bounded() {
    let mut stage = Stage::online();
    stage.watch(0, Anchor::Newest, 30);
    let mut said = 0;
    let mut held = Vec::new();
    for second in 0..SECONDS {
        while said < (second + 1) * MESSAGES / SECONDS {
            said += 1;
            if said % 20 == 0 {
                let command = Command::Account(stage.account, send(&format!("And I say {said}.")));
                stage.pages[0].page.wish(0, command);
            } else {
                hear(&stage, said);
            }
        }
        stage.pass(Duration::from_millis(1_000));
        if let Some(read) = stage.pages[0].window.items.last() {
            let read = AccountCommand::mark_read(read);
            let command = Command::Account(stage.account, read);
            stage.pages[0].page.wish(0, command);
        }
        if second % 60 == 59 {
            forget(&mut stage);
            held.push(HELD.load(Ordering::Relaxed) / 1024);
        }
    }
    assert_eq!(said, MESSAGES);
    let tenth: Vec<_> = held.iter().skip(9).step_by(10).collect();
    println!("held after 10, 20 … 60 minutes, KiB: {tenth:?}");
    // It goes up and down by itself: what was seen lately is remembered in two halves, and the older one goes as a whole.
    let least = |minutes: std::ops::Range<usize>| held[minutes].iter().min().copied().unwrap();
    assert!(least(45..60) <= least(30..45) + MOST, "it grows: {held:?}");
}
