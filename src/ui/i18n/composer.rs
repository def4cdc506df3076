//! Texts: writing, and the emoji picker.

/// Texts: writing, and the emoji picker.
pub struct Composer {}
