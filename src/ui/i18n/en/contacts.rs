//! English: the list of contacts, and requests.

use crate::ui::i18n::contacts::Contacts;

pub const CONTACTS: Contacts = Contacts {};
