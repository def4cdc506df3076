//! The frame in hand, where `public/engine-loader.js` finds it when the engine has trapped.
//!
//! **Invariant:** [`address`] and [`length`] touch nothing but two numbers: they can be called in an engine that is in
//! the middle of something, and has no stack left.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::client::ports::Witness;

static ADDRESS: AtomicUsize = AtomicUsize::new(0);
static LENGTH: AtomicUsize = AtomicUsize::new(0);

/// The one witness of a worker.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebWitness;

impl Witness for WebWitness {
    fn hold(&self, frame: &str) {
        ADDRESS.store(frame.as_ptr().addr(), Ordering::Relaxed);
        LENGTH.store(frame.len(), Ordering::Relaxed);
    }

    fn let_go(&self) {
        LENGTH.store(0, Ordering::Relaxed);
    }
}

/// Where in memory the frame in hand begins.
#[must_use]
pub fn address() -> usize {
    ADDRESS.load(Ordering::Relaxed)
}

/// How many bytes of UTF-8 the frame in hand has; nought if there is none.
#[must_use]
pub fn length() -> usize {
    LENGTH.load(Ordering::Relaxed)
}
