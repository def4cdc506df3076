//! Texts: the list of contacts, and requests.

/// Texts: the list of contacts, and requests.
pub struct Contacts {}
