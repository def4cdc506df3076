//! Keyed rows: plain data in a map, with a signal for each row that somebody looks at.
//!
//! **Invariant:** a row that nobody looks at costs no signal, and a change of one row wakes only those who follow
//! that row. Those who follow all rows are woken once for each batch, by `Rows::settle`.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::ui::view::prelude::*;

/// A map of rows. A copy is another handle on the same rows.
pub struct Rows<K: 'static, V: 'static> {
    inner: StoredValue<Inner<K, V>>,
    any: Trigger,
    order: Trigger,
}

struct Inner<K, V> {
    cells: HashMap<K, Cell<V>>,
    /// How many cells hold a value.
    len: usize,
    /// Whether a difference may move the row among the others.
    moves: fn(&V, &V) -> bool,
    changed: bool,
    moved: bool,
    /// Counts snapshots: see [`Rows::doubt`].
    snapshot: u32,
}

struct Cell<V> {
    value: Option<Arc<V>>,
    /// The snapshot that last spoke of it.
    snapshot: u32,
    signal: Option<ArcRwSignal<Option<Arc<V>>>>,
}

impl<K, V> Clone for Rows<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Rows<K, V> {}

impl<K, V> Rows<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: PartialEq + Send + Sync + 'static,
{
    /// No rows yet; `moves` says whether a difference may move a row among the others.
    #[must_use]
    pub fn new(moves: fn(&V, &V) -> bool) -> Self {
        Self {
            inner: StoredValue::new(Inner {
                cells: HashMap::new(),
                len: 0,
                moves,
                changed: false,
                moved: false,
                snapshot: 0,
            }),
            any: Trigger::new(),
            order: Trigger::new(),
        }
    }

    /// The signal of one row: `None` while there is no such row.
    #[must_use]
    pub fn row(&self, key: &K) -> ReadSignal<Option<Arc<V>>> {
        self.arc_row(key).into()
    }

    /// The same, not bound to the owner that is current.
    #[must_use]
    pub fn arc_row(&self, key: &K) -> ArcRwSignal<Option<Arc<V>>> {
        self.inner
            .try_update_value(|inner| {
                if let Some(cell) = inner.cells.get_mut(key) {
                    return cell
                        .signal
                        .get_or_insert_with(|| ArcRwSignal::new(cell.value.clone()))
                        .clone();
                }
                let signal = ArcRwSignal::new(None);
                inner.cells.insert(
                    key.clone(),
                    Cell {
                        value: None,
                        snapshot: inner.snapshot,
                        signal: Some(signal.clone()),
                    },
                );
                signal
            })
            .unwrap_or_else(|| ArcRwSignal::new(None))
    }

    /// One row as it is now, without following it.
    #[must_use]
    pub fn peek(&self, key: &K) -> Option<Arc<V>> {
        self.inner
            .try_with_value(|inner| inner.cells.get(key)?.value.clone())
            .flatten()
    }

    /// Follows every row: runs again after each batch that changed any.
    pub fn track(&self) {
        self.any.track();
    }

    /// Follows which rows there are, and what decides their order.
    pub fn track_order(&self) {
        self.order.track();
    }

