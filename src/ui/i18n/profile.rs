//! Texts: the details of a contact.

use super::Fill;

/// Texts: the details of a contact.
#[allow(missing_docs)]
pub struct Profile {
    pub details: &'static str,
    pub edit: &'static str,
    pub groups: &'static str,
    pub groups_hint: &'static str,
    pub devices: &'static str,
    pub presence: &'static str,
    pub both: &'static str,
    pub to: &'static str,
    pub from: &'static str,
    pub none: &'static str,
    pub asked: &'static str,
    pub no_contact: &'static str,
    pub add: &'static str,
    pub ask: &'static str,
    pub hide: &'static str,
    pub remove: &'static str,
    pub remove_title: Fill,
    pub remove_means: &'static str,
}
