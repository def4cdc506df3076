//! An icon of the sprite `style/icons.svg`, which stands in the page, drawn in the colour of the text beside it.

use crate::ui::view::prelude::*;

/// An icon. It says nothing to assistive technology: a name stands beside it, or on its button.
#[component]
pub fn Icon(
    /// Its id in the sprite.
    name: &'static str,
    /// `s` or `l`; the usual size without.
    #[prop(optional)]
    size: Option<&'static str>,
    /// It points in the direction of reading.
    #[prop(optional)]
    turns: bool,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" data-size=size data-turns=turns.then_some("")>
            <use href=format!("#icon-{name}")></use>
        </svg>
    }
}
