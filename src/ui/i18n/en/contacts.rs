//! English: the list of contacts, and requests.

use crate::ui::i18n::contacts::Contacts;
use crate::ui::i18n::{Fill, Fill2};

pub const CONTACTS: Contacts = Contacts {
    contacts: "Contacts",
    no_group: "No group",
    of: Fill2("{0} of {1}"),
    empty_title: "No contacts yet",
    empty_text: "Add people by their XMPP address, and you see when they are online.",
    add_contact: "Add a contact",
    nobody_found: "Nobody found.",

    online: "Online",
    free_to_chat: "Free to chat",
    away: "Away",
    extended_away: "Away for long",
    do_not_disturb: "Do not disturb",
    offline: "Offline",
    unknown: "Presence unknown",
    said: Fill2("{0} · {1}"),
    last_seen: Fill("last seen {}"),
    asked: "Has not accepted yet",

    requests: "Requests",
    request_means: Fill("{} wants to see when you are online."),
    accept: "Accept",
    decline: "Decline",

    address: "XMPP address",
    name: "Name",
    group: "Group",
    optional: "(optional)",
    add_to_contacts: "Add to my contacts",
    adding_means: "They are asked to let you see when they are online, and they may then see when you are.",
    start: "Start",
};
