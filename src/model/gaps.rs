//! Where messages of a conversation may be missing: items of its timeline.
//!
//! **Invariant:** a gap of the whole archive is one of every conversation, until more is known of that conversation; from then
//! on it has a gap of its own, or none. What is shown is a pure function of what is known.

use std::collections::HashMap;

use crate::boundary::change::GapState;
use crate::entity::address::Address;
use crate::entity::archive::{self, Cursor, Gap, OwnGap, Reach};
use crate::entity::id::ItemId;
use crate::entity::message::Position;
use crate::entity::time::Timestamp;

use super::conversations::before;

/// The gaps of an account.
#[derive(Debug, Default)]
pub struct Gaps {
    known: archive::Gaps,
    /// What becomes of filling them.
    states: HashMap<(Address, ItemId), GapState>,
    /// Catch-up is under way: what came live ahead of it is no gap yet.
    is_catching_up: bool,
    /// The store does not know yet.
    unsaved: bool,
}

/// A gap as an item of a timeline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// Its identity.
    pub id: ItemId,
    /// Its place.
    pub at: Position,
    /// What becomes of it.
    pub state: GapState,
}

impl Gaps {
    pub(super) fn new(known: archive::Gaps) -> Self {
        Self {
            known,
            ..Self::default()
        }
    }

    /// This is stored, whatever was known before.
    pub(super) fn restore(&mut self, known: archive::Gaps) {
        self.known = known;
    }

    /// The gaps of a conversation.
    #[must_use]
    pub fn of(&self, peer: &Address) -> Vec<OwnGap> {
        let own = self.known.own.iter().filter(|own| own.peer == *peer);
        let all = self.known.all.gaps.iter();
        let all = all.filter(|gap| !self.is_apart(gap.id, peer));
        let mut gaps: Vec<OwnGap> = own.cloned().collect();
        gaps.extend(all.map(|gap| part_of(gap, peer)));
        gaps
    }

    /// A gap of a conversation.
    #[must_use]
    pub fn find(&self, peer: &Address, id: ItemId) -> Option<OwnGap> {
        self.of(peer).into_iter().find(|own| own.gap.id == id)
    }

    /// The gaps of a conversation as items.
    #[must_use]
    pub fn shown(&self, peer: &Address) -> Vec<Shown> {
        let gaps = self.of(peer).into_iter();
        let gaps = gaps.filter(|own| !(own.is_ahead && self.is_catching_up));
        let gaps = gaps.map(|own| Shown {
            id: own.gap.id,
            at: own.at,
            state: if own.gap.is_lost {
                GapState::Lost
            } else {
                let state = self.states.get(&(own.peer, own.gap.id));
                state.cloned().unwrap_or_default()
            },
        });
        gaps.collect()
    }

    /// Since when something was missed that is not here yet.
    #[must_use]
    pub fn missed_since(&self) -> Option<Timestamp> {
        let mut all = self.known.all.gaps.iter();
        let gap = all.find(|gap| !gap.is_lost);
        gap.map(|gap| gap.after.time)
    }

    /// Since when something may have been missed: also what the archive had not yet when it was asked.
    #[must_use]
    pub fn doubted_since(&self) -> Option<Timestamp> {
        let doubts = [self.missed_since(), self.known.all.doubt];
        doubts.into_iter().flatten().min()
    }

    /// Of what was heard before this (see [`archive::Gaps::told`]), pages of the archive have told, or they never will.
    #[must_use]
    pub fn told(&self) -> u64 {
        self.known.told
    }

    /// All is caught up that was heard before this.
    pub fn set_told(&mut self, told: u64) {
        self.unsaved |= self.known.told != told;
        self.known.told = told;
    }

    /// A message has another place: a gap that lies before it or after it still does.
    pub fn on_moved(&mut self, peer: &Address, from: Position, to: Position) {
        for own in self.known.own.iter_mut().filter(|own| own.peer == *peer) {
            if own.at < from && to <= own.at {
                own.at = before(to);
                self.unsaved = true;
            }
            if own.floor == Some(from) {
                own.floor = Some(to);
                self.unsaved = true;
            }
        }
    }

    /// What becomes of filling a gap.
    pub fn set_state(&mut self, peer: &Address, id: ItemId, state: GapState) {
        self.states.insert((peer.clone(), id), state);
    }

