//! The client: accounts, their drive loops, and the ports to the outside world.

pub mod ports;
