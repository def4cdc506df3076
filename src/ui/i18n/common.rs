//! Texts: what is said everywhere: buttons, days, states.

/// Texts: what is said everywhere: buttons, days, states.
#[allow(missing_docs)]
pub struct Common {
    pub today: &'static str,
    pub yesterday: &'static str,
    pub back: &'static str,
    pub cancel: &'static str,
    pub close: &'static str,
    pub save: &'static str,
    pub retry: &'static str,
    pub loading: &'static str,
    /// `{0}`, then its state: "Juliet, 2 unread".
    pub and: super::Fill2,
}
