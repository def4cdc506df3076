//! A small form for an account whose password must be typed again.

use crate::ui::view::prelude::*;
use leptos::ev::SubmitEvent;
use leptos::html::{Dialog, Input};

use crate::boundary::command::AccountCommand;
use crate::entity::id::AccountId;
use crate::entity::secret::Secret;
use crate::ui::handle::use_handle;
use crate::ui::i18n::use_text;
use crate::ui::login::password::PasswordInput;

/// The button that asks, and the dialog that it opens.
#[component]
pub fn PasswordAgain(
    /// Whose password.
    account: AccountId,
) -> impl IntoView {
    let text = use_text();
    let handle = use_handle();
    let dialog = NodeRef::<Dialog>::new();
    let password = NodeRef::<Input>::new();
    let missing = RwSignal::new(false);
    let address = handle.model.accounts.peek(&account);
    let address = address
        .map(|row| row.address.to_string())
        .unwrap_or_default();
    let open = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            let _already_open = dialog.show_modal();
        }
    };
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(input) = password.get_untracked() else {
            return;
        };
        let typed = input.value();
        missing.set(typed.is_empty());
        if !typed.is_empty() {
            input.set_value("");
            close();
            handle.account(account, AccountCommand::ProvidePassword(Secret::new(typed)));
        }
    };
    let title = text.login.password_again.with(&address);
    view! {
        <button type="button" class="button" data-kind="plain" data-size="s" on:click=open>
            {text.login.log_in}
        </button>
        <dialog class="dialog" aria-labelledby="password-again" node_ref=dialog>
            <form on:submit=submit novalidate>
                <div class="dialog__header">
                    <h2 class="dialog__title" id="password-again">{title}</h2>
                </div>
                <div class="dialog__body">
                    <input type="hidden" name="username" autocomplete="username" value=address />
                    <div class="field">
                        <label class="field__label" for="password-again-input">{text.login.password}</label>
                        <PasswordInput
                            id="password-again-input"
                            node=password
                            autocomplete="current-password"
                            error=Signal::derive(move || if missing.get() { "password-again-error" } else { "" })
                            busy=false
                        />
                        {move || missing.get().then(|| view! {
                            <p class="field__error" role="alert" id="password-again-error">{text.login.password_missing}</p>
                        })}
                    </div>
                </div>
                <div class="dialog__footer">
                    <button type="button" class="button" on:click=move |_| close()>{text.common.cancel}</button>
                    <button type="submit" class="button" data-kind="primary">{text.login.log_in}</button>
                </div>
            </form>
        </dialog>
    }
    .into_any()
}
