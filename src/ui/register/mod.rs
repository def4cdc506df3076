//! Making an account.

use leptos::prelude::*;

/// The page where an account is made, the whole window.
#[component]
pub fn RegisterPage() -> impl IntoView {}
