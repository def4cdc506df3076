//! How far the archive is known, and what a page teaches of it.
//!
//! **Invariant:** the cursor is the newest *contiguous* place. What is known beyond the first gap lies between the gaps and
//! below the top. A gap only becomes smaller, and ends when the place below it is met.

use crate::entity::archive::{Cursor, Gap, Reach};
use crate::entity::id::ItemId;
use crate::event::{Spot, Stretch};

/// So many gaps that are lost for ever are remembered.
const LOST: usize = 50;

/// How far the archive is known.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Known {
    /// As it is stored.
    pub(super) cursor: Option<Cursor>,
    /// What is known beyond it.
    pub(super) reach: Reach,
}

impl Known {
    /// The newest place that is known.
    pub(super) fn top(&self) -> Option<&Cursor> {
        self.reach.top.as_ref().or(self.cursor.as_ref())
    }

    /// The newest gap that can be filled.
    pub(super) fn gap(&self) -> Option<&Gap> {
        self.reach.gaps.iter().rfind(|gap| !gap.is_lost)
    }

    /// A page at the top ends there, and all before it is known from the old top on.
    pub(super) fn advance(&mut self, top: Cursor) {
        if self.gap().is_none() {
            self.reach.top = None;
            self.cursor = Some(top);
        } else {
            self.reach.top = Some(top);
        }
    }

    /// The newest page lies beyond the top, and nobody knows what lies between.
    pub(super) fn part(&mut self, id: ItemId, ties: (u64, u64), before: Cursor, top: Cursor) {
        let Some(after) = self.top().cloned() else {
            return self.advance(top);
        };
        self.reach.gaps.push(Gap {
            id,
            after,
            before,
            ties,
            is_lost: false,
        });
        self.reach.top = Some(top);
    }

    /// The archive goes on there: what it had between the top and that place, it has forgotten.
    pub(super) fn note_lost(&mut self, id: ItemId, before: Cursor) {
        let Some(after) = self.top().cloned() else {
            return;
        };
        self.reach.gaps.push(Gap {
            id,
            after,
            before,
            ties: (0, 0),
            is_lost: true,
        });
        self.forget_lost();
    }

    /// The ties that are free in the newest gap.
    pub(super) fn ties(&mut self) -> Option<&mut (u64, u64)> {
        let mut gaps = self.reach.gaps.iter_mut();
        let gap = gaps.rfind(|gap| !gap.is_lost);
        gap.map(|gap| &mut gap.ties)
    }

    /// The newest gap ends there now; not at all, if that is nowhere.
    pub(super) fn narrow(&mut self, before: Option<Cursor>) {
        let newest = self.reach.gaps.iter().rposition(|gap| !gap.is_lost);
        let Some(at) = newest else { return };
        match before {
            Some(before) => {
                if let Some(gap) = self.reach.gaps.get_mut(at) {
                    gap.before = before;
                }
            }
            None => {
                self.reach.gaps.remove(at);
                self.join();
            }
        }
    }

    /// What is left of the newest gap is not to be had.
    pub(super) fn lose(&mut self) {
        let mut gaps = self.reach.gaps.iter_mut();
        if let Some(gap) = gaps.rfind(|gap| !gap.is_lost) {
            gap.is_lost = true;
        }
        self.forget_lost();
        self.join();
    }

    /// Without gaps that can be filled, the top is the cursor.
    fn join(&mut self) {
        if self.gap().is_none()
            && let Some(top) = self.reach.top.take()
        {
            self.cursor = Some(top);
        }
    }

    fn forget_lost(&mut self) {
        let lost = self.reach.gaps.iter().filter(|gap| gap.is_lost).count();
        if lost > LOST
            && let Some(at) = self.reach.gaps.iter().position(|gap| gap.is_lost)
        {
            self.reach.gaps.remove(at);
        }
    }
}

/// A place that a page names. Where its time is not known, that of a place known before does no harm.
pub(super) fn place(spot: &Spot, before: Option<&Cursor>) -> Cursor {
    let time = spot.time.or(before.map(|before| before.time));
    Cursor {
        id: Some(spot.id.clone()),
        time: time.unwrap_or_default(),
    }
}

/// Whether a page, read backward from the newest item that is not older than a place, reaches that place.
pub(super) fn reaches(page: &Stretch, place: &Cursor) -> bool {
    page.is_complete || page.holds(place) || page.begins_before(place.time)
}
