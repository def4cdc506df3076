//! A field for a password, which can be shown.

use crate::ui::view::prelude::*;
use leptos::html::Input;

use crate::ui::i18n::use_text;
use crate::ui::widget::icon::Icon;

/// A password's input and the button that shows it. Its label and its errors are the caller's.
#[component]
pub fn PasswordInput(
    /// The id of the input, for its label.
    id: &'static str,
    /// Where to read it.
    node: NodeRef<Input>,
    /// What a password manager should know: `current-password` or `new-password`.
    autocomplete: &'static str,
    /// The id of what describes what is wrong with it; empty if nothing is.
    #[prop(into)]
    error: Signal<&'static str>,
    /// It cannot be changed now.
    #[prop(into)]
    busy: Signal<bool>,
) -> impl IntoView {
    let text = use_text();
    let shown = RwSignal::new(false);
    let toggle = move |_| {
        shown.update(|shown| *shown = !*shown);
        if let Some(input) = node.get_untracked() {
            let _unfocusable = input.focus();
        }
    };
    view! {
        <div class="field__control">
            <input
                class="field__input"
                id=id
                name="password"
                type=move || if shown.get() { "text" } else { "password" }
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                required
                node_ref=node
                readonly=busy
                aria-invalid=move || (!error.get().is_empty()).then_some("true")
                aria-describedby=move || Some(error.get()).filter(|id| !id.is_empty())
            />
            <button
                type="button"
                class="icon-button"
                aria-pressed=move || if shown.get() { "true" } else { "false" }
                aria-label=text.login.show_password
                title=text.login.show_password
                on:click=toggle
            >
                {move || { let name = if shown.get() { "eye-off" } else { "eye" }; view! { <Icon name /> } }}
            </button>
        </div>
    }
    .into_any()
}
