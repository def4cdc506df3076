//! What crosses between a page and the engine: commands one way, changes the other. Nothing else does.
//!
//! **Invariant:** two builds never talk to each other: the handshake carries the build's id.

pub mod change;
pub mod codec;
pub mod command;
pub mod deadly;
