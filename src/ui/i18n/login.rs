//! Texts: logging in.

use super::Fill;

/// Texts: logging in.
#[allow(missing_docs)]
pub struct Login {
    pub tagline: &'static str,
    pub log_in: &'static str,
    pub logging_in: &'static str,
    pub address: &'static str,
    pub address_example: &'static str,
    pub password: &'static str,
    pub show_password: &'static str,
    pub stay: &'static str,
    pub stay_hint: &'static str,
    pub create_account: &'static str,
    pub guest: &'static str,
    pub connection_settings: &'static str,
    pub websocket: &'static str,
    pub websocket_hint: &'static str,
    pub optional: &'static str,
    pub help: &'static str,
    pub privacy: &'static str,
    pub password_reset: &'static str,
    /// What it means to log in though the server offers only weaker ways than before.
    pub weaker_means: &'static str,
    pub all_the_same: &'static str,
    pub interrupted: &'static str,
    pub password_missing: &'static str,
    /// Why an address that came with a link is not used: whose it is.
    pub foreign_host: Fill,
    /// Asks for the password of the account named.
    pub password_again: Fill,
}
