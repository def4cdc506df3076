//! Texts: messages.

/// Texts: messages.
pub struct Timeline {}
