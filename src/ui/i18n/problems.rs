//! Texts: what went wrong, and what to do about it.

use super::Fill;

/// What happened, and what to do next.
#[derive(Clone, Copy)]
pub struct Advice {
    /// What happened: a sentence.
    pub what: &'static str,
    /// What to do: a sentence; empty where nothing can be done.
    pub next: &'static str,
}

/// Texts: what went wrong, and what to do about it. `{}` stands for what is named in the comment.
#[allow(missing_docs)]
pub struct Problems {
    /// Before words that are the server's.
    pub server_says: &'static str,
    /// A defined condition of the protocol.
    pub condition: Fill,

    pub invalid_address: Advice,
    pub insecure_websocket: Advice,
    pub invalid_websocket: Advice,
    /// The one server that is allowed.
    pub server_not_allowed: Advice,
    /// The domain.
    pub server_not_found: Advice,
    /// The URL.
    pub not_xmpp: Advice,
    pub connection_lost: Advice,
    pub no_network: Advice,
    pub timeout: Advice,

    pub wrong_password: Advice,
    pub account_disabled: Advice,
    pub credentials_expired: Advice,
    pub password_needed: Advice,
    pub password_lost: Advice,
    /// What the server offers.
    pub no_common_mechanism: Advice,
    pub downgrade: Advice,
    pub offer_tampered: Advice,
    pub server_not_authentic: Advice,
    pub encryption_required: Advice,
    pub temporary_auth_failure: Advice,
    pub password_not_allowed: Advice,
    pub auth_failed: Advice,
    pub already_logged_in: Advice,

    pub system_shutdown: Advice,
    pub conflict: Advice,
    pub policy_violation: Advice,
    pub server_full: Advice,
    /// The domain.
    pub host_unknown: Advice,
    /// Where to.
    pub unsafe_redirect: Advice,
    pub stream_error: Advice,

    pub offline: Advice,
    pub refused: Advice,
    pub remote_server_unreachable: Advice,
    pub no_such_contact: Advice,
    pub too_long: Advice,
    pub unsupported: Advice,

    pub registration_closed: Advice,
    pub name_taken: Advice,
    pub too_fast: Advice,
    pub not_acceptable: Advice,

    pub no_storage: Advice,
    pub storage_full: Advice,
    pub not_removed: Advice,
    pub left_behind: Advice,
    pub fruitless: Advice,
    pub internal: Advice,
}
