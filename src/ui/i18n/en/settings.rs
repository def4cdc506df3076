//! English: settings, and logging out.

use crate::ui::i18n::settings::Settings;

pub const SETTINGS: Settings = Settings {
    settings: "Settings",
    availability: "Availability",
    invisible: "Appear offline",
    status: "Status",
    status_hint: "A few words that your contacts see.",
    log_out: "Log out",
    log_out_means: "The keys that let you in without the password are removed from this browser.",
    erase: "Also remove all messages from this browser",
    appearance: "Appearance",
    theme: "Colours",
    as_system: "As the system",
    light: "Light",
    dark: "Dark",
    contrast: "High contrast",
    language: "Language",
    as_browser: "As the browser",
    notifications: "Notifications",
    desktop_notifications: "Desktop notifications",
    desktop_notifications_hint: "When somebody writes and you are not looking.",
    notifications_refused: "The browser does not allow it. Allow notifications for this page in the browser's settings.",
    preview: "Show what was written",
    preview_hint: "Otherwise only who wrote.",
    help: "Help",
    diagnostics: "Diagnostics",
    diagnostics_hint: "State of the connection, log, XML console.",
};
