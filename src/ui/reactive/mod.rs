//! The mirror: what the engine told this page, as keyed rows of signals.
//!
//! **Invariant:** a row changes alone. Who shows one row follows that row's signal; who shows a list follows the
//! order of its keys; only sums look at all rows.

pub mod few;
pub mod model;
pub mod order;
pub mod rows;
pub mod window;
