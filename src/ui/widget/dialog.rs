//! A modal dialog: named, closed by Escape, focus returns to where it was.

use crate::ui::view::prelude::*;
use leptos::html;

use super::icon_button::IconButton;
use crate::ui::i18n::use_text;

/// A modal dialog that is open as long as it exists.
///
/// The browser itself keeps the focus inside, closes it on Escape and gives the focus back.
#[component]
pub fn Dialog(
    /// Its heading and accessible name.
    #[prop(into)]
    title: Signal<String>,
    /// It was closed: take it away.
    on_close: Callback<()>,
    /// What stands in it; usually a form with `.dialog__body` and `.dialog__footer`.
    children: Children,
) -> impl IntoView {
    let text = use_text();
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        // It may be gone again already.
        if let Some(dialog) = dialog.get()
            && !dialog.open()
        {
            let _shown = dialog.show_modal();
        }
    });
    let close = move |()| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    view! {
        <dialog class="dialog" node_ref=dialog aria-labelledby="dialog-title" on:close=move |_| on_close.run(())>
            <div class="dialog__header">
                <h2 class="dialog__title" id="dialog-title">
                    {title}
                </h2>
                <IconButton icon="close" label=text.common.close on_press=Callback::new(close) />
            </div>
            {children()}
        </dialog>
    }
}
