//! Simplified Chinese: the details of a contact.

use crate::ui::i18n::profile::Profile;

pub const PROFILE: Profile = Profile {};
