//! The client: accounts, their drive loops, and the ports to the outside world.

pub mod backoff;
pub mod discovery;
pub mod endpoint;
pub mod fallback;
mod hub;
pub mod idle;
pub mod link;
pub mod log;
pub mod merge;
pub mod notify;
pub mod ports;
pub mod redact;
pub mod wire;