    /// How many rows there are, without following.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.try_with_value(|inner| inner.len).unwrap_or(0)
    }

    /// Whether there are none, without following.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All rows, in no order, without following.
    #[must_use]
    pub fn all(&self) -> Vec<(K, Arc<V>)> {
        self.inner
            .try_with_value(|inner| {
                let rows = inner.cells.iter();
                rows.filter_map(|(key, cell)| Some((key.clone(), cell.value.clone()?)))
                    .collect()
            })
            .unwrap_or_default()
    }

    /// Looks at each row, in no order, without following.
    pub fn each(&self, mut look: impl FnMut(&K, &V)) {
        self.inner.try_with_value(|inner| {
            for (key, cell) in &inner.cells {
                if let Some(value) = &cell.value {
                    look(key, value);
                }
            }
        });
    }

    /// Puts a row there, or changes it.
    pub(super) fn put(&self, key: K, value: V) {
        self.change(key, |old| match old {
            Some(old) if **old == value => None,
            _ => Some(Arc::new(value)),
        });
    }

    /// Changes a row, if it is there.
    pub(super) fn update(&self, key: K, change: impl FnOnce(&V) -> Option<V>) {
        self.change(key, |old| Some(Arc::new(change(old?)?)));
    }

    fn change(&self, key: K, change: impl FnOnce(Option<&Arc<V>>) -> Option<Arc<V>>) {
        // The signal is set outside of the map's lock: who follows it may look at the map.
        let woken = self.inner.try_update_value(|inner| {
            let cell = inner.cells.entry(key).or_insert(Cell {
                value: None,
                snapshot: 0,
                signal: None,
            });
            cell.snapshot = inner.snapshot;
            let value = change(cell.value.as_ref())?;
            inner.changed = true;
            match &cell.value {
                Some(old) => inner.moved |= (inner.moves)(old, &value),
                None => {
                    inner.moved = true;
                    inner.len += 1;
                }
            }
            cell.value = Some(value.clone());
            Some((cell.signal.clone()?, value))
        });
        if let Some(Some((signal, value))) = woken {
            signal.set(Some(value));
        }
    }

    /// Removes a row.
    pub(super) fn remove(&self, key: &K) {
        let woken = self.inner.try_update_value(|inner| {
            let cell = inner.cells.get_mut(key)?;
            let _gone = cell.value.take()?;
            inner.changed = true;
            inner.moved = true;
            inner.len -= 1;
            if cell.signal.is_none() {
                inner.cells.remove(key);
                return None;
            }
            cell.signal.clone()
        });
        if let Some(Some(signal)) = woken {
            signal.set(None);
        }
    }

    /// Removes those rows that `keep` does not want.
    pub(super) fn retain(&self, keep: impl Fn(&K) -> bool) {
        self.remove_all(|_, key, _| !keep(key));
    }

    /// A snapshot begins: every row may be outdated until [`put`](Self::put) speaks of it again. Nothing is removed
    /// yet, so an engine that was started anew does not make the page flicker.
    pub(super) fn doubt(&self) {
        self.inner
            .try_update_value(|inner| inner.snapshot = inner.snapshot.wrapping_add(1));
    }

    /// A snapshot is complete: removes the rows that it did not speak of.
    pub(super) fn sweep(&self) {
        self.remove_all(|snapshot, _, cell| cell.snapshot != snapshot);
    }

    fn remove_all(&self, outdated: impl Fn(u32, &K, &Cell<V>) -> bool) {
        let gone = self.inner.try_with_value(|inner| {
            let cells = inner.cells.iter();
            let gone = cells.filter(|(key, cell)| outdated(inner.snapshot, key, cell));
            gone.map(|(key, _)| key.clone()).collect::<Vec<_>>()
        });
        for key in gone.unwrap_or_default() {
            self.remove(&key);
        }
    }

    /// Ends a batch: wakes those who follow all rows, once, if anything changed.
    pub(super) fn settle(&self) {
        let (changed, moved) = self
            .inner
            .try_update_value(|inner| {
                (
                    std::mem::take(&mut inner.changed),
                    std::mem::take(&mut inner.moved),
                )
            })
            .unwrap_or_default();
        if moved {
            self.order.notify();
        }
        if changed {
            self.any.notify();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> (Owner, Rows<u32, (u32, &'static str)>) {
        let owner = Owner::new();
        owner.set();
        (owner, Rows::new(|old, new| old.0 != new.0))
    }

    /// How often a memo ran that follows what `follow` follows.
    fn runs(follow: impl Fn() + Send + Sync + 'static) -> impl Fn() -> u32 {
        let memo = Memo::new(move |before: Option<&u32>| {
            follow();
            before.copied().unwrap_or(0) + 1
        });
        let _first = memo.get_untracked();
        move || memo.get_untracked() - 1
    }

    #[test]
    fn a_row_changes_alone() {
        let (_owner, rows) = rows();
        rows.put(1, (1, "romeo"));
        rows.put(2, (2, "juliet"));
        rows.settle();
        let one = rows.row(&1);
        let two = rows.row(&2);
        let ones = runs(move || one.track());
        let twos = runs(move || two.track());
        let all = runs(move || rows.track());
        let orders = runs(move || rows.track_order());
        rows.put(2, (2, "julia"));
        rows.settle();
        assert_eq!((ones(), twos(), all(), orders()), (0, 1, 1, 0));
        rows.put(2, (3, "julia"));
        rows.settle();
        assert_eq!((ones(), twos(), all(), orders()), (0, 2, 2, 1));
        assert_eq!(two.get_untracked().unwrap().1, "julia");
    }

    #[test]
    fn the_same_again_wakes_nobody() {
        let (_owner, rows) = rows();
        rows.put(1, (1, "romeo"));
        rows.settle();
        let row = rows.row(&1);
        let ones = runs(move || row.track());
        let all = runs(move || rows.track());
        rows.put(1, (1, "romeo"));
        rows.update(1, |_| None);
        rows.update(9, |_| Some((9, "nobody")));
        rows.remove(&7);
        rows.settle();
        assert_eq!((ones(), all()), (0, 0));
        assert_eq!(rows.len(), 1);
    }

    #[test]
    fn a_row_may_be_watched_before_it_comes_and_after_it_went() {
        let (_owner, rows) = rows();
        let row = rows.row(&1);
        assert_eq!(row.get_untracked(), None);
        assert!(rows.is_empty());
        rows.put(1, (1, "romeo"));
        assert_eq!(row.get_untracked().unwrap().1, "romeo");
        rows.remove(&1);
        assert_eq!(row.get_untracked(), None);
        rows.put(1, (1, "romeo again"));
        assert_eq!(row.get_untracked().unwrap().1, "romeo again");
        rows.retain(|key| *key != 1);
        assert_eq!(row.get_untracked(), None);
        assert!(rows.all().is_empty());
    }

    #[test]
    fn a_snapshot_removes_what_it_does_not_speak_of_and_only_that() {
        let (_owner, rows) = rows();
        rows.put(1, (1, "romeo"));
        rows.put(2, (2, "mallory"));
        rows.settle();
        let row = rows.row(&1);
        let ones = runs(move || row.track());
        rows.doubt();
        assert_eq!(rows.len(), 2);
        rows.put(1, (1, "romeo"));
        rows.put(3, (3, "juliet"));
        rows.sweep();
        let mut names: Vec<_> = rows.all().into_iter().map(|(_, row)| row.1).collect();
        names.sort_unstable();
        assert_eq!(names, ["juliet", "romeo"]);
        assert_eq!(ones(), 0);
    }

    #[test]
    fn five_thousand_rows_settle_once() {
        let (_owner, rows) = rows();
        let all = runs(move || rows.track());
        for key in 0..5000 {
            rows.put(key, (key, "somebody"));
        }
        rows.settle();
        assert_eq!(all(), 1);
        assert_eq!(rows.len(), 5000);
    }
}
