//! The ports made of a browser: for the engine, in a worker.

pub mod indexed_db;
pub mod timer;
