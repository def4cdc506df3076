//! All contacts by their groups, with those who ask to be one above.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ui::view::prelude::*;

use super::entry::ContactEntry;
use super::lines::{Line, lines};
use super::request::Requests;
use crate::boundary::change::AccountRow;
use crate::boundary::command::AccountCommand;
use crate::entity::account::Connection;
use crate::entity::id::AccountId;
use crate::entity::presence::Availability;
use crate::entity::problem::Problem;
use crate::ui::conversations::Listing;
use crate::ui::handle::use_handle;
use crate::ui::i18n::use_text;
use crate::ui::widget::alert::Alert;
use crate::ui::widget::attempt::Attempt;
use crate::ui::widget::icon::Icon;
use crate::ui::widget::problem::ProblemNote;
use crate::ui::widget::virtual_list::VirtualList;

/// Whether there is something to show.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Known {
    /// It is on its way.
    Loading,
    /// It could not be had, for this account.
    Failed(AccountId, Problem),
    /// Who is not shown is no contact.
    All,
}

/// What is known of the rosters of these accounts. A roster of an earlier day is one.
fn known<'a>(ready: bool, accounts: impl Iterator<Item = &'a AccountRow>) -> Known {
    let missing = accounts.filter(|row| !row.roster_known).map(|row| {
        let problem = match &row.connection {
            Connection::Online => row.roster_problem.clone(),
            Connection::Connecting(_) => None,
            // Nobody can be asked.
            Connection::Idle | Connection::Waiting { .. } | Connection::Failed(_) => {
                Some(Problem::Offline)
            }
        };
        (row.id, problem)
    });
    match missing.max_by_key(|(_, problem)| problem.is_some()) {
        _ if !ready => Known::Loading,
        Some((account, Some(problem))) => Known::Failed(account, problem),
        Some((_, None)) => Known::Loading,
        None => Known::All,
    }
}

/// The list "Contacts", requests above it, or what to do while it is empty.
#[component]
pub fn ContactList(
    /// Where it stands.
    listing: Listing,
    /// Adds a contact.
    on_add: Callback<()>,
) -> impl IntoView {
    let text = &use_text().contacts;
    let handle = use_handle();
    let model = handle.model;
    let attempt = Attempt::new();
    let folded = RwSignal::new(Vec::<Arc<str>>::new());
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
        let folded = if searching { Vec::new() } else { folded.get() };
        Arc::new(lines(&found, &folded))
    });
    // (online, all) of each group.
    let counts = Memo::new(move |_| {
        model.contacts.track();
        model.accounts.track();
        let accounts = model.accounts.all().into_iter();
        let (here, _): (Vec<_>, Vec<_>) = accounts
            .map(|(id, _)| id)
            .partition(|id| handle.has_session(*id));
        let mut counts = HashMap::<String, (u32, u32)>::new();
        let mut count = |group: &str, online: bool| {
            if let Some(sums) = counts.get_mut(group) {
                sums.0 += u32::from(online);
                sums.1 += 1;
            } else {
                counts.insert(group.to_owned(), (u32::from(online), 1));
            }
        };
        model.contacts.each(|key, row| {
            let reachable = row.presence.availability > Availability::Offline;
            let online = reachable && here.contains(&key.account);
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
        let rows = model.accounts.all();
        known(model.ready.get(), rows.iter().map(|(_, row)| &**row))
    });
    let load = move |account| {
        let answer = handle.ask_account(account, AccountCommand::LoadRoster);
        attempt.begin(answer, |_| {});
    };
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
                    let before = folded.len();
                    folded.retain(|one| *one != name);
                    if folded.len() == before {
                        folded.push(name.clone());
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
                if let Known::Failed(account, problem) = known.get() {
                    let retry = view! {
                        <button type="button" class="button" data-size="s" on:click=move |_| load(account)>
                            {use_text().common.retry}
                        </button>
                    };
                    view! {
                        <div class="sidebar__hint">
                            <Alert problem actions=retry />
                            <ProblemNote problem=attempt.problem />
                        </div>
                    }
                        .into_any()
                } else if known.get() == Known::Loading {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boundary::change::ServerRow;
    use crate::entity::address::Address;
    use crate::entity::presence::OwnPresence;

    fn account(roster_known: bool, roster_problem: Option<Problem>) -> AccountRow {
        AccountRow {
            id: AccountId(1),
            address: Address::parse("romeo@example.org").unwrap(),
            connection: Connection::Online,
            presence: OwnPresence::default(),
            roster_known,
            roster_problem,
            server: ServerRow::default(),
        }
    }

    #[test]
    fn a_roster_that_cannot_be_had_is_not_on_its_way() {
        let of = |row: &AccountRow| known(true, [row].into_iter());
        assert_eq!(of(&account(false, None)), Known::Loading);
        assert_eq!(
            of(&account(false, Some(Problem::Timeout))),
            Known::Failed(AccountId(1), Problem::Timeout)
        );
        let offline = AccountRow {
            connection: Connection::Idle,
            ..account(false, None)
        };
        assert_eq!(of(&offline), Known::Failed(AccountId(1), Problem::Offline));
        // The one of yesterday is better than none.
        assert_eq!(of(&account(true, Some(Problem::Timeout))), Known::All);
        assert_eq!(
            known(false, [&account(true, None)].into_iter()),
            Known::Loading
        );
    }
}