    /// What could not be had may be had now.
    pub fn forget_failures(&mut self) {
        self.states
            .retain(|_, state| matches!(state, GapState::Loading));
    }

    /// Whether catch-up is under way: where it is quick nobody needs to see a gap.
    pub fn set_catching_up(&mut self, is_catching_up: bool) {
        self.is_catching_up = is_catching_up;
    }

    /// Catch-up has passed what came live ahead of it.
    pub fn forget_ahead(&mut self) {
        if self.known.own.iter().any(|own| own.is_ahead) {
            self.known.own.retain(|own| !own.is_ahead);
            self.unsaved = true;
        }
    }

    /// The whole archive is known so far now.
    pub fn set_reach(&mut self, reach: &Reach) {
        self.known.all.clone_from(reach);
        let all = &reach.gaps;
        let of = |within: ItemId| all.iter().find(|gap| gap.id == within);
        self.known.own.retain_mut(|own| {
            let Some(within) = own.within else {
                return true;
            };
            match of(within) {
                Some(whole) => trim(own, whole),
                None => false,
            }
        });
        self.known.apart.retain(|(within, _)| of(*within).is_some());
        self.unsaved = true;
    }

    /// A gap of a conversation is so now, or is there.
    pub fn put(&mut self, own: OwnGap) {
        if let Some(within) = own.within {
            self.part(within, &own.peer);
        }
        let is_it = |other: &&mut OwnGap| other.peer == own.peer && other.gap.id == own.gap.id;
        match self.known.own.iter_mut().find(is_it) {
            Some(known) => *known = own,
            None => self.known.own.push(own),
        }
        self.unsaved = true;
    }

    /// There is no gap there in that conversation.
    pub fn close(&mut self, own: &OwnGap) {
        if let Some(within) = own.within {
            self.part(within, &own.peer);
        }
        let is_it = |other: &OwnGap| other.peer == own.peer && other.gap.id == own.gap.id;
        self.known.own.retain(|other| !is_it(other));
        self.states.remove(&(own.peer.clone(), own.gap.id));
        self.unsaved = true;
    }

    /// A conversation is heard of for the first time: what lies before that is its history, whatever is missing elsewhere.
    pub fn set_apart(&mut self, peer: &Address) {
        let all: Vec<ItemId> = self.known.all.gaps.iter().map(|gap| gap.id).collect();
        self.unsaved |= !all.is_empty();
        for gap in all {
            self.part(gap, peer);
        }
    }

    /// Takes what is to be stored.
    pub fn take_unsaved(&mut self) -> Option<archive::Gaps> {
        std::mem::take(&mut self.unsaved).then(|| self.known.clone())
    }

    fn part(&mut self, within: ItemId, peer: &Address) {
        if !self.is_apart(within, peer) {
            self.known.apart.push((within, peer.clone()));
        }
    }

    fn is_apart(&self, within: ItemId, peer: &Address) -> bool {
        let mut apart = self.known.apart.iter();
        apart.any(|(gap, with)| *gap == within && with == peer)
    }
}

/// A gap of the whole archive in one conversation. The ids at its ends may be those of others: its times tell where it is.
fn part_of(gap: &Gap, peer: &Address) -> OwnGap {
    OwnGap {
        peer: peer.clone(),
        within: Some(gap.id),
        gap: Gap {
            id: gap.id,
            after: at(gap.after.time),
            before: at(gap.before.time),
            ties: gap.ties,
            is_lost: gap.is_lost,
        },
        at: below(gap),
        floor: None,
        is_ahead: false,
    }
}

/// The gap of the whole archive that it is a part of is that now. Says whether anything is left of it.
fn trim(own: &mut OwnGap, whole: &Gap) -> bool {
    own.gap.is_lost |= whole.is_lost;
    if own.gap.before.time > whole.before.time {
        own.gap.before = at(whole.before.time);
        own.at = below(whole);
    }
    own.gap.after.time <= own.gap.before.time
}

fn at(time: Timestamp) -> Cursor {
    Cursor { id: None, time }
}

