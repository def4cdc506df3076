//! The side pane: who I am, search, conversations or contacts.

mod entry;
mod list;
mod sidebar;

pub use list::ConversationList;
pub use sidebar::Sidebar;

use crate::ui::view::prelude::*;

use super::browser::lowercase;
use super::handle::Handle;
use super::place::Place;
use super::reactive::model::PeerKey;

/// Where a list stands in the page: what is open, and what the user searches for.
#[derive(Clone, Copy)]
pub struct Listing {
    /// The conversation that is open.
    pub current: Signal<Option<PeerKey>>,
    /// What the user searches for.
    pub filter: Signal<String>,
}

impl Listing {
    /// Whether a name or an address fits what the user searches for.
    pub(super) fn fits(filter: &str, name: &str, address: &str) -> bool {
        let filter = lowercase(filter.trim());
        filter.is_empty() || lowercase(name).contains(&filter) || address.contains(&filter)
    }
}

/// The link to a conversation.
pub(super) fn href(handle: Handle, peer: &PeerKey) -> String {
    let account = handle.model.accounts.peek(&peer.account);
    account.map_or_else(String::new, |row| {
        Place::conversation(&row.address, &peer.address).href()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_looks_at_names_and_addresses_whatever_their_case() {
        assert!(Listing::fits("", "Juliet", "juliet@example.org"));
        assert!(Listing::fits(" JUL ", "Juliet", "j@example.org"));
        assert!(Listing::fits("Example", "Juliet", "juliet@example.org"));
        assert!(Listing::fits("朱", "朱丽叶", "juliet@example.org"));
        assert!(!Listing::fits("mallory", "Juliet", "juliet@example.org"));
    }
}
