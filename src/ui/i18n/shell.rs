//! Texts: the frame: connection, navigation, shortcuts.

use super::{Count, Fill};

/// Texts: the frame: connection, navigation, shortcuts.
#[allow(missing_docs)]
pub struct Shell {
    pub navigation: &'static str,
    pub accounts: &'static str,
    pub details: &'static str,

    pub network: &'static str,
    pub online: &'static str,
    pub connecting: &'static str,
    pub retry_in: Count,
    pub offline: &'static str,
    pub retry_now: &'static str,
    /// What to do where the server became weaker on purpose.
    pub changed_on_purpose: &'static str,
    pub connect: &'static str,
    pub restarting: &'static str,
    /// The address of the account, then its state, where there are several accounts.
    pub nothing_open: &'static str,
    pub nothing_open_hint: &'static str,
    pub opening: &'static str,
    pub not_opened: &'static str,
    pub no_such_account: Fill,
    /// The title of what is no `xmpp:` link.
    pub link_wrong: &'static str,
    /// The title of a link to a room.
    pub link_room: &'static str,
    /// More about it; the address of the room.
    pub link_room_hint: Fill,
    pub to_the_lists: &'static str,

    pub reload: &'static str,
    pub other_build: &'static str,
    pub other_build_hint: &'static str,
    pub other_tab: &'static str,
    pub other_tab_hint: &'static str,
    pub use_here: &'static str,
    pub engine_failed: &'static str,
    pub engine_failed_hint: &'static str,

    pub config_wrong: &'static str,
    pub config_hint: &'static str,
    pub config_file: &'static str,
    pub config_object: &'static str,
    pub config_text: &'static str,
    pub config_bool: &'static str,
    pub config_texts: &'static str,
    /// The words, with commas.
    pub config_one_of: Fill,
    pub config_domain: &'static str,
    pub config_websocket: &'static str,
    pub config_link: &'static str,
    pub config_nothing: &'static str,
    pub config_served: &'static str,

    pub shortcuts: &'static str,
    pub shortcut_send: &'static str,
    pub shortcut_line: &'static str,
    pub shortcut_edit: &'static str,
    pub shortcut_jump: &'static str,
    pub shortcut_back: &'static str,
    pub shortcut_move: &'static str,
    pub shortcut_list: &'static str,
}
