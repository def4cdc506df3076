//! One conversation in the list.

use crate::ui::view::prelude::*;

use super::{Listing, href};
use crate::entity::message::Direction;
use crate::ui::handle::use_handle;
use crate::ui::i18n::{use_format, use_text};
use crate::ui::reactive::model::PeerKey;
use crate::ui::widget::avatar::Avatar;

/// A link to a conversation, named by the other and its state: "Juliet, 2 unread".
#[component]
pub fn ConversationEntry(
    /// Which.
    peer: PeerKey,
    /// Where the list stands.
    listing: Listing,
) -> impl IntoView {
    let texts = use_text();
    let text = &texts.conversations;
    let format = use_format();
    let handle = use_handle();
    let model = handle.model;
    let row = model.conversations.row(&peer);
    let own_name = model.own_name_now(peer.account);
    let address = peer.address.as_str().to_owned();
    let href = href(handle, &peer);

    let name = Memo::new(move |_| {
        row.with(|row| row.as_ref().map(|row| row.name.clone()).unwrap_or_default())
    });
    let unread = Memo::new(move |_| row.with(|row| row.as_ref().map_or(0, |row| row.unread)));
    let whose = peer.clone();
    let availability = Memo::new(move |_| handle.presence(&whose).availability);
    let is_current = Memo::new(move |_| {
        listing
            .current
            .with(|current| current.as_ref() == Some(&peer))
    });
    let draft = Memo::new(move |_| {
        row.with(|row| {
            row.as_ref()
                .map(|row| row.draft.clone())
                .unwrap_or_default()
        })
    });
    let latest =
        Memo::new(move |_| row.with(|row| row.as_ref().and_then(|row| row.latest.clone())));
    let label = move || match unread.get() {
        0 => name.get(),
        count => texts.common.and.with(&name.get(), &text.unread.of(count)),
    };
    let preview = move || {
        // What one is writing here and now is seen in the composer; the mark is for what was left behind.
        let draft = draft.get();
        if !draft.trim().is_empty() && !is_current.get() {
            return view! {
                <span class="conversation-entry__draft">{text.draft}</span>
                " "
                {draft}
            }
            .into_any();
        }
        latest
            .get()
            .map(|latest| {
                let is_own = latest.direction == Direction::Outgoing;
                // XEP-0245: "/me waves".
                if let Some(action) = latest.text.strip_prefix("/me ") {
                    let who = if is_own { own_name.clone() } else { name.get() };
                    return format!("{who} {action}").into_any();
                }
                view! {
                    {is_own.then_some(text.you)}
                    {latest.text}
                }
                .into_any()
            })
            .into_any()
    };
    view! {
        <a
            class="conversation-entry"
            href=href
            aria-label=label
            aria-current=move || is_current.get().then_some("page")
            data-unread=move || (unread.get() > 0).then_some("")
        >
            <Avatar address name size="l" availability />
            <span class="conversation-entry__name" dir="auto">
                {name}
            </span>
            <span class="conversation-entry__time" aria-hidden="true">
                {move || latest.with(|latest| latest.as_ref().map(|latest| format.brief(latest.time)))}
            </span>
            <span class="conversation-entry__preview" dir="auto" aria-hidden="true">{preview}</span>
            <span class="conversation-entry__signs" aria-hidden="true">
                {move || {
                    let count = unread.get();
                    (count > 0).then(|| view! { <span class="badge">{shown_count(count)}</span> })
                }}
            </span>
        </a>
    }
}

/// A count that always fits its badge.
fn shown_count(count: u32) -> String {
    if count > 99 {
        "99+".to_owned()
    } else {
        count.to_string()
    }
}
