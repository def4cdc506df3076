//! One account: how one is seen, and logging out.

use crate::ui::view::prelude::*;

use super::log_out::LogOut;
use super::row::{ChoiceRow, Section};
use crate::boundary::command::AccountCommand;
use crate::entity::id::AccountId;
use crate::entity::presence::{Availability, OwnPresence};
use crate::ui::contacts::words;
use crate::ui::handle::use_handle;
use crate::ui::i18n::use_text;
use crate::ui::widget::attempt::Attempt;
use crate::ui::widget::icon::Icon;
use crate::ui::widget::problem::ProblemNote;

/// What can be chosen, with the value in the form.
const CHOICES: [(Availability, &str); 6] = [
    (Availability::Online, "online"),
    (Availability::FreeToChat, "chat"),
    (Availability::Away, "away"),
    (Availability::ExtendedAway, "xa"),
    (Availability::DoNotDisturb, "dnd"),
    (Availability::Offline, "offline"),
];

/// The settings of one account.
#[component]
pub fn AccountSection(
    /// Which.
    account: AccountId,
) -> impl IntoView {
    let texts = use_text();
    let text = &texts.settings;
    let handle = use_handle();
    let row = handle.model.accounts.row(&account);
    let address = Memo::new(move |_| {
        row.with(|row| {
            row.as_ref()
                .map(|row| row.address.to_string())
                .unwrap_or_default()
        })
    });
    let presence = Memo::new(move |_| {
        row.with(|row| {
            row.as_ref()
                .map(|row| row.presence.clone())
                .unwrap_or_default()
        })
    });
    let (asking, set_asking) = signal(false);
    let attempt = Attempt::new();
    let set = move |presence: OwnPresence| {
        let answer = handle.ask_account(account, AccountCommand::SetPresence(presence));
        attempt.begin(answer, |_| {});
    };
    let value = Signal::derive(move || {
        let now = presence.with(|presence| presence.availability);
        CHOICES
            .iter()
            .find(|(availability, _)| *availability == now)
            .map_or("online", |(_, value)| *value)
    });
    let choose = Callback::new(move |chosen: String| {
        if let Some((availability, _)) = CHOICES.iter().find(|(_, value)| *value == chosen) {
            set(OwnPresence {
                availability: *availability,
                ..presence.get_untracked()
            });
        }
    });
    let options = CHOICES
        .iter()
        .map(|(availability, value)| {
            let word = match availability {
                Availability::Offline => text.invisible,
                other => words::availability(texts, *other),
            };
            (*value, word)
        })
        .collect();
    let set_status = move |event: leptos::ev::Event| {
        let status =
            Some(event_target_value(&event).trim().to_owned()).filter(|status| !status.is_empty());
        set(OwnPresence {
            status,
            ..presence.get_untracked()
        });
    };
    view! {
        <Section heading=address>
            <ChoiceRow name=text.availability options value on_choose=choose />
            <div role="status">
                <Show when=move || value.get() == "offline">
                    <p class="setting-row">{text.invisible_means}</p>
                </Show>
            </div>
            <label class="setting-row">
                <span class="setting-row__words">
                    <span class="setting-row__name">{text.status}</span>
                    <span class="setting-row__hint">{text.status_hint}</span>
                </span>
                <span class="setting-row__control field" data-wide="">
                    <span class="field__control">
                        <input
                            class="field__input"
                            type="text"
                            aria-label=text.status
                            maxlength="200"
                            autocomplete="off"
                            prop:value=move || presence.with(|presence| presence.status.clone().unwrap_or_default())
                            on:change=set_status
                        />
                    </span>
                </span>
            </label>
            <div class="settings__problem">
                <ProblemNote problem=attempt.problem />
            </div>
            <button type="button" class="setting-row" on:click=move |_| set_asking.set(true)>
                <span class="setting-row__words">
                    <span class="setting-row__name">{text.log_out}</span>
                </span>
                <Icon name="log-out" turns=true />
            </button>
        </Section>
        <Show when=move || asking.get()>
            <LogOut account on_close=Callback::new(move |()| set_asking.set(false)) />
        </Show>
    }
    .into_any()
}
