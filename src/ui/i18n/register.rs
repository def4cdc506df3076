//! Texts: making an account.

/// Texts: making an account.
pub struct Register {}
