//! Where the messages that memory was told meet those that the disk has.

use crate::entity::archive::Cursor;
use crate::entity::conversation::Conversation;
use crate::entity::id::ItemId;
use crate::entity::message::{Direction, Message, Position};
use crate::model::before;
use crate::xmpp::message::order::is_live;

/// What memory's messages of one conversation tell of what the disk knew of it.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// Where what others sent begins in memory.
    pub(super) oldest: Option<Position>,
    /// Some of them were the disk's, too.
    pub(super) overlaps: bool,
    /// The first of these that memory did not have from the disk.
    held: Option<Position>,
    /// Those that the disk did not have, and that were there before its cursor.
    old: Vec<Position>,
    /// The first that others sent and the archive has had since, of those that the disk did not have.
    new: Option<Position>,
    /// Where messages were, on the disk and in memory, and where they are now.
    moved: Vec<(Position, Position)>,
}

impl Met {
    /// Of one message that memory was told: what the disk is to have, and where it had it before.
    pub(super) fn note(
        &mut self,
        told: &Message,
        (id, to): (ItemId, Position),
        before: Option<Position>,
        cursor: Option<&Cursor>,
    ) {
        let is_incoming = told.direction == Direction::Incoming;
        if is_incoming {
            self.oldest = least(self.oldest, to);
        }
        self.overlaps |= before.is_some();
        let is_old = cursor.is_some_and(|cursor| told.time <= cursor.time);
        if id != told.id {
            self.held = least(self.held, told.position);
        } else if is_old {
            self.old.push(told.position);
        } else if is_incoming && before.is_none() && !is_live(to) {
            self.new = least(self.new, to);
        }
        let places = before.into_iter().chain([told.position]);
        let moved = places.filter(|from| *from != to);
        self.moved.extend(moved.map(|from| (from, to)));
    }

    /// How far a conversation that was never read counts as read: up to the newest of what was there before the disk's last
    /// session, and before what the disk knew to be unread.
    pub(super) fn seen(&self) -> Option<Position> {
        let is_before = |at: &&Position| self.held.is_none_or(|held| **at < held);
        self.old.iter().filter(is_before).max().copied()
    }

    /// The conversation, its marks where its messages are now.
    pub(super) fn moved(&self, mut known: Conversation) -> Conversation {
        let latest = known.latest.as_mut().map(|latest| &mut latest.position);
        let flagged = known.displayed.flagged.as_mut();
        let flagged = flagged.map(|flagged| &mut flagged.position);
        for at in [known.read.as_mut(), latest, flagged].into_iter().flatten() {
            *at = self.place(*at);
        }
        known
    }

    /// The same of the conversation as the disk had it. A mark that was set by a clock that was ahead hides nothing of what came
    /// after it.
    pub(super) fn held(&self, held: Conversation) -> Conversation {
        let was = held.read;
        let held = self.moved(held);
        let is_for_now = was.is_some_and(is_live) && held.read == was;
        match self.new {
            Some(new) if is_for_now && held.read >= Some(new) => Conversation {
                read: Some(before(new)),
                ..held
            },
            _ => held,
        }
    }

    /// Where a message is now, or the place just before it.
    fn place(&self, at: Position) -> Position {
        let moved = self.moved.iter().find_map(|(from, to)| {
            let just_before = (before(*from) == at).then(|| before(*to));
            (*from == at).then_some(*to).or(just_before)
        });
        moved.unwrap_or(at)
    }
}

fn least(known: Option<Position>, at: Position) -> Option<Position> {
    Some(known.map_or(at, |known| known.min(at)))
}
