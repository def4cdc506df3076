//! All contacts by their groups, with those who ask to be one above.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::ui::view::prelude::*;

use super::entry::ContactEntry;
use super::lines::{Line, lines};
use super::request::Requests;
use crate::entity::presence::Availability;
use crate::ui::conversations::Listing;
use crate::ui::handle::use_handle;
use crate::ui::i18n::use_text;
use crate::ui::widget::icon::Icon;
use crate::ui::widget::virtual_list::VirtualList;

/// The list "Contacts", requests above it, or what to do while it is empty.
#[component]
pub fn ContactList(
    /// Where it stands.
    listing: Listing,
    /// Adds a contact.
    on_add: Callback<()>,
) -> impl IntoView {
    let text = &use_text().contacts;
    let model = use_handle().model;
    let folded = RwSignal::new(HashSet::<Arc<str>>::new());
    let rows = Memo::new(move |_| {
        // A group may change and leave the order as it was.
        model.contacts.track_order();
        let order = model.contact_order.get();
        let filter = listing.filter.get();
        let searching = !filter.trim().is_empty();
        let found: Vec<_> = order
            .iter()
            .filter_map(|key| {
                let row = model.contacts.peek(key)?;
                Listing::fits(&filter, &row.name, row.address.as_str())
                    .then(|| (key.clone(), row.groups.clone()))
            })
            .collect();
        // What was searched for is not hidden in a folded group.
        let folded = if searching {
            HashSet::new()
        } else {
            folded.get()
        };
        Arc::new(lines(&found, &folded))
    });
    // (online, all) of each group.
    let counts = Memo::new(move |_| {
        model.contacts.track();
        let mut counts = HashMap::<String, (u32, u32)>::new();
        let mut count = |group: &str, online: bool| {
            if let Some(sums) = counts.get_mut(group) {
                sums.0 += u32::from(online);
                sums.1 += 1;
            } else {
                counts.insert(group.to_owned(), (u32::from(online), 1));
            }
        };
        model.contacts.each(|_, row| {
            let online = row.presence.availability > Availability::Offline;
            if row.groups.is_empty() {
                count("", online);
            }
            for group in &row.groups {
                count(group, online);
            }
        });
        counts
    });
    let none = Memo::new(move |_| rows.with(|rows| rows.is_empty()));
    let known = Memo::new(move |_| {
        model.accounts.track();
        model.ready.get() && model.accounts.all().iter().all(|(_, row)| row.roster_known)
    });
    let searching = Memo::new(move |_| listing.filter.with(|filter| !filter.trim().is_empty()));
    let row = move |line: Line| match line {
        Line::Contact(_, key) => view! { <ContactEntry peer=key listing /> }.into_any(),
        Line::Head(name) => {
            let label = if name.is_empty() {
                text.no_group.to_owned()
            } else {
                name.to_string()
            };
            let sums = {
                let name = name.clone();
                move || {
                    let (online, all) =
                        counts.with(|counts| counts.get(&*name).copied().unwrap_or_default());
                    text.of.with(&online, &all)
                }
            };
            let open = {
                let name = name.clone();
                move || folded.with(|folded| !folded.contains(&name)).to_string()
            };
            let toggle = move |_| {
                folded.update(|folded| {
                    if !folded.remove(&name) {
                        folded.insert(name.clone());
                    }
                });
            };
            view! {
                <button type="button" class="contact-group" aria-expanded=open on:click=toggle>
                    <Icon name="chevron-down" size="s" />
                    <bdi class="contact-group__name">{label}</bdi>
                    <span class="contact-group__count">{sums}</span>
                </button>
            }
            .into_any()
        }
    };
    view! {
        <Requests />
        <Show
            when=move || !none.get()
            fallback=move || {
                if !known.get() {
                    view! { <p class="sidebar__hint" role="status">{use_text().common.loading}</p> }.into_any()
                } else if searching.get() {
                    view! { <p class="sidebar__hint" role="status">{text.nobody_found}</p> }.into_any()
                } else {
                    view! {
                        <div class="notice" data-kind="empty">
                            <Icon name="people" size="l" />
                            <p class="notice__title">{text.empty_title}</p>
                            <p class="notice__text">{text.empty_text}</p>
                            <div class="notice__actions">
                                <button type="button" class="button" data-kind="primary" on:click=move |_| on_add.run(())>
                                    {text.add_contact}
                                </button>
                            </div>
                        </div>
                    }
                        .into_any()
                }
            }
        >
            <VirtualList label=text.contacts rows kind=|line| usize::from(matches!(line, Line::Head(_))) row />
        </Show>
    }
}
