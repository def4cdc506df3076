//! Where the messages that memory was told meet those that the disk has.

use crate::entity::conversation::Conversation;
use crate::entity::id::ItemId;
use crate::entity::message::Position;
use crate::entity::time::Timestamp;
use crate::store::Snapshot;

/// What memory's messages of one conversation tell of what the disk knew of it.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// Where memory begins.
    pub(super) oldest: Option<Position>,
    /// Some of them were the disk's, too.
    pub(super) overlaps: bool,
    /// The first of these that memory did not have from the disk.
    held: Option<Position>,
    /// Those that the disk did not have, and that were there before its cursor.
    old: Vec<Position>,
    /// Where messages were, on the disk and in memory, and where they are now.
    moved: Vec<(Position, Position)>,
}

impl Met {
    /// Of one message: what memory was told, what the disk is to have, and where it had it before.
    pub(super) fn note(
        &mut self,
        (id, position, time): (ItemId, Position, Timestamp),
        (new, to): (ItemId, Position),
        before: Option<Position>,
        held: &Snapshot,
    ) {
        let least =
            |known: Option<Position>, at: Position| Some(known.map_or(at, |known| known.min(at)));
        self.oldest = least(self.oldest, to);
        self.overlaps |= before.is_some();
        if new != id {
            self.held = least(self.held, position);
        } else if held.cursor.as_ref().is_some_and(|known| time <= known.time) {
            self.old.push(position);
        }
        let places = before.into_iter().chain([position]);
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
            if let Some((_, to)) = self.moved.iter().find(|(from, _)| from == at) {
                *at = *to;
            }
        }
        known
    }
}
