//! The page's side: the way to the engine, and what the browser tells of the person in front of it.

pub mod deaths;
pub mod engine;
pub mod person;
