//! English: writing, and the emoji picker.

use crate::ui::i18n::composer::Composer;

pub const COMPOSER: Composer = Composer {
    message: "Message",
    placeholder: "Write a message",
    send: "Send",
    emoji: "Emoji",

    search: "Search emoji",
    nothing_found: "No emoji of that name",
    recent: "Recently used",
    groups: [
        "Smileys",
        "People",
        "Animals and nature",
        "Food and drink",
        "Travel and places",
        "Activities",
        "Objects",
        "Symbols",
        "Flags",
    ],
    no_emoji: "The list of emoji could not be loaded.",
};
