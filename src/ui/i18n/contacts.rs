//! Texts: the list of contacts, and requests.

use super::{Fill, Fill2};

/// Texts: the list of contacts, and requests.
#[allow(missing_docs)]
pub struct Contacts {
    pub contacts: &'static str,
    pub no_group: &'static str,
    /// How many of a group are online, and how many there are.
    pub of: Fill2,
    pub empty_title: &'static str,
    pub empty_text: &'static str,
    pub add_contact: &'static str,
    pub nobody_found: &'static str,

    pub online: &'static str,
    pub free_to_chat: &'static str,
    pub away: &'static str,
    pub extended_away: &'static str,
    pub do_not_disturb: &'static str,
    pub offline: &'static str,
    pub unknown: &'static str,
    /// The availability, and what they say or when they were seen.
    pub said: Fill2,
    pub last_seen: Fill,
    pub asked: &'static str,

    pub requests: &'static str,
    pub request_means: Fill,
    pub accept: &'static str,
    pub decline: &'static str,

    pub address: &'static str,
    pub name: &'static str,
    pub group: &'static str,
    pub optional: &'static str,
    pub add_to_contacts: &'static str,
    pub adding_means: &'static str,
    pub start: &'static str,
}
