//! The set-up commands of Waxwing, and what its tests start: real servers and the built site.
//!
//! A library, so that `tests/servers` and `tests/e2e` use the same servers as `cargo xtask demo`:
//!
//! ```no_run
//! use xtask::prosody::{Options, Prosody};
//!
//! # fn main() -> xtask::Result<()> {
//! let mut server = Prosody::start(Options::default())?;
//! server.register("romeo", "secret")?;
//! assert!(server.ws_url().starts_with("ws://localhost:"));
//! server.restart()?;
//! # Ok(())
//! # }
//! ```
//!
//! **Invariant:** whatever is started here ends when its handle is dropped, and when this process dies (see
//! [`process`]).
// A command line tool speaks through standard output.
#![allow(clippy::print_stdout)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

pub mod bench;
pub mod browser;
pub mod chaos;
pub mod demo;
pub mod ejabberd;
pub mod error;
pub mod fault;
pub mod foreign;
pub mod install;
pub mod net;
pub mod paths;
pub mod process;
pub mod prosody;
pub mod serve;
pub mod server;
pub mod site;
pub mod soak;
pub mod test;
pub mod tool;

pub use error::{Error, Result};
