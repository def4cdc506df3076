//! The client: accounts, their drive loops, and the ports to the outside world.

pub mod backoff;
pub mod discovery;
pub mod endpoint;
pub mod idle;
pub mod ports;
