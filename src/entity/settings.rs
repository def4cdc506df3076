//! The user's settings on this device.

use serde::{Deserialize, Serialize};

/// All settings.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Colours. They are stored by their place in this list: a new one comes last.
    pub theme: Theme,
    /// A BCP 47 tag (`en`, `zh-CN`); none follows the browser.
    pub language: Option<String>,
    /// Show desktop notifications.
    pub notifications: bool,
    /// Say in a notification what was written.
    pub notification_preview: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            language: None,
            notifications: false,
            notification_preview: true,
        }
    }
}

/// One setting, as somebody chooses it: what is chosen at the same time elsewhere, in another tab, stays.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Setting {
    /// See [`Settings::theme`].
    Theme(Theme),
    /// See [`Settings::language`].
    Language(Option<String>),
    /// See [`Settings::notifications`].
    Notifications(bool),
    /// See [`Settings::notification_preview`].
    NotificationPreview(bool),
}

impl Settings {
    /// Changes one of them.
    pub fn set(&mut self, setting: Setting) {
        match setting {
            Setting::Theme(theme) => self.theme = theme,
            Setting::Language(language) => self.language = language,
            Setting::Notifications(on) => self.notifications = on,
            Setting::NotificationPreview(on) => self.notification_preview = on,
        }
    }
}

/// Colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// High contrast.
    Contrast,
}
