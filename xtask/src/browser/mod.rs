//! A real browser, driven as a person would: for the end-to-end tests and the benchmarks.
//!
//! What is waited for in vain fails by a panic that says what was on the page: these are the hands of tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod page;
mod webdriver;

pub use page::{Element, wait_for};
pub use webdriver::{Browser, Driver};
