//! The side pane itself.

use crate::ui::view::prelude::*;

use super::{ConversationList, Listing};
use crate::entity::account::Connection;
use crate::entity::presence::Availability;
use crate::ui::contacts::{ContactList, NewConversation, words};
use crate::ui::handle::use_handle;
use crate::ui::i18n::use_text;
use crate::ui::place::{Place, use_router};
use crate::ui::reactive::model::PeerKey;
use crate::ui::shell::open::Open;
use crate::ui::widget::avatar::Avatar;
use crate::ui::widget::icon::Icon;
use crate::ui::widget::icon_button::IconButton;

/// Which list shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tab {
    Conversations,
    Contacts,
}

/// Which dialog is open: a new conversation, or a new contact.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asking {
    Nothing,
    Conversation,
    Contact,
}

/// The side pane: who I am, search, conversations or contacts.
#[component]
pub fn Sidebar() -> impl IntoView {
    let texts = use_text();
    let handle = use_handle();
    let router = use_router();
    let model = handle.model;
    let open = use_context::<Open>();
    let current = Memo::new(move |_| open.and_then(|open| open.now.get().known()));
    let (tab, set_tab) = signal(Tab::Conversations);
    let (filter, set_filter) = signal(String::new());
    let (asking, set_asking) = signal(Asking::Nothing);
    let listing = Listing {
        current: current.into(),
        filter: filter.into(),
    };
    // The account whose conversation is open, else the first.
    let account = Memo::new(move |_| {
        let first = model.account_order.with(|order| order.first().copied());
        current
            .with(|current| current.as_ref().map(|peer| peer.account))
            .or(first)
    });
    let waiting = Memo::new(move |_| {
        model.requests.track();
        model
            .requests
            .all()
            .iter()
            .map(|(_, all)| all.len())
            .sum::<usize>()
    });
    let option = move |this: Tab, label: &'static str| {
        view! {
            <button
                type="button"
                class="segmented__option"
                aria-pressed=move || (tab.get() == this).to_string()
                on:click=move |_| set_tab.set(this)
            >
                {label}
                {move || {
                    let count = waiting.get();
                    (this == Tab::Contacts && count > 0).then(|| view! { <span class="badge">{count}</span> })
                }}
            </button>
        }
    };
    view! {
        <h1 class="visually-hidden">"Waxwing"</h1>
        <div class="sidebar__header">
            {move || account.get().map(|account| view! { <OwnAccount account /> })}
            <IconButton
                icon="new-conversation"
                label=texts.conversations.new_conversation
                on_press=Callback::new(move |()| set_asking.set(Asking::Conversation))
            />
            <IconButton
                icon="settings"
                label=texts.conversations.settings
                on_press=Callback::new(move |()| router.go(Place::Settings))
            />
        </div>
        <div class="sidebar__tools">
            <div class="field" data-kind="search">
                <div class="field__control">
                    <span class="field__icon">
                        <Icon name="search" size="s" />
                    </span>
                    <input
                        class="field__input"
                        type="search"
                        aria-label=texts.conversations.search
                        placeholder=texts.conversations.search
                        autocomplete="off"
                        prop:value=filter
                        on:input=move |event| set_filter.set(event_target_value(&event))
                        on:keydown=move |event| {
                            // What is open stays: Escape ends the search first.
                            if event.key() == "Escape" && !filter.with_untracked(String::is_empty) {
                                event.prevent_default();
                                set_filter.set(String::new());
                            }
                        }
                    />
                </div>
            </div>
            <div class="segmented" role="group" aria-label=texts.conversations.lists>
                {option(Tab::Conversations, texts.conversations.conversations)}
                {option(Tab::Contacts, texts.contacts.contacts)}
            </div>
        </div>
        <div class="sidebar__panel">
            {move || match tab.get() {
                Tab::Conversations => {
                    let on_new = Callback::new(move |()| set_asking.set(Asking::Conversation));
                    view! { <ConversationList listing on_new /> }.into_any()
                }
                Tab::Contacts => {
                    let on_add = Callback::new(move |()| set_asking.set(Asking::Contact));
                    view! { <ContactList listing on_add /> }.into_any()
                }
            }}
        </div>
        {move || {
            let asked = asking.get();
            let account = account.get().filter(|_| asked != Asking::Nothing)?;
            let on_close = Callback::new(move |()| set_asking.set(Asking::Nothing));
            let on_open = Callback::new(move |peer: PeerKey| {
                set_asking.set(Asking::Nothing);
                if let Some(row) = model.accounts.peek(&peer.account) {
                    router.go(Place::conversation(&row.address, &peer.address));
                }
            });
            let add = asked == Asking::Contact;
            Some(view! { <NewConversation account add on_close on_open /> })
        }}
    }
}

/// Who I am and how I am seen; leads to the settings, where that can be changed.
#[component]
fn OwnAccount(
    /// Which account.
    account: crate::entity::id::AccountId,
) -> impl IntoView {
    let texts = use_text();
    let router = use_router();
    let row = use_handle().model.accounts.row(&account);
    let address = Memo::new(move |_| {
        row.with(|row| {
            row.as_ref()
                .map(|row| row.address.to_string())
                .unwrap_or_default()
        })
    });
    let name = Signal::derive(move || {
        address.with(|address| address.split('@').next().unwrap_or_default().to_owned())
    });
    let availability = Memo::new(move |_| {
        row.with(|row| match row {
            // What others see: nothing while there is no connection.
            Some(row) if row.connection == Connection::Online => row.presence.availability,
            _ => Availability::Offline,
        })
    });
    view! {
        <button type="button" class="account-button" on:click=move |_| router.go(Place::Settings)>
            {move || view! { <Avatar address=address.get() name availability /> }}
            <span class="account-button__words">
                <bdi class="account-button__name">{name}</bdi>
                <span class="account-button__state">{move || words::availability(texts, availability.get())}</span>
            </span>
        </button>
    }
}
