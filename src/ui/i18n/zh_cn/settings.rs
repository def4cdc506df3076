//! Simplified Chinese: settings, and logging out.

use crate::ui::i18n::settings::Settings;

pub const SETTINGS: Settings = Settings {};
