//! Where the timeline stands: what it holds on to while rows come, go and change their heights.
//!
//! **Invariant:** this decides about `scrollTop`, and knows no browser; `scroller` alone writes it.
//! **Invariant:** what a person looks at does not move unless that person moves it.

use std::collections::HashMap;
use std::ops::Range;

use super::layout::Layout;
use super::list::{Key, Part};
use crate::boundary::command::Toward;

/// So near the end counts as the end, for somebody who scrolls toward it.
const NEAR: f64 = 32.0;
/// More is asked for when fewer screens than this lie before an end.
const AHEAD: f64 = 6.0;
/// The line "New messages" opens at this part of the height.
const OPENING: f64 = 0.2;

/// What stays where it is.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Hold {
    /// The end of the last row, at the lower edge.
    End,
    /// The top of a row, so far below the upper edge.
    Row { key: Key, offset: f64 },
}

/// Where the timeline stands. All lengths are CSS pixels.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Nothing before the first rows come.
    hold: Option<Hold>,
    /// The height of what is seen.
    view: f64,
    /// `scrollTop`, as last read or written.
    at: f64,
    /// How far the first row lies below the top of what scrolls. Other than zero only while somebody scrolls:
    /// to write `scrollTop` in that moment would stop a smooth motion.
    base: f64,
}

impl Policy {
    /// The height of what is seen.
    pub fn set_view(&mut self, height: f64) {
        self.view = height;
    }

    /// The same.
    #[must_use]
    pub fn view(&self) -> f64 {
        self.view
    }

    /// The first rows came: shows the line "New messages" with what is before it, or the end.
    pub fn open(&mut self, layout: &Layout, unread: Option<Key>) {
        if self.hold.is_some() || layout.is_empty() {
            return;
        }
        let margin = self.view * OPENING;
        self.hold = Some(match unread {
            Some(key) if layout.height() - layout.top(layout.index(&key)) + margin > self.view => {
                Hold::Row {
                    key,
                    offset: margin,
                }
            }
            _ => Hold::End,
        });
    }

    /// Goes to the end, and stays there.
    pub fn jump(&mut self) {
        self.hold = Some(Hold::End);
    }

    /// Goes to a row, with a little before it.
    pub fn aim(&mut self, key: Key) {
        let offset = self.view * OPENING;
        self.hold = Some(Hold::Row { key, offset });
    }

    /// From which of its ends a gap is read: from the upper one, unless somebody comes from what is older.
    #[must_use]
    pub fn reads(&self, gap: &Key) -> Toward {
        match &self.hold {
            Some(Hold::Row { key, .. }) if key < gap => Toward::Newer,
            _ => Toward::Older,
        }
    }

    /// Holds on to a row where it is seen now: it will grow, and must do so downward.
    pub fn keep(&mut self, layout: &Layout, key: Key) {
        let offset = layout.top(layout.index(&key)) - self.from();
        self.hold = Some(Hold::Row { key, offset });
    }

    /// These rows have other keys: what is held is the same row.
    pub fn follow(&mut self, moved: &HashMap<Key, Key>) {
        if let Some(Hold::Row { key, .. }) = &mut self.hold
            && let Some(now) = moved.get(key)
        {
            *key = *now;
        }
    }