/// Where a gap of the whole archive stands: below all that is known above it, and above all that is known below it, also in
/// the second in which it ends.
fn below(gap: &Gap) -> Position {
    Position {
        time: gap.before.time,
        tie: gap.ties.1.saturating_sub(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::problem::Problem;

    fn juliet() -> Address {
        Address::parse("juliet@example.org").unwrap()
    }

    fn cursor(id: &str, time: i64) -> Cursor {
        Cursor {
            id: Some(id.into()),
            time: Timestamp(time),
        }
    }

    fn begin(time: i64) -> Position {
        let time = Timestamp(time);
        Position { time, tie: 8 }
    }

    fn gap(id: u64, after: i64, before: i64) -> Gap {
        Gap {
            id: ItemId(id),
            after: cursor("a", after),
            before: cursor("b", before),
            ties: (0, 9),
            is_lost: false,
        }
    }

    fn reach(gaps: &[Gap]) -> Reach {
        Reach {
            top: Some(cursor("t", 1_000)),
            gaps: gaps.to_vec(),
            doubt: None,
        }
    }

    #[test]
    fn a_gap_of_the_archive_is_one_of_every_conversation_until_more_is_known() {
        let romeo = Address::parse("romeo@example.org").unwrap();
        let mut gaps = Gaps::default();
        gaps.set_reach(&reach(&[gap(1, 10, 90)]));
        let mut own = gaps.find(&juliet(), ItemId(1)).unwrap();
        assert_eq!((own.at, own.within), (begin(90), Some(ItemId(1))));
        assert_eq!(gaps.of(&romeo).len(), 1);
        own.gap.before = cursor("m", 50);
        own.at = begin(50);
        gaps.put(own.clone());
        assert_eq!(gaps.of(&juliet()), [own.clone()]);
        assert_eq!(gaps.of(&romeo)[0].gap.before.time, Timestamp(90));
        gaps.close(&own);
        assert_eq!(gaps.of(&juliet()), []);
        assert_eq!(gaps.of(&romeo).len(), 1);
    }

    #[test]
    fn what_is_known_of_the_archive_is_known_of_each_conversation() {
        let mut gaps = Gaps::default();
        gaps.set_reach(&reach(&[gap(1, 10, 90)]));
        let mut own = gaps.find(&juliet(), ItemId(1)).unwrap();
        own.gap.before = cursor("m", 50);
        gaps.put(own);
        // Less far: nothing new.
        gaps.set_reach(&reach(&[gap(1, 10, 70)]));
        assert_eq!(gaps.of(&juliet())[0].gap.before, cursor("m", 50));
        gaps.set_reach(&reach(&[gap(1, 10, 30)]));
        assert_eq!(gaps.of(&juliet())[0].gap.before, at(Timestamp(30)));
        gaps.set_reach(&reach(&[]));
        assert_eq!(gaps.of(&juliet()), []);
        let stored = gaps.take_unsaved().unwrap();
        assert_eq!((stored.own, stored.apart), (Vec::new(), Vec::new()));
        assert_eq!(gaps.take_unsaved(), None);
    }

    #[test]
    fn a_failure_is_forgotten_and_a_loss_is_not() {
        let lost = Gap {
            is_lost: true,
            ..gap(2, 1, 5)
        };
        let mut gaps = Gaps::default();
        gaps.set_reach(&reach(&[lost, gap(1, 10, 90)]));
        let failed = GapState::Failed(Problem::Offline);
        gaps.set_state(&juliet(), ItemId(1), failed.clone());
        let states = |gaps: &Gaps| {
            let shown = gaps.shown(&juliet()).into_iter();
            shown.map(|shown| shown.state).collect::<Vec<_>>()
        };
        assert_eq!(states(&gaps), [GapState::Lost, failed]);
        gaps.forget_failures();
        assert_eq!(states(&gaps), [GapState::Lost, GapState::Unknown]);
    }

    #[test]
    fn what_is_ahead_of_catch_up_is_a_gap_unless_that_is_under_way() {
        let mut gaps = Gaps::default();
        let whole = Gaps::default().known;
        gaps.put(OwnGap {
            is_ahead: true,
            within: None,
            ..part_of(&gap(3, 10, 20), &juliet())
        });
        gaps.set_reach(&Reach::default());
        assert_eq!(gaps.shown(&juliet()).len(), 1);
        gaps.set_catching_up(true);
        assert_eq!(gaps.shown(&juliet()), []);
        gaps.set_catching_up(false);
        assert_eq!(gaps.shown(&juliet()).len(), 1);
        gaps.take_unsaved();
        gaps.forget_ahead();
        assert_eq!(gaps.take_unsaved(), Some(whole));
        gaps.forget_ahead();
        assert_eq!(gaps.take_unsaved(), None);
    }
}
