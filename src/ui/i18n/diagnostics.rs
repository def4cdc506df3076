//! Texts: diagnostics: connection, log, XML console.

/// Texts: diagnostics: connection, log, XML console.
pub struct Diagnostics {}
