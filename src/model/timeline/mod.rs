//! Timelines, as far as somebody watches them.
//!
//! **Invariant:** what a window holds is a pure function of the *set* of messages it was told, of its edges and of the gaps:
//! any order of arrival gives the same items. An item keeps its identity from local echo to archived copy, and its place
//! unless the archive has it in another order.

mod delivery;
mod window;

use crate::boundary::change::{Edge, TimelineChange};
use crate::boundary::command::Toward;
use crate::entity::address::Address;
use crate::entity::few::Few;
use crate::entity::id::{ItemId, WindowId};
use crate::entity::message::{Delivery, Message, MessageIds, Position};
use crate::model::gaps::Gaps;

pub use delivery::advance;
pub use window::{Ends, Window};

/// A window of a page. Pages are numbered by the client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Watch {
    /// Whose window.
    pub page: u32,
    /// Which of its windows.
    pub window: WindowId,
}

/// All watched windows of one account.
#[derive(Debug, Default)]
pub struct Timelines {
    windows: Few<Watch, Window>,
}

impl Timelines {
    /// Begins to watch, or watches something else under the same number.
    pub fn open(&mut self, watch: Watch, window: Window) {
        self.windows.insert(watch, window);
    }

    /// Ends a watch.
    pub fn close(&mut self, watch: Watch) {
        self.windows.remove(&watch);
    }

    /// Ends all watches of a page.
    pub fn close_page(&mut self, page: u32) {
        self.windows.retain(|watch, _| watch.page != page);
    }

    /// A window.
    pub fn window(&mut self, watch: Watch) -> Option<&mut Window> {
        self.windows.get_mut(&watch)
    }

    /// The windows of a conversation.
    pub fn of<'a>(
        &'a mut self,
        conversation: &'a Address,
    ) -> impl Iterator<Item = (Watch, &'a mut Window)> {
        self.windows
            .iter_mut()
            .filter(move |(_, window)| window.conversation() == conversation)
            .map(|(watch, window)| (*watch, window))
    }

    /// Where a message of a conversation stands, if a window holds it.
    #[must_use]
    pub fn place_of(&self, conversation: &Address, id: ItemId) -> Option<Position> {
        let windows = self.windows.iter().map(|(_, window)| window);
        let mut windows = windows.filter(|window| window.conversation() == conversation);
        windows.find_map(|window| window.place_of(id))
    }

    /// Which conversations are watched, by whom.
    pub fn watched(&self) -> impl Iterator<Item = (Watch, &Address)> {
        self.windows
            .iter()
            .map(|(watch, window)| (*watch, window.conversation()))
    }

    /// The same, for who changes windows meanwhile.
    #[must_use]
    pub fn all_watched(&self) -> Vec<(Watch, Address)> {
        let watched = self.watched();
        watched.map(|(watch, peer)| (watch, peer.clone())).collect()
    }

    /// Nothing is stored but what the windows hold: who wants more waits for the archive.
    pub(super) fn forget(&mut self) -> Vec<Message> {
        let mut held: Vec<Message> = Vec::new();
        for window in self.windows.values_mut() {
            if window.ends().older == Edge::End {
                window.set_edge(Toward::Older, Edge::More);
            }
            held.extend(window.messages().cloned());
        }
        held
    }

    /// A message is there, or is different.
    pub(super) fn put(&mut self, message: &Message) {
        for window in self.windows.values_mut() {
            if window.conversation() == &message.conversation {
                window.put(message);
            }
        }
    }

    /// An own message came further.
    pub(super) fn deliver(&mut self, conversation: &Address, id: ItemId, delivery: &Delivery) {
        for (_, window) in self.of(conversation) {
            window.update(id, |message| advance(&mut message.delivery, delivery));
        }
    }

    /// A message has other names.
    pub(super) fn name(&mut self, conversation: &Address, id: ItemId, ids: &MessageIds) {
        for (_, window) in self.of(conversation) {
            window.update(id, |message| {
                let different = message.ids != *ids;
                message.ids.clone_from(ids);
                different
            });
        }
    }

    /// A message is gone.
    pub(super) fn remove(&mut self, conversation: &Address, id: ItemId) {
        for (_, window) in self.of(conversation) {
            window.remove(id);
        }
    }

    /// Takes what the pages do not know yet.
    pub(super) fn drain(&mut self, gaps: &Gaps) -> Vec<(Watch, TimelineChange)> {
        self.windows
            .iter_mut()
            .filter_map(|(watch, window)| {
                let gaps = gaps.shown(window.conversation());
                Some((*watch, window.drain(&gaps)?))
            })
            .collect()
    }
}
