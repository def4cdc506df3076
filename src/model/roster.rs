//! Contacts, and those who wish to be.

use std::collections::{BTreeMap, BTreeSet};

use crate::boundary::change::ContactRow;
use crate::entity::address::Address;
use crate::entity::contact::{Contact, SubscriptionRequest};
use crate::entity::order;
use crate::entity::presence::Presence;
use crate::event::RosterEvent;

use super::text;

/// The roster and the requests.
#[derive(Debug, Default)]
pub struct Roster {
    contacts: BTreeMap<Address, Contact>,
    requests: Vec<SubscriptionRequest>,
    dirty: BTreeSet<Address>,
    requests_dirty: bool,
}

impl Roster {
    pub(super) fn new(contacts: Vec<Contact>) -> Self {
        let mut roster = Self::default();
        for contact in contacts {
            roster.dirty.insert(contact.address.clone());
            roster.contacts.insert(contact.address.clone(), contact);
        }
        roster
    }

    /// A contact.
    #[must_use]
    pub fn contact(&self, address: &Address) -> Option<&Contact> {
        self.contacts.get(address)
    }

    /// What to call somebody: a contact by its name, a stranger by the whole address.
    #[must_use]
    pub fn name(&self, address: &Address) -> String {
        match self.contacts.get(address) {
            Some(contact) => text::name(contact.display_name()),
            None => address.as_str().to_owned(),
        }
    }

    /// All addresses, sorted.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.contacts.keys()
    }

    /// Everybody who waits for our permission.
    pub(super) fn requests(&self) -> &[SubscriptionRequest] {
        &self.requests
    }

    pub(super) fn row(&self, address: &Address, presence: Presence) -> Option<ContactRow> {
        let contact = self.contacts.get(address)?;
        let mut groups = contact.groups.clone();
        order::sort(&mut groups);
        Some(ContactRow {
            address: contact.address.clone(),
            name: text::name(contact.display_name()),
            is_named: contact.given_name().is_some(),
            groups,
            subscription: contact.subscription,
            asked: contact.asked,
            presence,
        })
    }

    pub(super) fn apply(&mut self, event: &RosterEvent) {
        match event {
            RosterEvent::Loaded { contacts, .. } => {
                let mut before = std::mem::take(&mut self.contacts);
                for contact in contacts {
                    if before.remove(&contact.address).as_ref() != Some(contact) {
                        self.dirty.insert(contact.address.clone());
                    }
                    self.contacts
                        .insert(contact.address.clone(), contact.clone());
                }
                self.dirty.extend(before.into_keys());
            }
            RosterEvent::Unchanged | RosterEvent::Failed(_) => {}
            RosterEvent::Updated { contact, .. } => {
                self.dirty.insert(contact.address.clone());
                self.contacts
                    .insert(contact.address.clone(), contact.clone());
            }
            RosterEvent::Removed { address, .. } => {
                if self.contacts.remove(address).is_some() {
                    self.dirty.insert(address.clone());
                }
            }
            RosterEvent::Requested(request) => {
                // RFC 6121 §3.1.3: the server sends a request again at each log-in.
                match self
                    .requests
                    .iter_mut()
                    .find(|known| known.address == request.address)
                {
                    Some(known) => known.clone_from(request),
                    None => self.requests.push(request.clone()),
                }
                self.requests_dirty = true;
            }
            RosterEvent::RequestSettled(address) => {
                self.requests.retain(|known| known.address != *address);
                self.requests_dirty = true;
            }
        }
    }

    /// A new session begins: the server tells all pending requests anew.
    pub(super) fn forget_requests(&mut self) {
        self.requests_dirty |= !self.requests.is_empty();
        self.requests.clear();
    }

    pub(super) fn take_dirty(&mut self) -> BTreeSet<Address> {
        std::mem::take(&mut self.dirty)
    }

    pub(super) fn take_requests_dirty(&mut self) -> bool {
        std::mem::take(&mut self.requests_dirty)
    }
}
