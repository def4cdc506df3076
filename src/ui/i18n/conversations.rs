//! Texts: the list of conversations.

/// Texts: the list of conversations.
pub struct Conversations {}
