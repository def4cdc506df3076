//! The client: accounts, their drive loops, and the ports to the outside world.
//!
//! [`client::Client`] hears the pages and keeps the accounts; each account is a task of its own
//! (`account/`), driven by its inbox; what both tell the pages goes through the hub.

mod account;
mod agent;
pub mod backoff;
pub mod breaker;
#[expect(
    clippy::module_inception,
    reason = "the file is named after what it holds"
)]
pub mod client;
mod commands;
mod device;
pub mod discovery;
pub mod disk;
pub mod fallback;
mod farewell;
mod hub;
pub mod idle;
mod json;
pub mod link;
pub mod log;
mod login;
pub mod merge;
pub mod notify;
pub mod places;
pub mod ports;
pub mod redact;
mod registration;
pub mod retirement;
pub mod reunion;
pub mod room;
mod shut;
pub mod wire;

pub use client::Client;
