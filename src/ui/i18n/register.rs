//! Texts: making an account.

use super::Fill;

/// Texts: making an account.
#[allow(missing_docs)]
pub struct Register {
    pub server: &'static str,
    pub server_hint: &'static str,
    pub next: &'static str,
    /// The account named was made.
    pub made: Fill,
    pub have_account: &'static str,
    pub username: &'static str,
    pub email: &'static str,
    pub full_name: &'static str,
    pub elsewhere: &'static str,
    pub open_page: &'static str,
    pub strength: &'static str,
    pub very_weak: &'static str,
    pub weak: &'static str,
    pub fair: &'static str,
    pub good: &'static str,
    pub strong: &'static str,
}
