//! The built site in a real browser, against a real server, with a foreign client as the other person.
//!
//! Everything is found as people and assistive technology find it: by role and accessible name (`UI.md`).
//! The site must be built before: `cargo xtask test` does so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod world;

mod attention;
mod chaos;
mod chat;
mod deadly;
mod devices;
mod disk;
mod engine;
mod engine_start;
mod failures;
mod fast;
mod faults;
mod first_paint;
mod gaps;
mod hold;
mod late_disk;
mod links;
mod login;
mod not_kept;
mod people;
mod settings;
mod site;
mod tabs;
mod two_paths;
mod upgrade;
mod writing;
