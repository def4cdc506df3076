//! A batch: what one transaction writes.

use crate::entity::address::Address;
use crate::entity::archive::{Cursor, Gaps};
use crate::entity::contact::Contact;
use crate::entity::conversation::Conversation;
use crate::entity::id::ItemId;
use crate::entity::message::Message;
use crate::entity::presence::OwnPresence;

/// What one transaction writes, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Batch {
    /// The writes.
    pub ops: Vec<Op>,
}

/// One write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Op {
    /// Replaces the whole roster.
    PutRoster(super::Roster),
    /// Adds or replaces a contact; the version is replaced.
    PutContact(Contact, Option<String>),
    /// Removes a contact; the version is replaced.
    RemoveContact(Address, Option<String>),
    /// Adds or replaces a conversation.
    PutConversation(Conversation),
    /// Adds a message, or replaces the one of its conversation with the same `ItemId` (wherever it stood).
    PutMessage(Message),
    /// Removes a message.
    RemoveMessage(Address, ItemId),
    /// Adds known capabilities.
    PutCaps(String, Vec<String>),
    /// Own presence.
    PutPresence(OwnPresence),
    /// How far the archive is known without a gap; in the batch of the messages up to there.
    PutCursor(Cursor),
    /// Whether what conversations say of their history is so. It is not while old messages are removed to make room: to say
    /// that it is not, takes no room.
    Trust(bool),
    /// Where messages may be missing; in the batch of the messages around.
    PutGaps(Gaps),
}

impl Batch {
    /// Adds a write.
    pub fn push(&mut self, op: Op) {
        self.ops.push(op);
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }
}
