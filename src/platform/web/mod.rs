//! The ports made of a browser: for the engine, in a worker; and for the page, the way to the engine.

pub mod lock;
pub mod page;
