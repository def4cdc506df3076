//! Waxwing: an XMPP client that runs wholly in the web browser.
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
