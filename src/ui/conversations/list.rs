//! All conversations, newest first.

use std::sync::Arc;

use crate::ui::view::prelude::*;

use super::Listing;
use super::entry::ConversationEntry;
use crate::ui::handle::use_handle;
use crate::ui::i18n::use_text;
use crate::ui::reactive::model::PeerKey;
use crate::ui::widget::icon::Icon;
use crate::ui::widget::virtual_list::VirtualList;

/// The list "Conversations", or what to do while it is empty.
#[component]
pub fn ConversationList(
    /// Where it stands.
    listing: Listing,
    /// Starts a new conversation.
    on_new: Callback<()>,
) -> impl IntoView {
    let text = &use_text().conversations;
    let model = use_handle().model;
    let found: Memo<Arc<Vec<PeerKey>>> = Memo::new(move |_| {
        let order = model.conversation_order.get();
        let filter = listing.filter.get();
        if filter.trim().is_empty() {
            return order;
        }
        let fits = |key: &&PeerKey| {
            let row = model.conversations.peek(key);
            row.is_some_and(|row| Listing::fits(&filter, &row.name, row.peer.as_str()))
        };
        Arc::new(order.iter().filter(fits).cloned().collect())
    });
    let none = Memo::new(move |_| found.with(|found| found.is_empty()));
    view! {
        <Show
            when=move || !none.get()
            fallback=move || {
                view! { <Empty searching=Memo::new(move |_| listing.filter.with(|f| !f.trim().is_empty())) on_new /> }
            }
        >
            <VirtualList
                label=text.conversations
                rows=found
                kind=|_| 0
                row=move |key: PeerKey| view! { <ConversationEntry peer=key listing /> }
            />
        </Show>
    }
}

/// What stands where the list would: still loading, nothing found, nothing there.
#[component]
fn Empty(
    /// The user searches for something.
    searching: Memo<bool>,
    /// Starts a new conversation.
    on_new: Callback<()>,
) -> impl IntoView {
    let text = &use_text().conversations;
    let model = use_handle().model;
    move || {
        if !model.ready.get() {
            view! { <Skeleton /> }.into_any()
        } else if searching.get() {
            view! { <p class="sidebar__hint" role="status">{text.nothing_found}</p> }.into_any()
        } else {
            view! {
                <div class="notice" data-kind="empty">
                    <Icon name="chat" size="l" />
                    <p class="notice__title">{text.empty_title}</p>
                    <p class="notice__text">{text.empty_text}</p>
                    <div class="notice__actions">
                        <button type="button" class="button" data-kind="primary" on:click=move |_| on_new.run(())>
                            {text.start_one}
                        </button>
                    </div>
                </div>
            }
                .into_any()
        }
    }
}

/// The shape of the entries, while they come.
#[component]
pub fn Skeleton() -> impl IntoView {
    let entry = || {
        view! {
            <div class="skeleton-entry">
                <span class="skeleton" data-shape="round"></span>
                <span class="skeleton-entry__lines">
                    <span class="skeleton" data-inline="half"></span>
                    <span class="skeleton" data-inline="most"></span>
                </span>
            </div>
        }
    };
    view! { <div aria-hidden="true">{(0..5).map(|_| entry()).collect_view()}</div> }
}
