//! Those who ask to see our presence, and what accepting or declining means, in plain words.

use crate::ui::view::prelude::*;

use crate::boundary::command::AccountCommand;
use crate::entity::contact::SubscriptionRequest;
use crate::entity::id::AccountId;
use crate::ui::handle::use_handle;
use crate::ui::i18n::use_text;
use crate::ui::reactive::model::PeerKey;
use crate::ui::widget::attempt::Attempt;
use crate::ui::widget::avatar::Avatar;
use crate::ui::widget::problem::ProblemNote;

/// All requests of all accounts; nothing where there are none.
#[component]
pub fn Requests() -> impl IntoView {
    let text = &use_text().contacts;
    let model = use_handle().model;
    let all = Memo::new(move |_| {
        model.requests.track();
        let mut all = Vec::new();
        for (account, requests) in model.requests.all() {
            all.extend(requests.iter().map(|request| (account, request.clone())));
        }
        all
    });
    view! {
        <Show when=move || all.with(|all| !all.is_empty())>
            <section aria-label=text.requests>
                <For
                    each=move || all.get()
                    key=|(account, request)| (*account, request.address.clone())
                    children=|(account, request)| view! { <RequestEntry account request /> }
                />
            </section>
        </Show>
    }
}

/// One who asks.
#[component]
fn RequestEntry(
    /// Whose presence they want to see.
    account: AccountId,
    /// Who, and what they say.
    request: SubscriptionRequest,
) -> impl IntoView {
    let text = &use_text().contacts;
    let handle = use_handle();
    let address = request.address.clone();
    // The nick is a claim: the address stands beside it.
    let nick = request.nick.clone().filter(|nick| !nick.trim().is_empty());
    let name = nick.clone().unwrap_or_else(|| address.as_str().to_owned());
    let known = handle
        .model
        .contacts
        .peek(&PeerKey::new(account, address.clone()))
        .is_some();
    let attempt = Attempt::new();
    let tell = move |command: AccountCommand| {
        if !attempt.busy.get_untracked() {
            // Settled, it goes from the list by itself.
            attempt.begin(handle.ask_account(account, command), |_| {});
        }
    };
    let accept = {
        let address = address.clone();
        move |_| {
            tell(AccountCommand::AcceptSubscription {
                address: address.clone(),
                also_ask: !known,
            });
        }
    };
    let decline = {
        let address = address.clone();
        move |_| tell(AccountCommand::DeclineSubscription(address.clone()))
    };
    let explained = text.request_means.with(&name);
    view! {
        <div class="request-entry">
            <Avatar address=address.as_str().to_owned() name=name.clone() />
            <div class="request-entry__words">
                <p class="request-entry__name">
                    <bdi>{name}</bdi>
                </p>
                {nick.map(|_| view! { <p class="request-entry__text"><bdi>{address.as_str().to_owned()}</bdi></p> })}
                {request.text.map(|said| view! { <p class="request-entry__text"><bdi>{said}</bdi></p> })}
                <p class="request-entry__text">{explained}</p>
            </div>
            <div class="request-entry__problem">
                <ProblemNote problem=attempt.problem />
            </div>
            <div class="request-entry__actions">
                <button type="button" class="button" data-size="s" on:click=decline>
                    {text.decline}
                </button>
                <button type="button" class="button" data-size="s" data-kind="primary" on:click=accept>
                    {text.accept}
                </button>
            </div>
        </div>
    }
}
