//! Diagnostics: the state of the connection, the log, the XML console.

use leptos::prelude::*;

/// The diagnostics, the whole middle pane.
#[component]
pub fn DiagnosticsPane() -> impl IntoView {}
