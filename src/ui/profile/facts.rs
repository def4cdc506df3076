//! Who sees whose presence, with what can be done about it, and by which devices somebody is reached.

use crate::ui::view::prelude::*;
use leptos::task::spawn_local;

use super::levels;
use crate::boundary::change::Reply;
use crate::boundary::command::AccountCommand;
use crate::entity::contact::Subscription;
use crate::entity::presence::{Presence, Resource};
use crate::ui::contacts::words;
use crate::ui::handle::use_handle;
use crate::ui::i18n::{use_format, use_text};
use crate::ui::reactive::model::PeerKey;
use crate::ui::widget::attempt::Attempt;
use crate::ui::widget::presence_dot::PresenceDot;
use crate::ui::widget::problem::ProblemNote;

/// Who sees whose presence, in plain words, and the buttons that change it.
#[component]
pub fn Subscriptions(
    /// Between us and whom.
    peer: PeerKey,
) -> impl IntoView {
    let text = &use_text().profile;
    let (_, section) = levels();
    let handle = use_handle();
    let row = handle.model.contacts.row(&peer);
    let state =
        Memo::new(move |_| row.with(|row| row.as_ref().map(|row| (row.subscription, row.asked))));
    let attempt = Attempt::new();
    let act = move |make: fn(crate::entity::address::Address) -> AccountCommand| {
        let key = peer.clone();
        move |_: leptos::ev::MouseEvent| {
            if !attempt.busy.get_untracked() {
                let answer = handle.ask_account(key.account, make(key.address.clone()));
                attempt.begin(answer, |_| {});
            }
        }
    };
    let button = |label: &'static str, click: Box<dyn FnMut(leptos::ev::MouseEvent)>| {
        view! {
            <button type="button" class="button" data-size="s" on:click=click>
                {label}
            </button>
        }
    };
    let add = move |address: crate::entity::address::Address| AccountCommand::AddContact {
        address: address.as_str().to_owned(),
        name: None,
        groups: Vec::new(),
        text: None,
    };
    view! {
        <section class="contact-details__section">
            <h3 class="contact-details__heading" aria-level=section>{text.presence}</h3>
            {move || match state.get() {
                None => {
                    view! {
                        <p>{text.no_contact}</p>
                        <p class="chips">{button(text.add, Box::new(act(add)))}</p>
                    }
                        .into_any()
                }
                Some((subscription, asked)) => {
                    let meaning = match subscription {
                        Subscription::Both => text.both,
                        Subscription::To => text.to,
                        Subscription::From => text.from,
                        Subscription::None => text.none,
                    };
                    let ask = (!subscription.seen_by_us() && !asked)
                        .then(|| button(text.ask, Box::new(act(AccountCommand::RequestSubscription))));
                    let hide = subscription
                        .sees_us()
                        .then(|| button(text.hide, Box::new(act(AccountCommand::DeclineSubscription))));
                    view! {
                        <p>{meaning}</p>
                        {asked.then(|| view! { <p>{text.asked}</p> })}
                        <p class="chips">{ask} {hide}</p>
                    }
                        .into_any()
                }
            }}
            <ProblemNote problem=attempt.problem />
        </section>
    }
}

/// The devices that somebody is reached by, while there are any.
#[component]
pub fn Devices(
    /// Whose.
    peer: PeerKey,
    /// Their presence: when it changes, the devices are asked for anew.
    presence: Memo<Presence>,
) -> impl IntoView {
    let texts = use_text();
    let text = &texts.profile;
    let format = use_format();
    let handle = use_handle();
    let (_, section) = levels();
    let (devices, set_devices) = signal(Vec::<Resource>::new());
    Effect::new(move |_| {
        presence.track();
        if !handle.has_session(peer.account) {
            return set_devices.set(Vec::new());
        }
        let answer = handle.ask_account(
            peer.account,
            AccountCommand::Resources(peer.address.clone()),
        );
        spawn_local(async move {
            if let (Ok(Reply::Resources(found)), true) =
                (answer.await, untrack(|| handle.has_session(peer.account)))
            {
                set_devices.try_set(found);
            }
        });
    });
    let device = move |device: Resource| {
        let Presence { availability, .. } = device.presence;
        view! {
            <li class="contact-details__state">
                <PresenceDot availability=availability />
                <span>
                    <bdi>{device.client.unwrap_or(device.name)}</bdi>
                    " · "
                    {words::presence(texts, &format, &device.presence)}
                </span>
            </li>
        }
    };
    view! {
        <Show when=move || devices.with(|devices| !devices.is_empty())>
            <section class="contact-details__section">
                <h3 class="contact-details__heading" aria-level=section>{text.devices}</h3>
                <ul class="contact-details__devices" role="list">{move || devices.get().into_iter().map(device).collect_view()}</ul>
            </section>
        </Show>
    }
}
