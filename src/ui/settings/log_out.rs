//! Logging out: removes the secrets, and asks whether to remove the history.

use crate::ui::view::prelude::*;

use crate::boundary::command::AccountCommand;
use crate::entity::id::AccountId;
use crate::ui::handle::use_handle;
use crate::ui::i18n::use_text;
use crate::ui::place::{Place, use_router};
use crate::ui::widget::dialog::Dialog;

/// The dialog that asks.
#[component]
pub fn LogOut(
    /// From which account.
    account: AccountId,
    /// It was closed.
    on_close: Callback<()>,
) -> impl IntoView {
    let texts = use_text();
    let text = &texts.settings;
    let handle = use_handle();
    let router = use_router();
    let (erase, set_erase) = signal(false);
    let log_out = move |_| {
        handle.account(
            account,
            AccountCommand::LogOut {
                erase: erase.get_untracked(),
            },
        );
        on_close.run(());
        router.go(Place::Home);
    };
    view! {
        <Dialog title=text.log_out on_close>
            <div class="dialog__body">
                <p>{text.log_out_means}</p>
                <label class="checkbox">
                    <input
                        class="checkbox__input"
                        type="checkbox"
                        prop:checked=erase
                        on:change=move |event| set_erase.set(event_target_checked(&event))
                    />
                    <span>{text.erase}</span>
                </label>
            </div>
            <div class="dialog__footer">
                <button type="button" class="button" autofocus on:click=move |_| on_close.run(())>
                    {texts.common.cancel}
                </button>
                <button type="button" class="button" data-kind="danger" on:click=log_out>
                    {text.log_out}
                </button>
            </div>
        </Dialog>
    }
}
