//! One contact in the list.

use crate::ui::view::prelude::*;

use super::words;
use crate::ui::conversations::{Listing, href};
use crate::ui::handle::use_handle;
use crate::ui::i18n::{use_format, use_text};
use crate::ui::reactive::model::PeerKey;
use crate::ui::widget::avatar::Avatar;

/// A link to the conversation with a contact, named by the contact and how they can be reached: "Juliet, away".
#[component]
pub fn ContactEntry(
    /// Whom.
    peer: PeerKey,
    /// Where the list stands.
    listing: Listing,
) -> impl IntoView {
    let texts = use_text();
    let format = use_format();
    let handle = use_handle();
    let row = handle.model.contacts.row(&peer);
    let address = peer.address.as_str().to_owned();
    let href = href(handle, &peer);
    let name = Memo::new(move |_| {
        row.with(|row| row.as_ref().map(|row| row.name.clone()).unwrap_or_default())
    });
    let whose = peer.clone();
    let presence = Memo::new(move |_| handle.presence(&whose));
    let asked = Memo::new(move |_| row.with(|row| row.as_ref().is_some_and(|row| row.asked)));
    let availability = Signal::derive(move || presence.with(|presence| presence.availability));
    let state = move || {
        if asked.get() {
            texts.contacts.asked.to_owned()
        } else {
            presence.with(|presence| words::presence(texts, &format, presence))
        }
    };
    let label = move || {
        let word = if asked.get() {
            texts.contacts.asked
        } else {
            words::availability(texts, availability.get())
        };
        texts.common.and.with(&name.get(), &word)
    };
    let is_current = move || {
        listing
            .current
            .with(|current| current.as_ref() == Some(&peer))
    };
    view! {
        <a class="contact-entry" href=href aria-label=label aria-current=move || is_current().then_some("page")>
            <Avatar address name availability />
            <span class="contact-entry__words">
                <span class="contact-entry__name" dir="auto">
                    {name}
                </span>
                <span class="contact-entry__state" dir="auto" aria-hidden="true">{state}</span>
            </span>
        </a>
    }
}
