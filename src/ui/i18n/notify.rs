//! Texts: desktop notifications.

/// Texts: desktop notifications.
#[allow(missing_docs)]
pub struct Notify {
    pub offer: &'static str,
    pub turn_on: &'static str,
    pub not_now: &'static str,
    pub refused: &'static str,
    /// Instead of what was written, where that is not to be shown.
    pub new_message: &'static str,
}
