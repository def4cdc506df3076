//! The details pane of a contact, or of somebody who is none.

use crate::ui::view::prelude::*;

use super::edit::{EditContact, RemoveContact};
use super::facts::{Devices, Subscriptions};
use super::levels;
use crate::ui::contacts::words;
use crate::ui::handle::use_handle;
use crate::ui::i18n::{use_format, use_text};
use crate::ui::place::use_router;
use crate::ui::reactive::model::PeerKey;
use crate::ui::widget::avatar::Avatar;
use crate::ui::widget::icon::Icon;
use crate::ui::widget::icon_button::IconButton;
use crate::ui::widget::presence_dot::PresenceDot;

/// The details of somebody.
#[component]
pub fn ContactDetails(
    /// Who.
    peer: PeerKey,
) -> impl IntoView {
    let texts = use_text();
    let text = &texts.profile;
    let format = use_format();
    let router = use_router();
    let handle = use_handle();
    let model = handle.model;
    let (title, section) = levels();
    let close = move |()| router.go(router.place.get_untracked().parent());
    let row = model.contacts.row(&peer);
    let key = StoredValue::new(peer.clone());
    let address = peer.address.as_str().to_owned();
    let name = Memo::new(move |_| key.with_value(|key| model.name(key)));
    let presence = Memo::new(move |_| key.with_value(|key| handle.presence(key)));
    let is_contact = Memo::new(move |_| row.with(Option::is_some));
    let availability = Signal::derive(move || presence.with(|presence| presence.availability));
    let (editing, set_editing) = signal(false);
    let (removing, set_removing) = signal(false);
    let groups = Memo::new(move |_| {
        row.with(|row| {
            row.as_ref()
                .map(|row| row.groups.clone())
                .unwrap_or_default()
        })
    });
    view! {
        <div class="pane-header">
            <IconButton icon="close" label=texts.common.close on_press=Callback::new(close) />
            <h2 class="pane-header__title" aria-level=title>{text.details}</h2>
            <Show when=move || is_contact.get()>
                <IconButton icon="edit" label=text.edit on_press=Callback::new(move |()| set_editing.set(true)) />
            </Show>
        </div>
        <div class="contact-details" tabindex="0" role="region" aria-label=text.details>
            <div class="contact-details__head">
                <Avatar address=address.clone() name size="xl" />
                <h3 class="contact-details__name" aria-level=section>
                    <bdi>{name}</bdi>
                </h3>
                <p class="contact-details__address">
                    <bdi>{address}</bdi>
                </p>
                <p class="contact-details__state">
                    <PresenceDot availability />
                    <bdi>{move || presence.with(|presence| words::presence(texts, &format, presence))}</bdi>
                </p>
            </div>
            <Subscriptions peer=peer.clone() />
            <Show when=move || !groups.with(Vec::is_empty)>
                <section class="contact-details__section">
                    <h3 class="contact-details__heading" aria-level=section>{text.groups}</h3>
                    <ul class="chips" role="list">
                        {move || {
                            let chip = |group| view! { <li class="chip"><bdi>{group}</bdi></li> };
                            groups.get().into_iter().map(chip).collect_view()
                        }}
                    </ul>
                </section>
            </Show>
            <Devices peer=peer.clone() presence />
            <Show when=move || is_contact.get()>
                <div class="contact-details__actions">
                    <button type="button" class="button" data-kind="danger" on:click=move |_| set_removing.set(true)>
                        <Icon name="delete" size="s" />
                        {text.remove}
                    </button>
                </div>
            </Show>
        </div>
        <Show when=move || editing.get()>
            <EditContact peer=key.get_value() on_close=Callback::new(move |()| set_editing.set(false)) />
        </Show>
        <Show when=move || removing.get()>
            <RemoveContact peer=key.get_value() on_close=Callback::new(move |()| set_removing.set(false)) />
        </Show>
    }
}
