//! Choosing a date to go to.

use crate::ui::view::prelude::*;
use leptos::task::spawn_local;

use crate::boundary::change::Reply;
use crate::boundary::command::AccountCommand;
use crate::entity::message::Position;
use crate::entity::problem::Problem;
use crate::ui::handle::use_handle;
use crate::ui::i18n::{day_begins, local_date, local_day, now, use_format, use_text};
use crate::ui::reactive::model::PeerKey;
use crate::ui::widget::dialog::Dialog;
use crate::ui::widget::problem::ProblemNote;
use crate::ui::widget::toast::use_toasts;

/// XMPP is not older than that.
const FIRST: &str = "1999-01-01";

/// The dialog "Jump to date…".
#[component]
pub fn DateDialog(
    /// In which conversation.
    peer: PeerKey,
    /// It was closed.
    on_close: Callback<()>,
    /// The place to show.
    on_found: Callback<Position>,
) -> impl IntoView {
    let texts = use_text();
    let text = &texts.timeline;
    let format = use_format();
    let toasts = use_toasts();
    let handle = use_handle();
    let today = local_date(now());
    let (date, set_date) = signal(today.clone());
    let (busy, set_busy) = signal(false);
    let (problem, set_problem) = signal(None::<Problem>);
    let (note, set_note) = signal(None::<&'static str>);

    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        set_problem.set(None);
        set_note.set(None);
        let wanted = day_begins(&date.get_untracked());
        let Some(from) = wanted.filter(|from| *from <= now()) else {
            set_note.set(Some(text.no_date));
            return;
        };
        set_busy.set(true);
        let command = AccountCommand::FindDate {
            conversation: peer.address.clone(),
            from,
        };
        let answer = handle.ask_account(peer.account, command);
        spawn_local(async move {
            let answer = answer.await;
            if !set_busy.try_set(false) {
                // The dialog was closed meanwhile.
                return;
            }
            match answer {
                Ok(Reply::Found(Some(position))) => {
                    if local_day(position.time) != local_day(from) {
                        let (asked, found) = (format.day(from), format.day(position.time));
                        toasts.show(text.other_day.with(&asked, &found));
                    }
                    on_found.run(position);
                }
                Ok(_) => {
                    set_note.try_set(Some(text.no_later_day));
                }
                Err(found) => {
                    set_problem.try_set(Some(found));
                }
            }
        });
    };
    let is_wrong = move || problem.with(Option::is_some) || note.get().is_some();
    view! {
        <Dialog title=text.to_date on_close>
            <form novalidate on:submit=submit>
                <div class="dialog__body">
                    <div class="field">
                        <label class="field__label" for="jump-date">
                            {text.date}
                        </label>
                        <div class="field__control">
                            <input
                                class="field__input"
                                id="jump-date"
                                type="date"
                                min=FIRST
                                max=today.clone()
                                required
                                autofocus
                                aria-invalid=move || is_wrong().to_string()
                                value=today
                                on:input=move |event| set_date.set(event_target_value(&event))
                            />
                        </div>
                        <p class="field__hint" role="alert">{move || note.get()}</p>
                        <ProblemNote problem />
                    </div>
                </div>
                <div class="dialog__footer">
                    <button type="submit" class="button" data-kind="primary" disabled=busy aria-busy=move || busy.get().to_string()>
                        {text.show}
                    </button>
                </div>
            </form>
        </Dialog>
    }
}
