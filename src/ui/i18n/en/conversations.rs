//! English: the list of conversations.

use crate::ui::i18n::conversations::Conversations;
use crate::ui::i18n::{Count, Locale};

pub const CONVERSATIONS: Conversations = Conversations {
    conversations: "Conversations",
    new_conversation: "New conversation",
    settings: "Settings",
    search: "Search",
    lists: "Lists",
    draft: "Draft:",
    you: "You: ",
    unread: Count {
        locale: Locale::En,
        one: "{} unread",
        other: "{} unread",
    },
    nothing_found: "Nothing found.",
    empty_title: "No conversations yet",
    empty_text: "Write to somebody: all you need is their XMPP address.",
    start_one: "Start a conversation",
};
