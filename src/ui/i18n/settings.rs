//! Texts: settings, and logging out.

/// Texts: settings, and logging out.
#[allow(missing_docs)]
pub struct Settings {
    pub settings: &'static str,
    pub availability: &'static str,
    pub invisible: &'static str,
    pub status: &'static str,
    pub status_hint: &'static str,
    pub log_out: &'static str,
    pub log_out_means: &'static str,
    pub erase: &'static str,
    pub appearance: &'static str,
    pub theme: &'static str,
    pub as_system: &'static str,
    pub light: &'static str,
    pub dark: &'static str,
    pub contrast: &'static str,
    pub language: &'static str,
    pub as_browser: &'static str,
    pub notifications: &'static str,
    pub desktop_notifications: &'static str,
    pub desktop_notifications_hint: &'static str,
    pub notifications_refused: &'static str,
    pub preview: &'static str,
    pub preview_hint: &'static str,
    pub help: &'static str,
    pub diagnostics: &'static str,
    pub diagnostics_hint: &'static str,
}
