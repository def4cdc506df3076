//! Texts: desktop notifications.

/// Texts: desktop notifications.
pub struct Notify {}
