//! Settings.

use leptos::prelude::*;

/// The settings, the whole middle pane.
#[component]
pub fn SettingsPane() -> impl IntoView {}
