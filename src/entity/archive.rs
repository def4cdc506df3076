//! The archive of the account (XEP-0313), as far as others need a word for it: how far it is known, and where it is not.

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::id::ItemId;
use super::message::Position;
use super::time::Timestamp;

/// A place in the archive. As *the* cursor: how far we know the archive without a gap; everything up to here is stored.
///
/// The newest *contiguous* archive id, never that of the newest message seen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cursor {
    /// The archive id after which we go on; absent: from that time on ([`Cursor::BEGINNING`]: from the first one on, since
    /// the archive was empty).
    pub id: Option<String>,
    /// When that was archived: where to go on should the server have forgotten the id.
    pub time: Timestamp,
}

impl Cursor {
    /// Before everything: nothing was archived yet.
    pub const BEGINNING: Self = Self {
        id: None,
        time: Timestamp(0),
    };
}

/// Messages may be missing between two places of the archive.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Gap {
    /// Its identity: in a timeline it is an item.
    pub id: ItemId,
    /// The newest place below it up to which all is known.
    pub after: Cursor,
    /// The oldest place above it from which on all is known.
    pub before: Cursor,
    /// What orders the messages in it that have the time of one of its ends: the ties (see [`Position`]) that are free.
    pub ties: (u64, u64),
    /// Nothing of it is to be had: the server has forgotten.
    pub is_lost: bool,
}

/// How far the whole archive is known beyond the cursor.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Reach {
    /// The newest place up to which all is known but for the gaps; absent where that is the cursor.
    pub top: Option<Cursor>,
    /// The gaps, oldest first. The first that is not lost begins at the cursor.
    pub gaps: Vec<Gap>,
    /// What was archived since then may have come in below what is known: it was on its way to a session that was lost.
    pub doubt: Option<Timestamp>,
}

/// A gap in one conversation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnGap {
    /// With whom.
    pub peer: Address,
    /// It is what is left of that gap of the whole archive in this conversation.
    pub within: Option<ItemId>,
    /// From where to where.
    pub gap: Gap,
    /// Where it stands: just before the oldest message above it.
    pub at: Position,
    /// The newest message below it, if that is known.
    pub floor: Option<Position>,
    /// Above it is what came live before catch-up had begun: it is none when that has passed.
    pub is_ahead: bool,
}

/// Everything that is known of gaps.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Gaps {
    /// Those of the whole archive.
    pub all: Reach,
    /// Those of single conversations.
    pub own: Vec<OwnGap>,
    /// What gap of the whole archive does not concern which conversation: `own` has what is left of it there.
    pub apart: Vec<(ItemId, Address)>,
    /// When all was caught up last: what was heard before has a smaller tie (see [`Position`]).
    pub told: u64,
}
