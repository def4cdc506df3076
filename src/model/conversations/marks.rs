//! How far was read: on this device, and as our account says (XEP-0490).

use crate::entity::address::Address;
use crate::entity::conversation::{Conversation, Displayed, Flagged};
use crate::entity::message::Position;

use super::Conversations;

impl Conversations {
    /// Everything up to here was seen, on this device. What our account does not say already, it is owed. Returns true when the
    /// unread messages after it must be counted anew.
    #[must_use]
    pub fn mark_read(&mut self, peer: &Address, position: Position) -> bool {
        let is_owed = |known: &Conversation| {
            let Displayed { flagged, owed } = &known.displayed;
            let flagged = flagged.as_ref().map(|flagged| flagged.position);
            // Also where more counts as read: what another device sent is no word to our account on what was displayed.
            !owed && flagged < Some(position)
        };
        if self.known.get(peer).is_some_and(is_owed) {
            self.change(peer, |conversation| conversation.displayed.owed = true);
        }
        self.advance(peer, position)
    }

    /// Our account says that everything up to here was displayed: on another device, or here. Returns what
    /// [`Self::mark_read`] does.
    #[must_use]
    pub fn flag(&mut self, peer: &Address, flagged: Flagged) -> bool {
        let position = flagged.position;
        let Some(known) = self.known.get(peer) else {
            return false;
        };
        let before = known.displayed.flagged.as_ref();
        if before.is_none_or(|before| before.position < position) {
            self.change(peer, |conversation| {
                conversation.displayed.flagged = Some(flagged);
                conversation.displayed.owed &= conversation.read > Some(position);
            });
        }
        self.advance(peer, position)
    }

    /// Our account says this now, and said more before: it is owed that. Tells whether it is so.
    #[must_use]
    pub fn set_back(&mut self, peer: &Address, flagged: &Flagged) -> bool {
        let before = self
            .known
            .get(peer)
            .and_then(|known| known.displayed.flagged.as_ref());
        let is_back = before.is_some_and(|before| before.position > flagged.position);
        if is_back {
            self.change(peer, |conversation| {
                conversation.displayed.flagged = Some(flagged.clone());
                conversation.displayed.owed = true;
            });
        }
        is_back
    }

    /// There is nothing to tell our account of what was read up to here.
    pub fn settle(&mut self, peer: &Address, read: Position) {
        if self
            .known
            .get(peer)
            .is_some_and(|known| known.displayed.owed && known.read == Some(read))
        {
            self.change(peer, |conversation| conversation.displayed.owed = false);
        }
    }

    /// The conversations that were read further than our account was told.
    #[must_use]
    pub fn owed(&self) -> Vec<Conversation> {
        let owed = self.known.values().filter(|known| known.displayed.owed);
        owed.cloned().collect()
    }

    /// Everything up to here was seen.
    fn advance(&mut self, peer: &Address, position: Position) -> bool {
        let Some(known) = self.known.get(peer) else {
            return false;
        };
        let latest = known.latest.as_ref().map(|latest| latest.position);
        // Nobody has read beyond the last message: a page may tell of one that stands elsewhere meanwhile.
        let position = latest.map_or(position, |latest| position.min(latest));
        let all = latest.is_none_or(|latest| latest <= position);
        if known.read >= Some(position) && (known.unread == 0 || !all) {
            return false;
        }
        self.change(peer, |conversation| {
            conversation.read = conversation.read.max(Some(position));
            if all {
                conversation.unread = 0;
            }
        });
        !all
    }

    /// The conversations that count as unread.
    #[must_use]
    pub fn unread_peers(&self) -> Vec<Address> {
        let unread = self.known.values().filter(|known| known.unread > 0);
        unread.map(|known| known.peer.clone()).collect()
    }

    /// The store's count of unread messages.
    pub fn set_unread(&mut self, peer: &Address, unread: u32) {
        if self
            .known
            .get(peer)
            .is_some_and(|known| known.unread != unread)
        {
            self.change(peer, |conversation| conversation.unread = unread);
        }
    }

    /// The message up to which was read has another place, and with it what was read before it.
    pub fn set_read(&mut self, peer: &Address, read: Position) {
        self.change(peer, |conversation| conversation.read = Some(read));
    }
}
