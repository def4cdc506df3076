//! Up to where was read, where messages of a conversation move.

use crate::entity::address::Address;
use crate::entity::conversation::Conversation;
use crate::entity::message::{Message, Position};
use crate::model::before;
use crate::xmpp::message::order::{is_heard, is_live};

use super::Account;
use super::fold::is_incoming;
use super::outbox::is_written_here;

impl Account {
    /// The messages of a page, and those that it has moved, are in their places: what was read still is.
    pub(super) fn keep_read(&mut self, peer: &Address, before: &Read) {
        if before.is_less {
            self.recount.insert(peer.clone());
        }
        let Some(read) = before.moved() else { return };
        self.move_guess(peer, before.before, read);
        let mut model = self.model.borrow_mut();
        let flagged = model.conversations.of(peer);
        let flagged = flagged.and_then(|known| known.displayed.flagged.as_ref());
        // What our account says is displayed stays so, with all that the archive has before it; but for what counted as unread.
        let told = flagged.map(|flagged| flagged.position);
        let told = told.filter(|told| !is_live(*told) && !before.is_passed);
        let read = told.map_or(read, |told| told.max(read));
        model.conversations.set_read(peer, read);
        self.recount.insert(peer.clone());
    }
}

/// Up to where was read, where messages move. Told of all messages of a page, and of all that it moves.
#[derive(Debug)]
pub(super) struct Read {
    before: Option<Position>,
    /// Up to where our account says that it was.
    flagged: Option<Position>,
    /// The tie of what was heard when it said so, if another device has said it in this engine's life.
    heeded: Option<u64>,
    /// Our account says just that: what was heard after that message, nobody may have read, wherever it stands.
    is_told: bool,
    /// Nothing is unread.
    is_all: bool,
    /// The first message that nobody has read.
    unread: Option<Position>,
    /// The last one that somebody has.
    read: Option<Position>,
    /// The message up to which was read was written here, and has this place now.
    own: Option<Position>,
    /// The message up to which was read moves.
    is_moved: bool,
    /// A message that counted as unread stands before that now.
    is_passed: bool,
    /// One that counted as unread does not any more.
    is_less: bool,
    /// The page lies above a gap that begins there, and up to where was read, in that gap or below, is not known.
    gap: Option<Position>,
}

impl Read {
    pub(super) fn of(known: Option<&Conversation>, heeded: Option<u64>) -> Self {
        let flagged = known.and_then(|known| known.displayed.flagged.as_ref());
        let flagged = flagged.map(|flagged| flagged.position);
        let before = known.and_then(|known| known.read);
        Self {
            before,
            flagged,
            heeded,
            is_told: flagged == before,
            is_all: known.is_none_or(|known| known.unread == 0),
            unread: None,
            read: None,
            own: None,
            is_moved: false,
            is_passed: false,
            is_less: false,
            gap: None,
        }
    }

    /// The message up to which was read may stand anywhere in the gap below the page, which begins there.
    pub(super) fn part(&mut self, gap: Position) {
        self.gap = Some(gap);
    }

    pub(super) fn note_fresh(&mut self, message: &Message) {
        if is_incoming(message) {
            self.note_unread(message.position);
        }
    }

    fn note_unread(&mut self, at: Position) {
        self.unread = Some(self.unread.map_or(at, |unread| unread.min(at)));
    }

    /// Whether a message that nobody has read is in the page, and comes before that place.
    pub(super) fn is_unread_below(&self, at: Position) -> bool {
        self.unread.is_some_and(|unread| unread < at)
    }

    /// From where the message up to which was read moves, if it does.
    pub(super) fn leaves(&self) -> Option<Position> {
        self.before.filter(|_| self.is_moved)
    }

    /// What stands there was read, and is not in the page.
    pub(super) fn keep(&mut self, at: Position) {
        self.read = self.read.max(Some(at));
    }

    /// The highest place of what the page tells of and was read.
    pub(super) fn told(&self) -> Option<Position> {
        self.read
    }

    /// Whether it stands below the message up to which was read, and was heard and read there.
    pub(super) fn was_read(&self, known: &Message) -> bool {
        is_incoming(known) && is_heard(known.position) && !self.is_heard_later(known)
    }

