//! A message of a conversation: one item of a timeline, from local echo to archived copy.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::id::ItemId;
use super::problem::Problem;
use super::time::Timestamp;

/// Where an item stands in its timeline. Assigned when the item is first seen, and kept, unless the archive has it elsewhere.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Position {
    /// The time that orders it: of the archive, of a trusted delay, or of arrival.
    pub time: Timestamp,
    /// Orders what has the same time: archive order, else order of arrival. Two messages of one conversation seldom have the
    /// same; then their identity orders them ([`Message::by_place`]).
    pub tie: u64,
}

impl Position {
    /// From this tie on it is a place for now: no page of the archive has told where the message belongs, or catch-up comes by
    /// there once more.
    pub const FOR_NOW: u64 = 1 << 63;

    /// Whether it is a place for now.
    #[must_use]
    pub fn is_for_now(self) -> bool {
        self.tie >= Self::FOR_NOW
    }
}

/// One message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Message {
    /// Its identity on this device.
    pub id: ItemId,
    /// Its place.
    pub position: Position,
    /// The conversation it belongs to: the other's bare JID.
    pub conversation: Address,
    /// Ours or theirs.
    pub direction: Direction,
    /// When it was sent, as shown: the stamp of a delay, else the time of arrival or of composing.
    pub time: Timestamp,
    /// Plain text. Hostile; never markup.
    pub body: String,
    /// The names that others gave it.
    pub ids: MessageIds,
    /// How far an own message came; `Sent` for those of others.
    pub delivery: Delivery,
}

impl Message {
    /// The order of messages within a conversation.
    #[must_use]
    pub fn by_place(&self, other: &Self) -> Ordering {
        (self.position, self.id).cmp(&(other.position, other.id))
    }

    /// Written by us, and no server has it yet.
    #[must_use]
    pub fn is_being_sent(&self) -> bool {
        self.direction == Direction::Outgoing && self.delivery == Delivery::Sending
    }
}

/// Who wrote a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Direction {
    /// The other.
    Incoming,
    /// We, on this or on another device.
    Outgoing,
}

/// The names of a message on the wire.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct MessageIds {
    /// The `id` attribute of the stanza.
    pub stanza: Option<String>,
    /// XEP-0359 origin-id: the sender's name for it.
    pub origin: Option<String>,
    /// XEP-0359 stanza-id `by` our own account: its name in our archive. Trusted (see `xmpp::trust`).
    pub archive: Option<String>,
}

/// How far an own message came. It is stored by its place in this list: a new one comes last.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Delivery {
    /// Stored here; the server has not confirmed it.
    Sending,
    /// The server has it.
    Sent,
    /// A device of the other has it (XEP-0184).
    Delivered,
    /// The other has seen it (XEP-0333).
    Read,
    /// Refused.
    Failed(Problem),
    /// Refused for now: it is sent again by itself.
    Delayed(Problem),
}

impl Delivery {
    /// On its way: what is known only here.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::Sending | Self::Delayed(_))
    }

    /// Nobody but this device has it: it is on its way, or was refused.
    #[must_use]
    pub fn is_ours_alone(&self) -> bool {
        self.is_pending() || matches!(self, Self::Failed(_))
    }
}
