//! English: messages.

use crate::ui::i18n::timeline::Timeline;
use crate::ui::i18n::{Count, Fill2, Locale};

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
    gap: "Messages may be missing here.",
    gap_load: "Load missing messages",
    gap_loading: "Loading missing messages…",
    gap_filled: "The missing messages are here now.",
    gap_lost: "Messages may be missing here: the server does not have them.",
    beginning: "The conversation begins here.",
    empty: "No messages yet",
    empty_hint: "Say hello: what you write appears here.",
    jump: "Jump to the newest message",
    to_date: "Jump to date…",
    date: "Date",
    show: "Show",
    other_day: Fill2("No messages on {0}. The next ones: {1}."),
    no_later_day: "There are no messages on that day or after it.",
    no_date: "Choose a day up to today.",
    unread: Count {
        locale: Locale::En,
        one: "{} unread",
        other: "{} unread",
    },
};
