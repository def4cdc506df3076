//! Texts: the details of a contact.

/// Texts: the details of a contact.
pub struct Profile {}
