//! English: the frame: connection, navigation, shortcuts.

use crate::ui::i18n::shell::Shell;
use crate::ui::i18n::{Count, Fill, Locale};

pub const SHELL: Shell = Shell {
    navigation: "Main",
    accounts: "Accounts",
    details: "Details",

    network: "Network",
    online: "Online",
    connecting: "Connecting…",
    retry_in: Count {
        locale: Locale::En,
        one: "Offline, retrying in {} s",
        other: "Offline, retrying in {} s",
    },
    offline: "Offline",
    retry_now: "Retry now",
    changed_on_purpose: "If the server was changed on purpose, log out and log in again.",
    connect: "Connect",
    restarting: "Waxwing stopped and is starting again. Nothing is lost.",

    nothing_open: "Choose a conversation",
    nothing_open_hint: "Or begin a new one.",
    opening: "Opening…",
    not_opened: "This conversation cannot be opened.",
    no_such_account: Fill("You are not logged in as {}."),
    link_wrong: "This link is not understood.",
    link_room: "Rooms are not supported yet",
    link_room_hint: Fill("This link leads to the room {}. Waxwing cannot enter rooms so far."),
    to_the_lists: "Back to the conversations",

    reload: "Reload",
    other_build: "There is a new version",
    other_build_hint: "Another version of Waxwing is running in this browser. Reload this tab; if that does not help, reload or close the other ones.",
    other_tab: "Waxwing is open in another tab",
    other_tab_hint: "It cannot run here at the same time. Go on there, or use it here instead.",
    use_here: "Use it here",
    engine_failed: "Waxwing could not start",
    engine_failed_hint: "A part of it could not be loaded or run. Check the network and try again.",

    config_wrong: "This site’s configuration has a mistake",
    config_hint: "Whoever runs this site must mend config.json:",
    config_file: "the whole file",
    config_object: "must be an object ({ … }) in JSON",
    config_text: "must be a text",
    config_bool: "must be true or false",
    config_texts: "must be a list of texts",
    config_one_of: Fill("must be one of: {}"),
    config_domain: "must be a domain such as example.org",
    config_websocket: "must be an address that begins with wss:// (or with ws:// on this very machine)",
    config_link: "must be a link that begins with https:// or mailto:, or a file of this site",
    config_nothing: "is not known; check the spelling",
    config_served: "could not be fetched; a site without one must answer 404",

    shortcuts: "Keyboard shortcuts",
    shortcut_send: "Send the message",
    shortcut_line: "Begin a new line",
    shortcut_edit: "Edit your last message",
    shortcut_jump: "Jump to a conversation",
    shortcut_back: "Back, close",
    shortcut_move: "Previous or next conversation",
    shortcut_list: "This list",
};
