//! A button that shows an icon alone.

use crate::ui::view::prelude::*;

use super::icon::Icon;

/// A button that shows an icon alone: what it does is said to assistive technology, and shown where the pointer rests.
#[component]
pub fn IconButton(
    /// The icon's id in the sprite.
    icon: &'static str,
    /// What it does.
    label: &'static str,
    /// It was pressed.
    on_press: Callback<()>,
) -> impl IntoView {
    view! {
        <button type="button" class="icon-button" aria-label=label title=label on:click=move |_| on_press.run(())>
            <Icon name=icon />
        </button>
    }
}
