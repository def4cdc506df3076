//! The side pane: conversations and contacts.

use leptos::prelude::*;

/// The side pane: who I am, search, conversations or contacts.
#[component]
pub fn Sidebar() -> impl IntoView {}
