//! Which of two messages of the same time comes first.
//!
//! **Invariant:** a live message comes after every live message before it, and after every archived one of its time, until a
//! page of the archive tells where it belongs. A page
//! of history is older than those fetched before it, and comes before them; a page of catch-up is newer, and comes after
//! them; what fills a gap comes between. Archives often know whole seconds only.

use crate::entity::message::{Message, Position};
use crate::entity::time::Timestamp;

const LIVE: u64 = Position::FOR_NOW;
const ARCHIVED: u64 = 1 << 62;
/// How far apart live messages of one moment are: what was missed between them can be put there.
pub const STEP: u64 = 64;
/// How far apart those of a page are: what was archived late between them can be put there.
const APART: u64 = 16;
/// How many ties a millisecond has: its messages are told apart without looking at what was given before.
const PER_MILLISECOND: u64 = 1024;
/// Which part of what is free a page of a gap takes at most.
const SHARE: u64 = 64;
/// How many ties are left free for a gap: a quarter of a second's.
const ROOM: u64 = 256 * PER_MILLISECOND;

/// Gives out ties, increasing for what is live or missed and decreasing for history; the clock keeps them apart across
/// restarts.
#[derive(Debug)]
pub struct Order {
    live: u64,
    missed: u64,
    archived: u64,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            live: LIVE,
            missed: ARCHIVED,
            archived: ARCHIVED,
        }
    }
}

impl Order {
    /// The tie of a live message.
    pub fn next_live(&mut self, now: Timestamp) -> u64 {
        self.live = (self.live + STEP).max(LIVE + ticks(now));
        self.live
    }

    /// Gives the messages of a page of history, oldest first, their ties.
    pub fn place_page(&mut self, now: Timestamp, page: &mut [Message]) {
        let last = self.archived.min(ARCHIVED - ticks(now));
        self.archived = last.saturating_sub(length(page, APART));
        place(page, self.archived, APART);
    }

    /// Gives the messages of a page that lies above a gap, oldest first, their ties; gives back those that are left free for
    /// what is missing below, and come after all that is known below that.
    pub fn place_island(&mut self, now: Timestamp, page: &mut [Message]) -> (u64, u64) {
        let low = self.missed.max(ARCHIVED + ticks(now));
        let high = low.saturating_add(ROOM);
        self.missed = high;
        self.place_missed(now, page);
        (low, high)
    }

    /// Gives the messages of a page of catch-up, oldest first, their ties.
    pub fn place_missed(&mut self, now: Timestamp, page: &mut [Message]) {
        let first = self.missed.max(ARCHIVED + ticks(now));
        self.missed = first.saturating_add(length(page, APART));
        place(page, first, APART);
    }
}

/// Whether a page of history has put a message there, before everything of its time.
#[must_use]
pub fn is_of_history(place: Position) -> bool {
    place.tie < ARCHIVED
}

/// The same place for now: a page that knows better will come by.
#[must_use]
pub fn not_yet(place: Position) -> Position {
    Position {
        tie: place.tie | LIVE,
        ..place
    }
}

/// The place of what a page has told of before; see [`not_yet`].
#[must_use]
pub fn told(place: Position) -> Position {
    Position {
        tie: place.tie & !LIVE,
        ..place
    }
}

/// Whether a message came live, or was written here, and no page of the archive has told where it belongs.
#[must_use]
pub fn is_live(place: Position) -> bool {
    place.is_for_now()
}

/// Whether a message came live, or was written here, and has not been in any page.
#[must_use]
pub fn is_heard(place: Position) -> bool {
    is_live(place) && place.tie < LIVE + ARCHIVED / 2
}

/// The tie of what is heard now, or a smaller one.
#[must_use]
pub fn heard_at(now: Timestamp) -> u64 {
    LIVE + ticks(now)
}

/// Gives the messages of a page that ends where a gap does the highest of the ties that are free in it.
pub fn place_above(free: &mut (u64, u64), page: &mut [Message]) {
    let apart = apart(*free, page);
    free.1 = free.1.saturating_sub(length(page, apart));
    place(page, free.1, apart);
}

/// Gives the messages of a page that begins where a gap does the lowest of the ties that are free in it.
pub fn place_below(free: &mut (u64, u64), page: &mut [Message]) {
    let apart = apart(*free, page);
    place(page, free.0, apart);
    free.0 = free.0.saturating_add(length(page, apart));
}

/// How far apart the messages of a page can be, where that is free for it and for the pages that fill the rest.
fn apart(free: (u64, u64), page: &[Message]) -> u64 {
    let room = free.1.saturating_sub(free.0) / SHARE;
    (room / length(page, 1).max(1)).clamp(1, APART)
}

fn length(page: &[Message], apart: u64) -> u64 {
    let count = u64::try_from(page.len()).unwrap_or(u64::MAX);
    count.saturating_mul(apart)
}

fn place(page: &mut [Message], first: u64, apart: u64) {
    let mut tie = first;
    for message in page {
        message.position.tie = tie;
        tie = tie.saturating_add(apart);
    }
}

fn ticks(now: Timestamp) -> u64 {
    let ms = u64::try_from(now.0).unwrap_or_default();
    ms.saturating_mul(PER_MILLISECOND).min(ARCHIVED - 1)
}
