//! Texts: the frame: connection, navigation, shortcuts.

/// Texts: the frame: connection, navigation, shortcuts.
pub struct Shell {}
