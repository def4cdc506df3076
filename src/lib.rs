//! Waxwing: an XMPP client that runs wholly in the web browser.
//!
//! Two programs in one package, and one way through them:
//!
//! ```text
//!             page (one per tab)                          engine (one per browser, in a SharedWorker)
//!  ┌─────────────────────────────────────┐      ┌────────────────────────────────────────────────────────────┐
//!  │ view ── Command ───────────────────────────▶ client ──▶ feature ──▶ stanza ──▶ stream ──▶ socket text    │
//!  │   ▲                                 │      │                                                             │
//!  │ signals ◀── Change ◀──────────────────────── model ◀── Event ◀── feature ◀── stanza ◀── stream ◀── socket │
//!  └─────────────────────────────────────┘      │                  └──▶ store::Batch ──▶ IndexedDB            │
//!                                               └────────────────────────────────────────────────────────────┘
//! ```
//!
//! - **Event**: a fact, in our vocabulary, never a stanza. Inside the engine only.
//! - **Command**: a wish of the user. Page → engine.
//! - **Change**: a difference that the view understands. Engine → page.
//!
//! There is one engine for one database. Pages learn of its death by a Web Lock that it holds, and start it anew; an
//! engine of another build makes it end its sessions in order, and takes its place (`platform::web::succession`).
//!
//! The modules below stand in reading order; each may import only those above it
//! (`tests/architecture.rs` reads the imports and fails on a breach). Begin with
//! [`boundary::command`] and [`boundary::change`].
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::unreachable,
        missing_docs
    )
)]

// `view!` says `::waxwing`, here and in tests.
extern crate self as waxwing;

pub mod unicode;

pub mod entity;

pub mod boundary;

pub mod event;

pub mod xmpp;

pub mod store;

pub mod model;

pub mod client;

pub mod platform;

pub mod ui;
