//! English: the list of conversations.

use crate::ui::i18n::conversations::Conversations;

pub const CONVERSATIONS: Conversations = Conversations {};
