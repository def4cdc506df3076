//! Who can be reached.

use std::collections::{HashMap, HashSet};

use crate::entity::address::Address;
use crate::entity::order;
use crate::entity::presence::Presence;
use crate::event::PresenceEvent;

/// Everybody's presence, as far as it is known.
#[derive(Debug, Default)]
pub struct Presences {
    known: HashMap<Address, Presence>,
    dirty: HashSet<Address>,
}

impl Presences {
    /// Somebody's presence.
    #[must_use]
    pub fn of(&self, address: &Address) -> Presence {
        self.known.get(address).cloned().unwrap_or_default()
    }

    /// Everybody whose presence is known.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Address, &Presence)> {
        self.known.iter()
    }

    pub(super) fn apply(&mut self, event: &PresenceEvent) {
        match event {
            PresenceEvent::Changed(address, presence) => {
                if self.known.get(address) != Some(presence) {
                    self.known.insert(address.clone(), presence.clone());
                    self.dirty.insert(address.clone());
                }
            }
            PresenceEvent::Forgotten => {
                self.dirty
                    .extend(self.known.drain().map(|(address, _)| address));
            }
        }
    }

    /// Takes what is different, sorted.
    pub(super) fn take_dirty(&mut self) -> Vec<Address> {
        let mut dirty: Vec<_> = self.dirty.drain().collect();
        order::sort(&mut dirty);
        dirty
    }
}
