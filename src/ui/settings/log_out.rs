//! Logging out: removes the secrets, and asks whether to remove the history.

use crate::ui::view::prelude::*;

use crate::boundary::change::Reply;
use crate::boundary::command::AccountCommand;
use crate::entity::id::AccountId;
use crate::entity::problem::Problem;
use crate::ui::handle::use_handle;
use crate::ui::i18n::use_text;
use crate::ui::left;
use crate::ui::place::{Place, use_router};
use crate::ui::widget::attempt::Attempt;
use crate::ui::widget::dialog::Dialog;
use crate::ui::widget::problem::ProblemNote;

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
    let attempt = Attempt::new();
    let log_out = move |_| {
        if attempt.busy.get_untracked() {
            return;
        }
        let command = AccountCommand::LogOut {
            erase: erase.get_untracked(),
        };
        let row = handle.model.accounts.peek(&account);
        let answer = handle.ask_account(account, command);
        let erase = erase.get_untracked();
        let done = async move {
            match answer.await {
                // Logged out all the same. What is left is told above everything, as long as it is.
                Err(Problem::LeftBehind) => {
                    if let Some(row) = row {
                        left::note(row.address.clone(), erase);
                    }
                    Ok(Reply::Done)
                }
                other => other,
            }
        };
        attempt.begin(done, move |_| {
            on_close.run(());
            router.go(Place::Home);
        });
    };
    // The account is gone, but not all that it kept: the dialog goes with it, what it says does not.
    on_cleanup(move || {
        let problem = attempt.problem.try_get_untracked().flatten();
        if let (Some(problem), None) = (problem, handle.model.accounts.peek(&account)) {
            attempt.fail_elsewhere(&problem);
        }
    });
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
                <ProblemNote problem=attempt.problem />
            </div>
            <div class="dialog__footer">
                <button type="button" class="button" autofocus on:click=move |_| on_close.run(())>
                    {texts.common.cancel}
                </button>
                <button type="button" class="button" data-kind="danger" disabled=attempt.busy on:click=log_out>
                    {text.log_out}
                </button>
            </div>
        </Dialog>
    }
}