    /// Holds on to the end.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        matches!(self.hold, None | Some(Hold::End))
    }

    /// `scrollTop` is found to be `top`, while as much is seen as [`Self::view`] says. Says whether a person did that. At the
    /// present, the end is the end.
    pub fn scrolled(&mut self, layout: &Layout, top: f64, at_present: bool) -> bool {
        if (top - self.at).abs() < 1.0 {
            return false;
        }
        let up = top < self.at;
        self.at = top;
        let from = self.from();
        let left = layout.height() - self.view - from;
        let at_end = left <= 1.5 || (!up && left <= NEAR);
        self.hold = Some(if at_end && at_present {
            Hold::End
        } else {
            self.hold_first(layout, from)
        });
        true
    }

    fn hold_first(&self, layout: &Layout, from: f64) -> Hold {
        let seen = layout.between(from, from + self.view.max(1.0));
        let is_item = |index: &usize| matches!(layout.key(*index), Some(Key::At(.., Part::Item)));
        let index = seen.clone().find(is_item).unwrap_or(seen.start);
        match layout.key(index) {
            Some(key) => Hold::Row {
                key,
                offset: layout.top(index) - from,
            },
            None => Hold::End,
        }
    }

    /// Rows or heights are different: what `scrollTop` must be, so that what is held stays. `moving` says that a
    /// person scrolls right now.
    pub fn settle(&mut self, layout: &Layout, moving: bool) -> f64 {
        let most = (layout.height() - self.view).max(0.0);
        let want = match self.hold {
            None | Some(Hold::End) => most,
            Some(Hold::Row { key, offset }) => layout.top(layout.index(&key)) - offset,
        };
        let may_wait = moving
            && !self.is_at_end()
            // Not so near the beginning that the person could reach a place that is not there.
            && want >= self.view
            && self.at >= self.view
            && want <= most;
        if may_wait {
            self.base = self.at - want;
        } else {
            self.base = 0.0;
            self.at = want.clamp(0.0, most);
        }
        self.at
    }

    /// What is seen begins so far below the top of the first row.
    #[must_use]
    pub fn from(&self) -> f64 {
        self.at - self.base
    }

    /// How far the first row lies below the top of what scrolls.
    #[must_use]
    pub fn base(&self) -> f64 {
        self.base
    }

    /// The rows that must be there: those seen, and a screen on each side.
    #[must_use]
    pub fn needed(&self, layout: &Layout) -> Range<usize> {
        let from = self.from();
        layout.between(from - self.view, from + 2.0 * self.view)
    }

    /// The rows whose end is seen.
    #[must_use]
    pub fn seen(&self, layout: &Layout) -> Range<usize> {
        let from = self.from();
        let range = layout.between(from, from + self.view);
        // The last one counts only if it is seen to its end.
        let whole = layout.top(range.end) <= from + self.view + 1.0;
        let end = if whole {
            range.end
        } else {
            range.end.saturating_sub(1)
        };
        range.start.min(end)..end
    }

    /// Whether more is needed (before the oldest, after the newest row).
    #[must_use]
    pub fn hungry(&self, layout: &Layout) -> (bool, bool) {
        let from = self.from();
        let ahead = self.view * AHEAD;
        (from < ahead, layout.height() - self.view - from < ahead)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::layout::Heights;
    use super::super::list::tests::message;
    use super::super::list::{Held, Row, RowKind, moved, rows};
    use super::*;
    use crate::boundary::change::{Edge, GapState, Item};
    use crate::entity::id::ItemId;
    use crate::entity::time::Timestamp;

    const VIEW: f64 = 100.0;

    fn some(from: i64, to: i64, unread: Option<i64>) -> Vec<Row> {
        let items: Vec<_> = (from..to).map(|n| message(n, false, "x")).collect();
        let held = Held {
            items: &items,
            older: &Edge::More,
            newer: &Edge::End,
            unread_from: unread.map(|n| message(n, false, "").position),
        };
        rows(&held, |_| 0)
    }

    /// All rows twenty pixels high, but for some.
    fn layout(rows: &[Row], odd: &[(Key, f64)]) -> Layout {
        let mut heights = Heights::default();
        for row in rows {
            let odd = odd.iter().find(|(key, _)| *key == row.key);
            heights.measure(row, odd.map_or(20.0, |(_, height)| *height));
        }
        Layout::new(rows, &heights)
    }

    fn at(n: i64, part: Part) -> Key {
        let item = message(n, false, "");
        Key::At(item.position, item.id, part)
    }

    fn key(n: i64) -> Key {
        at(n, Part::Item)
    }

    /// Where a row is seen.
    fn seen_at(policy: &Policy, layout: &Layout, key: Key) -> f64 {
        layout.top(layout.index(&key)) - policy.from()
    }

    fn opened(layout: &Layout, unread: Option<Key>) -> Policy {
        let mut policy = Policy::default();
        policy.set_view(VIEW);
        policy.open(layout, unread);
        policy.settle(layout, false);
        policy
    }

    #[test]
    fn opens_at_the_end_and_stays_there() {
        let before = layout(&some(0, 50, None), &[]);
        let mut policy = opened(&before, None);
        assert!((policy.from() - (before.height() - VIEW)).abs() < 0.1);
        let after = layout(&some(0, 53, None), &[(key(52), 70.0)]);
        let top = policy.settle(&after, false);
        assert!((top - (after.height() - VIEW)).abs() < 0.1);
        // A view that shrinks (the keyboard comes) keeps its end.
        policy.set_view(60.0);
        assert!((policy.settle(&after, false) - (after.height() - 60.0)).abs() < 0.1);
    }

    #[test]
    fn opens_at_the_first_unread_with_a_little_before_it() {
        let rows = some(0, 50, Some(20));
        let layout = layout(&rows, &[]);
        let unread = at(20, Part::Unread);
        let policy = opened(&layout, Some(unread));
        assert!((seen_at(&policy, &layout, unread) - 20.0).abs() < 0.1);
        assert!(!policy.is_at_end());
    }

    #[test]
    fn few_unread_are_seen_with_the_end() {
        let rows = some(0, 50, Some(48));
        let layout = layout(&rows, &[]);
        let unread = at(48, Part::Unread);
        assert!(opened(&layout, Some(unread)).is_at_end());
    }

    #[test]
    fn what_is_looked_at_stays_where_the_archive_has_all_of_it_at_other_times() {
        let rows = some(0, 50, None);
        let before = layout(&rows, &[(key(20), 70.0)]);
        let mut policy = opened(&before, None);
        policy.aim(key(20));
        policy.settle(&before, false);
        let seen = seen_at(&policy, &before, key(20));
        // All lie an hour earlier, and the twentieth comes right after the fourth.
        let mut items: Vec<_> = (0..50)
            .map(|n| Item::clone(&message(n, false, "x")))
            .collect();
        for item in &mut items {
            if item.id == ItemId(20) {
                item.position.time = Timestamp(4_500);
            }
            item.position.time.0 -= 3_600_000;
        }
        items.sort_by_key(|item| item.position);
        let items: Vec<_> = items.into_iter().map(Arc::new).collect();
        let held = Held {
            items: &items,
            older: &Edge::More,
            newer: &Edge::End,
            unread_from: None,
        };
        let now = super::super::list::rows(&held, |_| 0);
        let moved = moved(&rows, &now);
        let mut heights = Heights::default();
        for row in &rows {
            heights.measure(row, if row.key == key(20) { 70.0 } else { 20.0 });
        }
        heights.follow(&moved);
        policy.follow(&moved);
        let after = Layout::new(&now, &heights);
        assert!(
            (after.height() - before.height()).abs() < 0.1,
            "measured anew"
        );
        policy.settle(&after, false);
        assert!((seen_at(&policy, &after, moved[&key(20)]) - seen).abs() < 0.1);
    }

    #[test]
    fn what_comes_before_moves_nothing() {
        let before = layout(&some(100, 150, None), &[]);
        let mut policy = opened(&before, None);
        assert!(policy.scrolled(&before, 313.0, true));
        let at = seen_at(&policy, &before, key(115));
        let after = layout(&some(0, 150, None), &[(key(3), 333.0)]);
        let top = policy.settle(&after, false);
        assert!((seen_at(&policy, &after, key(115)) - at).abs() < 0.1);
        assert!(top > 2000.0 && policy.base() == 0.0);
    }

    #[test]
    fn while_somebody_scrolls_nothing_is_written() {
        let before = layout(&some(100, 150, None), &[]);
        let mut policy = opened(&before, None);
        policy.scrolled(&before, 313.0, true);
        let at = seen_at(&policy, &before, key(115));
        let after = layout(&some(0, 150, None), &[]);
        assert!((policy.settle(&after, true) - 313.0).abs() < 0.1);
        assert!((seen_at(&policy, &after, key(115)) - at).abs() < 0.1);
        assert!(policy.base() < 0.0);
        // Quiet again: the first row stands at the top again.
        let top = policy.settle(&after, false);
        assert!((top - 2313.0).abs() < 0.1 && policy.base() == 0.0);
        // Near the beginning it cannot wait.
        policy.scrolled(&after, 90.0, true);
        policy.settle(&after, true);
        assert!(policy.base() == 0.0);
    }

    #[test]
    fn a_little_upward_lets_go_of_the_end_and_downward_takes_it() {
        let layout = layout(&some(0, 50, None), &[]);
        let mut policy = opened(&layout, None);
        let end = layout.height() - VIEW;
        assert!(policy.scrolled(&layout, end - 5.0, true));
        assert!(!policy.is_at_end());
        policy.scrolled(&layout, end - 90.0, true);
        policy.scrolled(&layout, end - 20.0, true);
        assert!(policy.is_at_end());
        // What lies after the window is not the present.
        policy.scrolled(&layout, end - 50.0, false);
        policy.scrolled(&layout, end, false);
        assert!(!policy.is_at_end());
        policy.jump();
        assert!(policy.is_at_end());
    }

    #[test]
    fn the_end_is_held_when_more_is_seen_of_it() {
        let layout = layout(&some(0, 50, None), &[]);
        let mut policy = opened(&layout, None);
        let top = policy.settle(&layout, false);
        // The field below has become lower by forty pixels, and the browser has nothing more to show below.
        policy.set_view(VIEW + 40.0);
        policy.scrolled(&layout, top - 40.0, true);
        assert!(policy.is_at_end());
    }

    #[test]
    fn our_own_writing_is_not_a_persons_scrolling() {
        let layout = layout(&some(0, 50, None), &[]);
        let mut policy = opened(&layout, None);
        let top = policy.settle(&layout, false);
        assert!(!policy.scrolled(&layout, top.floor(), true));
        assert!(policy.is_at_end());
    }

    #[test]
    fn a_gap_is_filled_beyond_what_a_person_looks_at() {
        let gap = |n: i64| at(n, Part::Gap);
        let with_gap = |from: i64, to: i64, at: i64| {
            let mut rows = some(from, to, None);
            let kind = RowKind::Gap(ItemId(0), GapState::Unknown);
            rows.push(Row { key: gap(at), kind });
            rows.sort_by_key(|row| row.key);
            layout(&rows, &[])
        };
        // Somebody reads back to a gap below which nothing is loaded: it stands at the upper edge.
        let before = with_gap(100, 150, 110);
        let mut policy = opened(&before, None);
        let edge = before.top(before.index(&gap(110)));
        policy.scrolled(&before, edge, true);
        assert_eq!(policy.reads(&gap(110)), Toward::Older);
        let at = seen_at(&policy, &before, key(111));
        let after = with_gap(60, 150, 70);
        policy.settle(&after, false);
        assert!((seen_at(&policy, &after, key(111)) - at).abs() < 0.1);
        // Somebody comes from what is older: what is there stays, and more comes below.
        let mut policy = opened(&before, None);
        policy.scrolled(&before, edge - 50.0, true);
        assert_eq!(policy.reads(&gap(110)), Toward::Newer);
    }

    #[test]
    fn a_date_is_shown_with_a_little_before_it() {
        let layout = layout(&some(0, 50, None), &[]);
        let mut policy = opened(&layout, None);
        let day = at(20, Part::Day);
        policy.aim(day);
        policy.settle(&layout, false);
        assert!((seen_at(&policy, &layout, key(20)) - 20.0).abs() < 0.1);
        assert!(!policy.is_at_end());
    }

    #[test]
    fn a_row_that_is_gone_leaves_its_place_to_the_next() {
        let before = layout(&some(0, 50, None), &[]);
        let mut policy = opened(&before, None);
        policy.scrolled(&before, 45.0, true);
        let after = layout(&some(30, 60, None), &[]);
        policy.settle(&after, false);
        assert!(seen_at(&policy, &after, key(30)).abs() < 60.0);
    }

    #[test]
    fn a_row_that_is_unfolded_grows_downward() {
        let rows = some(0, 50, None);
        let before = layout(&rows, &[]);
        let mut policy = opened(&before, None);
        let at = seen_at(&policy, &before, key(48));
        policy.keep(&before, key(48));
        let after = layout(&rows, &[(key(48), 500.0)]);
        policy.settle(&after, false);
        assert!((seen_at(&policy, &after, key(48)) - at).abs() < 0.1);
    }

    #[test]
    fn only_what_is_seen_to_its_end_is_seen() {
        let layout = layout(&some(0, 50, None), &[(key(30), 250.0)]);
        let mut policy = opened(&layout, None);
        let tall = layout.index(&key(30));
        policy.scrolled(&layout, layout.top(tall) - 30.0, true);
        assert!(!policy.seen(&layout).contains(&tall));
        policy.scrolled(&layout, layout.top(tall) + 160.0, true);
        assert!(policy.seen(&layout).contains(&tall));
    }

    proptest! {
        #[test]
        fn what_is_held_never_moves(
            start in 100_i64..200,
            top in 0.0_f64..1500.0,
            more in 0_i64..100,
            moving: bool,
            odd in prop::collection::vec((0_i64..300, 1.0_f64..400.0), 0..20),
        ) {
            let before = layout(&some(start, 300, None), &[]);
            let mut policy = opened(&before, None);
            policy.scrolled(&before, top.min(before.height() - VIEW), true);
            let Some(Hold::Row { key: held, .. }) = policy.hold else { return Ok(()); };
            let at = seen_at(&policy, &before, held);
            // Only what stands before the held row has another height, and more comes before it.
            let odd: Vec<_> = odd.into_iter().map(|(n, h)| (key(n), h)).filter(|(k, _)| *k < held).collect();
            let after = layout(&some(start - more, 300, None), &odd);
            policy.settle(&after, moving);
            let clamped = policy.from() <= 0.1 || policy.from() >= after.height() - VIEW - 0.1;
            prop_assert!(clamped || (seen_at(&policy, &after, held) - at).abs() < 0.1);
        }
    }
}
