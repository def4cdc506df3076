//! What every page knows: accounts, contacts, conversations, requests, settings. A fold of [`Change`]s.
//!
//! **Invariant:** between `Clear` and `Ready` the old rows stay: only those that the snapshot did not speak of go.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::ui::view::prelude::*;

use super::order::ordered_by;
use super::rows::Rows;
use crate::boundary::change::{AccountRow, Change, ContactRow, ConversationRow};
use crate::entity::address::Address;
use crate::entity::contact::SubscriptionRequest;
use crate::entity::id::AccountId;
use crate::entity::problem::Problem;
use crate::entity::settings::Settings;

/// Whom a row is about: the other's address, as one account sees it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PeerKey {
    /// Whose.
    pub account: AccountId,
    /// The other's bare JID.
    pub address: Address,
}

impl PeerKey {
    /// The other, as that account sees it.
    #[must_use]
    pub fn new(account: AccountId, address: Address) -> Self {
        Self { account, address }
    }
}

/// How names are put in order: the indices of the names, ordered.
pub type Collate = fn(&[&str]) -> Vec<u32>;

/// What every page knows. A copy is another handle on the same.
#[derive(Clone, Copy)]
pub struct Model {
    /// A snapshot came whole: an empty list means that there is nothing.
    pub ready: RwSignal<bool>,
    /// The accounts.
    pub accounts: Rows<AccountId, AccountRow>,
    /// The contacts of all accounts.
    pub contacts: Rows<PeerKey, ContactRow>,
    /// The conversations of all accounts.
    pub conversations: Rows<PeerKey, ConversationRow>,
    /// Who waits for our permission.
    pub requests: Rows<AccountId, Vec<SubscriptionRequest>>,
    /// The settings.
    pub settings: RwSignal<Settings>,
    /// Addresses that the log-in form offers.
    pub remembered: RwSignal<Vec<Address>>,
    /// Accounts were here, and nobody logged them out: an engine has died, and it alone knew the password.
    pub interrupted: RwSignal<bool>,
    /// What is wrong with this device.
    pub device: RwSignal<Option<Problem>>,
    /// The accounts in order of their addresses.
    pub account_order: Memo<Arc<Vec<AccountId>>>,
    /// The contacts of all accounts in order of their names. Presence does not move them.
    pub contact_order: Memo<Arc<Vec<PeerKey>>>,
    /// The conversations of all accounts, newest first; those without a message before all others.
    pub conversation_order: Memo<Arc<Vec<PeerKey>>>,
    /// All unread messages together.
    pub unread: Memo<u32>,
}

impl Model {
    /// Knows nothing yet. Belongs to the owner that is current.
    #[must_use]
    pub fn new(collate: Collate) -> Self {
        let accounts = Rows::new(|old: &AccountRow, new| old.address != new.address);
        let contacts =
            Rows::new(|old: &ContactRow, new| old.name != new.name || old.groups != new.groups);
        let conversations = Rows::new(|old: &ConversationRow, new| {
            old.latest.as_ref().map(|latest| latest.position)
                != new.latest.as_ref().map(|latest| latest.position)
        });
        Self {
            ready: RwSignal::new(false),
            accounts,
            contacts,
            conversations,
            requests: Rows::new(|_, _| false),
            settings: RwSignal::new(Settings::default()),
            remembered: RwSignal::new(Vec::new()),
            interrupted: RwSignal::new(false),
            device: RwSignal::new(None),
            account_order: Memo::new(move |_| account_order(accounts)),
            contact_order: Memo::new(move |_| contact_order(contacts, collate)),
            conversation_order: Memo::new(move |_| conversation_order(conversations)),
            unread: Memo::new(move |_| {
                conversations.track();
                let mut sum = 0_u32;
                conversations.each(|_, row| sum = sum.saturating_add(row.unread));
                sum
            }),
        }
    }

