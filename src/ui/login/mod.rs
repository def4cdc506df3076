//! Logging in.

mod check;
pub mod page;
pub mod password;