    /// Whether our account says that it was displayed, and said so after we had heard it: it only stood above that for now.
    fn is_flagged(&self, known: &Message, at: Position) -> bool {
        self.flagged.is_some_and(|flagged| {
            let tie = known.position.tie;
            let is_later = is_heard(flagged) && tie > flagged.tie;
            let is_before = self.heeded.is_some_and(|heeded| tie < heeded);
            let was_heard = is_heard(known.position) && is_before && !is_later;
            // A page of history has told of it, ahead of catch-up: our account's word holds for its place in the archive.
            let is_ahead = is_live(known.position) && !is_heard(known.position);
            at <= flagged && (was_heard || is_ahead && !is_live(flagged))
        })
    }

    /// Whether it was heard after the message up to which our account says that was read, and stands below that for now: it came
    /// with the time of a server that is behind our clock.
    fn is_heard_later(&self, known: &Message) -> bool {
        let heard = self
            .before
            .filter(|before| self.is_told && is_heard(*before));
        is_incoming(known)
            && heard
                .is_some_and(|before| is_heard(known.position) && known.position.tie > before.tie)
    }

    /// A message that was known stands there now. Who has read others' messages still has; who wrote has read what was there.
    pub(super) fn note(&mut self, known: &Message, at: Position) {
        if Some(known.position) > self.before || self.is_heard_later(known) {
            if self.is_flagged(known, at) {
                self.is_less |= is_incoming(known);
            } else if is_incoming(known) {
                self.note_unread(at);
                self.is_passed |= Some(at) <= self.before;
            }
            return;
        }
        let is_it = Some(known.position) == self.before;
        self.is_moved |= is_it && known.position != at;
        if !is_written_here(known) {
            self.read = self.read.max(Some(at));
        } else if is_it && (self.is_all || at < known.position) {
            self.own = Some(at);
        }
    }

    /// Up to where was read, if that is another place now. What counted as unread still does: once too often is better than
    /// never.
    pub(super) fn moved(&self) -> Option<Position> {
        let unread = self.unread.map(before);
        let own = self
            .own
            .map(|own| unread.map_or(own, |unread| unread.min(own)));
        match self.read.max(own).filter(|_| self.is_moved) {
            None if self.is_passed => {
                unread.map(|unread| self.gap.map_or(unread, |gap| unread.min(gap)))
            }
            now => now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::conversation::Flagged;
    use crate::entity::id::ItemId;
    use crate::entity::message::{Delivery, Direction, MessageIds};
    use crate::entity::time::Timestamp;
    use crate::xmpp::message::order::{Order, not_yet};

    fn juliet() -> Address {
        Address::parse("juliet@example.org").unwrap()
    }

    /// Two of one second, as a page has them.
    fn page() -> [Message; 2] {
        let mut page = [1, 2].map(|number| Message {
            id: ItemId(number),
            position: Position::default(),
            conversation: juliet(),
            direction: Direction::Incoming,
            time: Timestamp(5_000),
            body: number.to_string(),
            ids: MessageIds::default(),
            delivery: Delivery::Sent,
        });
        for message in &mut page {
            message.position.time = message.time;
        }
        Order::default().place_missed(Timestamp(9_000), &mut page);
        page
    }

    /// Our account says that the second was displayed, and the first counts as unread: it stands above that for now.
    fn flagged(at: Position) -> Conversation {
        let mut known = Conversation::new(juliet());
        known.read = Some(at);
        known.unread = 1;
        known.displayed.flagged = Some(Flagged {
            id: "a2".into(),
            position: at,
        });
        known
    }

    /// Seed 8058060 of the simulation: a page of history has told of both, and pages that fill a gap put the newer one in its
    /// place first.
    #[test]
    fn what_history_has_told_of_is_displayed_where_our_account_says_so() {
        let [first, second] = page();
        let at = first.position;
        let ahead = Message {
            position: not_yet(at),
            ..first
        };
        let mut read = Read::of(Some(&flagged(second.position)), None);
        read.note(&ahead, at);
        assert!(!read.is_unread_below(second.position));
        assert_eq!(read.moved(), None);
        // The other stands for now, too: where that belongs is not known.
        let mut read = Read::of(Some(&flagged(not_yet(second.position))), None);
        read.note(
            &Message {
                position: Position {
                    tie: u64::MAX,
                    ..ahead.position
                },
                ..ahead
            },
            at,
        );
        assert_eq!(read.moved(), Some(before(at)));
    }
}
