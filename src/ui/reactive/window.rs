//! A watched window of a timeline: its items as rows, their order, and what lies beyond its ends.

use std::sync::Arc;

use crate::ui::view::prelude::*;

use super::rows::Rows;
use crate::boundary::change::{Edge, Item, TimelineChange};
use crate::entity::id::ItemId;
use crate::entity::message::Position;

/// What a window holds. A copy is another handle on the same.
#[derive(Clone, Copy)]
pub struct WindowRows {
    /// The items, each with its own signal.
    pub items: Rows<ItemId, Item>,
    /// Oldest first.
    pub order: RwSignal<Arc<Vec<ItemId>>>,
    /// What lies before the oldest item.
    pub older: RwSignal<Edge>,
    /// What lies after the newest item.
    pub newer: RwSignal<Edge>,
    /// The first message that was unread when the window was opened.
    pub unread_from: RwSignal<Option<Position>>,
    /// A change came: an empty window holds nothing.
    pub known: RwSignal<bool>,
    /// In order. Two items can have one position: the identity tells them apart, here as in the engine and in the store.
    places: StoredValue<Vec<(Position, ItemId)>>,
}

impl WindowRows {
    /// Holds nothing yet. Belongs to the owner that is current.
    #[must_use]
    pub fn new() -> Self {
        Self {
            items: Rows::new(|old: &Item, new| old.position != new.position),
            order: RwSignal::default(),
            older: RwSignal::new(Edge::Loading),
            newer: RwSignal::new(Edge::Loading),
            unread_from: RwSignal::new(None),
            known: RwSignal::new(false),
            places: StoredValue::default(),
        }
    }

    /// Folds a change in, and tells everybody once.
    pub fn apply(&self, change: TimelineChange) {
        let moved = self.places.try_update_value(|places| {
            let mut moved = false;
            if change.clear {
                // An item that the change brings back keeps its row.
                self.items.doubt();
                moved |= !places.is_empty();
                places.clear();
            }
            for id in change.gone {
                if let Some(item) = self.items.peek(&id) {
                    if let Ok(at) = places.binary_search(&(item.position, id)) {
                        places.remove(at);
                        moved = true;
                    }
                    self.items.remove(&id);
                }
            }
            for item in change.put {
                let old = self.items.peek(&item.id);
                if let Some(old) = old.filter(|old| old.position != item.position)
                    && let Ok(at) = places.binary_search(&(old.position, item.id))
                {
                    places.remove(at);
                    moved = true;
                }
                let new = (item.position, item.id);
                if let Err(at) = places.binary_search(&new) {
                    places.insert(at, new);
                    moved = true;
                }
                self.items.put(item.id, item);
            }
            if change.clear {
                self.items.sweep();
            }
            moved.then(|| Arc::new(places.iter().map(|(_, id)| *id).collect::<Vec<_>>()))
        });
        set_if_different(self.older, change.older);
        set_if_different(self.newer, change.newer);
        set_if_different(self.unread_from, change.unread_from);
        if let Some(Some(order)) = moved {
            set_if_different(self.order, order);
        }
        set_if_different(self.known, true);
        self.items.settle();
    }
}

impl Default for WindowRows {
    fn default() -> Self {
        Self::new()
    }
}

fn set_if_different<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.try_with_untracked(|old| *old != value) == Some(true) {
        signal.set(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boundary::change::{GapState, ItemKind};
    use crate::entity::time::Timestamp;

    fn item(id: u64, time: i64) -> Item {
        let position = Position {
            time: Timestamp(time),
            tie: 0,
        };
        Item {
            id: ItemId(id),
            position,
            kind: ItemKind::Gap(GapState::Unknown),
        }
    }

    fn put(items: Vec<Item>) -> TimelineChange {
        TimelineChange {
            clear: false,
            gone: Vec::new(),
            put: items,
            older: Edge::More,
            newer: Edge::End,
            unread_from: None,
        }
    }

    fn order(window: WindowRows) -> Vec<u64> {
        window.order.get_untracked().iter().map(|id| id.0).collect()
    }

    #[test]
    fn items_stand_at_their_positions_whatever_the_order_of_arrival() {
        let owner = Owner::new();
        owner.set();
        let window = WindowRows::new();
        assert!(!window.known.get_untracked());
        window.apply(put(vec![item(3, 30), item(1, 10)]));
        window.apply(put(vec![item(2, 20)]));
        assert_eq!(order(window), [1, 2, 3]);
        assert!(window.known.get_untracked());
        assert_eq!(window.newer.get_untracked(), Edge::End);

        // An item that moves leaves its old place.
        window.apply(put(vec![item(1, 40)]));
        assert_eq!(order(window), [2, 3, 1]);

        window.apply(TimelineChange {
            gone: vec![ItemId(3), ItemId(9)],
            ..put(Vec::new())
        });
        assert_eq!(order(window), [2, 1]);
        assert_eq!(window.items.len(), 2);

        window.apply(TimelineChange {
            clear: true,
            ..put(vec![item(2, 20), item(5, 50)])
        });
        assert_eq!(order(window), [2, 5]);
        assert_eq!(window.items.peek(&ItemId(1)), None);
    }

    #[test]
    fn two_items_that_change_places_both_stay() {
        let owner = Owner::new();
        owner.set();
        let window = WindowRows::new();
        window.apply(put(vec![item(1, 10), item(2, 20)]));
        window.apply(put(vec![item(1, 20), item(2, 10)]));
        assert_eq!(order(window), [2, 1]);
    }

    #[test]
    fn two_items_of_one_position_are_both_there() {
        let owner = Owner::new();
        owner.set();
        let window = WindowRows::new();
        window.apply(put(vec![item(2, 10), item(3, 20)]));
        window.apply(put(vec![item(1, 10)]));
        assert_eq!(order(window), [1, 2, 3]);
        // One of them moves, to another one's position and away again.
        window.apply(put(vec![item(1, 20)]));
        assert_eq!(order(window), [2, 1, 3]);
        window.apply(put(vec![item(1, 30)]));
        assert_eq!(order(window), [2, 3, 1]);
        window.apply(put(vec![item(1, 10)]));
        window.apply(TimelineChange {
            gone: vec![ItemId(2)],
            ..put(Vec::new())
        });
        assert_eq!(order(window), [1, 3]);
    }

    #[test]
    fn the_order_is_told_only_when_it_changed() {
        let owner = Owner::new();
        owner.set();
        let window = WindowRows::new();
        window.apply(put(vec![item(1, 10)]));
        let runs = Memo::new(move |before: Option<&u32>| {
            window.order.track();
            before.copied().unwrap_or(0) + 1
        });
        assert_eq!(runs.get_untracked(), 1);
        window.apply(put(vec![item(1, 10)]));
        assert_eq!(runs.get_untracked(), 1);
        window.apply(put(vec![item(2, 5)]));
        assert_eq!(runs.get_untracked(), 2);
    }
}
