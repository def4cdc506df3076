//! Simplified Chinese: the frame: connection, navigation, shortcuts.

use crate::ui::i18n::shell::Shell;

pub const SHELL: Shell = Shell {};
