//! Texts: settings, and logging out.

/// Texts: settings, and logging out.
pub struct Settings {}