    /// Folds one change in. What concerns a single page (windows, answers, notifications, logs) is not for here.
    pub fn apply(&self, change: Change) {
        match change {
            Change::Clear => {
                self.accounts.doubt();
                self.contacts.doubt();
                self.conversations.doubt();
                self.requests.doubt();
            }
            Change::Ready => {
                let were_some = !self.accounts.is_empty();
                self.accounts.sweep();
                let are_none = self.accounts.is_empty();
                self.interrupted.set(were_some && are_none);
                self.contacts.sweep();
                self.conversations.sweep();
                self.requests.sweep();
                self.ready.set(true);
            }
            Change::Account(row) => {
                self.accounts.put(row.id, row);
                self.interrupted.set(false);
            }
            Change::AccountGone(id) => {
                self.accounts.remove(&id);
                self.requests.remove(&id);
                self.contacts.retain(|key| key.account != id);
                self.conversations.retain(|key| key.account != id);
            }
            Change::Contacts { account, put, gone } => {
                for row in put {
                    let key = PeerKey::new(account, row.address.clone());
                    self.contacts.put(key, row);
                }
                for address in gone {
                    self.contacts.remove(&PeerKey::new(account, address));
                }
            }
            Change::Presences { account, put } => {
                for (address, presence) in put {
                    self.contacts.update(PeerKey::new(account, address), |row| {
                        (row.presence != presence).then(|| ContactRow {
                            presence,
                            ..row.clone()
                        })
                    });
                }
            }
            Change::Requests { account, all } => self.requests.put(account, all),
            Change::Conversations { account, put, gone } => {
                for row in put {
                    let key = PeerKey::new(account, row.peer.clone());
                    self.conversations.put(key, row);
                }
                for address in gone {
                    self.conversations.remove(&PeerKey::new(account, address));
                }
            }
            Change::Settings(settings) => {
                if self.settings.with_untracked(|old| *old != settings) {
                    self.settings.set(settings);
                }
            }
            Change::Remembered(addresses) => self.remembered.set(addresses),
            Change::Device(problem) => self.device.set(problem),
            Change::Timeline(..)
            | Change::Answer(..)
            | Change::Notify(_)
            | Change::Log(_)
            | Change::Console(_) => {}
        }
    }

    /// Ends a batch: what is derived from many rows is told once.
    pub fn settle(&self) {
        self.accounts.settle();
        self.contacts.settle();
        self.conversations.settle();
        self.requests.settle();
    }

    /// Names a row's person: as in the roster, else as in the conversation, else by the address. Follows both rows.
    #[must_use]
    pub fn name(&self, key: &PeerKey) -> String {
        if let Some(contact) = self.contacts.arc_row(key).get() {
            return contact.name.clone();
        }
        match self.conversations.arc_row(key).get() {
            Some(conversation) => conversation.name.clone(),
            None => key.address.as_str().to_owned(),
        }
    }

    /// The same, as it is now, without following.
    #[must_use]
    pub fn name_now(&self, key: &PeerKey) -> String {
        untrack(|| self.name(key))
    }

    /// What an account calls itself in "/me waves", as it is now.
    #[must_use]
    pub fn own_name_now(&self, account: AccountId) -> String {
        let own = self.accounts.peek(&account).map(|row| row.address.clone());
        own.map_or_else(String::new, |address| {
            address.local().unwrap_or(address.as_str()).to_owned()
        })
    }
}

fn account_order(accounts: Rows<AccountId, AccountRow>) -> Arc<Vec<AccountId>> {
    accounts.track_order();
    let rows = accounts.all();
    let rows = ordered_by(&rows, |(_, row)| &row.address);
    Arc::new(rows.into_iter().map(|(id, _)| *id).collect())
}

fn contact_order(contacts: Rows<PeerKey, ContactRow>, collate: Collate) -> Arc<Vec<PeerKey>> {
    contacts.track_order();
    let rows = contacts.all();
    // So that equal names keep their order.
    let rows = ordered_by(&rows, |(key, _)| key);
    let names: Vec<&str> = rows.iter().map(|(_, row)| row.name.as_str()).collect();
    let order = collate(&names);
    let keys = order.into_iter().filter_map(|index| {
        let (key, _) = rows.get(usize::try_from(index).ok()?)?;
        Some(key.clone())
    });
    Arc::new(keys.collect())
}

fn conversation_order(rows: Rows<PeerKey, ConversationRow>) -> Arc<Vec<PeerKey>> {
    rows.track_order();
    let mut keyed = Vec::with_capacity(rows.len());
    rows.each(|key, row| {
        let latest = row.latest.as_ref().map(|latest| Reverse(latest.position));
        keyed.push((latest, key.clone()));
    });
    let keyed = ordered_by(&keyed, |keyed| keyed);
    Arc::new(keyed.into_iter().map(|(_, key)| key.clone()).collect())
}

#[cfg(test)]
mod tests;
