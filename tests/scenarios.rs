//! Whole scenarios: what a person does and sees, from the page through the client to the server and back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

#[path = "scenarios/alive.rs"]
mod alive;
#[path = "scenarios/catch_up.rs"]
mod catch_up;
#[path = "scenarios/clock.rs"]
mod clock;
#[path = "scenarios/connection.rs"]
mod connection;
#[path = "scenarios/damage.rs"]
mod damage;
#[path = "scenarios/dates.rs"]
mod dates;
#[path = "scenarios/deaths.rs"]
mod deaths;
#[path = "scenarios/disk.rs"]
mod disk;
#[path = "scenarios/displayed.rs"]
mod displayed;
#[path = "scenarios/fast.rs"]
mod fast;
#[path = "scenarios/gaps.rs"]
mod gaps;
#[path = "scenarios/late_disk.rs"]
mod late_disk;
#[path = "scenarios/login.rs"]
mod login;
#[path = "scenarios/matrix.rs"]
mod matrix;
#[path = "scenarios/messages.rs"]
mod messages;
#[path = "scenarios/pages.rs"]
mod pages;
#[path = "scenarios/refused.rs"]
mod refused;
#[path = "scenarios/simulated.rs"]
mod simulated;
#[path = "scenarios/succession.rs"]
mod succession;
