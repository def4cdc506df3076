//! Texts: logging in.

/// Texts: logging in.
pub struct Login {}
