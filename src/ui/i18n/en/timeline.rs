//! English: messages.

use crate::ui::i18n::timeline::Timeline;
use crate::ui::i18n::{Count, Locale};

pub const TIMELINE: Timeline = Timeline {
    messages: "Messages",
    you: "You",
    new_messages: "New messages",
    sending: "Sending",
    sent: "Sent",
    delivered: "Delivered",
    read: "Read",
    failed: "Failed",
    delayed: "Waiting",
    delayed_hint: "The server asks for a pause. It is sent again by itself.",
    perhaps_arrived: "It may have arrived all the same.",
    delete: "Delete",
    show_more: "Show more",
    gap: "Some messages are missing here.",
    beginning: "The conversation begins here.",
    empty: "No messages yet",
    empty_hint: "Say hello: what you write appears here.",
    jump: "Jump to the newest message",
    unread: Count {
        locale: Locale::En,
        one: "{} unread",
        other: "{} unread",
    },
};
