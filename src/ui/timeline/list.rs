//! The rows of a timeline: items in order, days, the line "New messages", and what lies beyond the ends.
//!
//! **Invariant:** rows are a pure function of what the window holds; keys are unique and in order, and a row that
//! says the same keeps its key.

use std::collections::HashMap;
use std::sync::Arc;

use crate::boundary::change::{Edge, GapState, Item, ItemKind};
use crate::entity::id::ItemId;
use crate::entity::message::{Direction, Position};
use crate::entity::problem::Problem;
use crate::entity::time::Timestamp;

/// Messages of one person that follow each other sooner than this are one run, in milliseconds.
const RUN: i64 = 5 * 60_000;

/// The identity of a row, and its place among the others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Key {
    /// What lies before the oldest item.
    Older,
    /// At the place of an item. Two items can have one position.
    At(Position, ItemId, Part),
    /// What lies after the newest item.
    Newer,
}

/// What stands at the place of an item.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Part {
    /// The day that begins with it.
    Day,
    /// The line "New messages" before it.
    Unread,
    /// Messages may be missing: no message, and nothing that a person reads on from.
    Gap,
    /// The item itself.
    Item,
}

/// A row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Which.
    pub key: Key,
    /// What it shows.
    pub kind: RowKind,
}

/// What a row shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RowKind {
    /// A message, and whether it is the first and the last of its run.
    Message {
        /// The message.
        item: Arc<Item>,
        /// The first of a run.
        first: bool,
        /// The last of a run.
        last: bool,
    },
    /// Messages may be missing.
    Gap(ItemId, GapState),
    /// A day begins.
    Day(Timestamp),
    /// What follows was unread.
    Unread,
    /// More is there, or on its way.
    Wait,
    /// There is more, but it cannot be had now.
    Failed(Problem),
    /// The conversation begins here.
    Beginning,
}

/// What a window holds, in order.
pub struct Held<'a> {
    /// The items, oldest first.
    pub items: &'a [Arc<Item>],
    /// What lies before them.
    pub older: &'a Edge,
    /// What lies after them.
    pub newer: &'a Edge,
    /// The first message that was unread.
    pub unread_from: Option<Position>,
}

/// The rows of what a window holds. `day` numbers the days where the user is.
#[must_use]
pub fn rows(held: &Held<'_>, mut day: impl FnMut(Timestamp) -> i64) -> Vec<Row> {
    let mut rows = Vec::with_capacity(held.items.len() + 16);
    match held.older {
        Edge::End if held.items.is_empty() => {}
        Edge::End => rows.push(edge(Key::Older, RowKind::Beginning)),
        Edge::More | Edge::Loading => rows.push(edge(Key::Older, RowKind::Wait)),
        Edge::Failed(problem) => rows.push(edge(Key::Older, RowKind::Failed(problem.clone()))),
    }
    let mut today = None;
    let mut divided = false;
    let mut items = held.items.iter().peekable();
    let mut before: Option<&Arc<Item>> = None;
    while let Some(item) = items.next() {
        let at = |part| Key::At(item.position, item.id, part);
        if let ItemKind::Gap(state) = &item.kind {
            let kind = RowKind::Gap(item.id, state.clone());
            rows.push(edge(at(Part::Gap), kind));
            before = None;
            continue;
        }
        let its_day = day(item.position.time);
        let day_begins = today != Some(its_day);
        if day_begins {
            today = Some(its_day);
            rows.push(Row {
                key: at(Part::Day),
                kind: RowKind::Day(item.position.time),
            });
        }
        let unread_begins = !divided
            && held.unread_from.is_some_and(|from| item.position >= from)
            && direction(item) == Some(Direction::Incoming);
        if unread_begins {
            divided = true;
            rows.push(edge(at(Part::Unread), RowKind::Unread));
        }
        let next_day = items.peek().map(|next| day(next.position.time));
        let kind = RowKind::Message {
            item: item.clone(),
            first: day_begins
                || unread_begins
                || !before.is_some_and(|before| one_run(before, item)),
            last: next_day != Some(its_day)
                || !items
                    .peek()
                    .is_some_and(|next| one_run(item, next) && (divided || !divides(held, next))),
        };
        rows.push(Row {
            key: at(Part::Item),
            kind,
        });
        before = Some(item);
    }
    match held.newer {
        Edge::End => {}
        _ if held.items.is_empty() => {}
        Edge::More | Edge::Loading => rows.push(edge(Key::Newer, RowKind::Wait)),
        Edge::Failed(problem) => rows.push(edge(Key::Newer, RowKind::Failed(problem.clone()))),
    }
    rows
}

/// Which rows have other keys now, because the archive has their items at other places: the old ones, and the new.
#[must_use]
pub fn moved(before: &[Row], now: &[Row]) -> HashMap<Key, Key> {
    let place = |row: &Row| match row.key {
        Key::At(_, id, part) => Some(((id, part), row.key)),
        Key::Older | Key::Newer => None,
    };
    let before: HashMap<_, _> = before.iter().filter_map(place).collect();
    let now = now.iter().filter_map(place);
    now.filter_map(|(which, key)| Some((*before.get(&which)?, key)))
        .filter(|(old, new)| old != new)
        .collect()
}

fn edge(key: Key, kind: RowKind) -> Row {
    Row { key, kind }
}

fn direction(item: &Item) -> Option<Direction> {
    match &item.kind {
        ItemKind::Message(message) => Some(message.direction),
        ItemKind::Gap(_) => None,
    }
}

/// Whether the line "New messages" would stand before an item.
fn divides(held: &Held<'_>, item: &Item) -> bool {
    held.unread_from.is_some_and(|from| item.position >= from)
        && direction(item) == Some(Direction::Incoming)
}

/// Whether two neighbours are shown as one run: the same person, soon after, and neither an action.
fn one_run(one: &Item, two: &Item) -> bool {
    let (ItemKind::Message(one), ItemKind::Message(two)) = (&one.kind, &two.kind) else {
        return false;
    };
    let is_action = |body: &str| body.starts_with("/me ");
    one.direction == two.direction
        && two.time.0.saturating_sub(one.time.0).abs() < RUN
        && !is_action(&one.body)
        && !is_action(&two.body)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::entity::address::Address;
    use crate::entity::id::ItemId;
    use crate::entity::message::{Delivery, Message, MessageIds};

    /// A message at a second, said by romeo's contact unless `own`.
    pub fn message(second: i64, own: bool, body: &str) -> Arc<Item> {
        let time = Timestamp(second * 1000);
        let position = Position { time, tie: 0 };
        let id = ItemId(second.unsigned_abs());
        Arc::new(Item {
            id,
            position,
            kind: ItemKind::Message(Message {
                id,
                position,
                conversation: Address::parse("juliet@example.org").unwrap(),
                direction: if own {
                    Direction::Outgoing
                } else {
                    Direction::Incoming
                },
                time,
                body: body.into(),
                ids: MessageIds::default(),
                delivery: Delivery::Sent,
            }),
        })
    }

    /// Rows in letters: `[first last)`, days as `D`, unread `U`, edges by their kind.
    fn shape(items: &[Arc<Item>], older: &Edge, newer: &Edge, unread: Option<i64>) -> String {
        let held = Held {
            items,
            older,
            newer,
            unread_from: unread.map(|second| Position {
                time: Timestamp(second * 1000),
                tie: 0,
            }),
        };
        let rows = rows(&held, |time| time.0.div_euclid(86_400_000));
        assert!(rows.is_sorted_by(|one, two| one.key < two.key));
        let letters = rows.iter().map(|row| match &row.kind {
            RowKind::Message { first, last, .. } => match (first, last) {
                (true, true) => "()",
                (true, false) => "(-",
                (false, true) => "-)",
                (false, false) => "--",
            },
            RowKind::Gap(..) => "G",
            RowKind::Day(_) => "D",
            RowKind::Unread => "U",
            RowKind::Wait => "W",
            RowKind::Failed(_) => "F",
            RowKind::Beginning => "B",
        });
        letters.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn one_persons_messages_are_a_run() {
        let items = [
            message(0, false, "a"),
            message(1, false, "b"),
            message(2, false, "c"),
            message(3, true, "d"),
            message(400, true, "e"),
        ];
        assert_eq!(
            shape(&items, &Edge::End, &Edge::End, None),
            "B D (- -- -) () ()"
        );
    }

    #[test]
    fn days_and_the_line_of_unread_part_a_run() {
        let items = [
            message(86_398, false, "a"),
            message(86_399, false, "b"),
            message(86_400, false, "c"),
            message(86_401, false, "d"),
            message(86_402, false, "e"),
        ];
        assert_eq!(
            shape(&items, &Edge::More, &Edge::More, Some(86_401)),
            "W D (- -) D () U (- -) W"
        );
    }

    #[test]
    fn the_line_stands_before_the_first_message_of_the_other() {
        let items = [message(1, true, "a"), message(2, false, "b")];
        assert_eq!(
            shape(&items, &Edge::End, &Edge::End, Some(1)),
            "B D () U ()"
        );
        let own = [message(1, true, "a")];
        assert_eq!(shape(&own, &Edge::End, &Edge::End, Some(1)), "B D ()");
    }

    #[test]
    fn actions_stand_alone() {
        let items = [
            message(1, false, "a"),
            message(2, false, "/me waves"),
            message(3, false, "b"),
        ];
        assert_eq!(shape(&items, &Edge::End, &Edge::End, None), "B D () () ()");
    }

    #[test]
    fn a_gap_parts_a_run_and_begins_no_day() {
        let gap = |second: i64| {
            let position = message(second, false, "").position;
            Arc::new(Item {
                id: ItemId(99),
                position,
                kind: ItemKind::Gap(GapState::Unknown),
            })
        };
        let items = [message(1, false, "a"), gap(2), message(3, false, "b")];
        assert_eq!(shape(&items, &Edge::End, &Edge::End, None), "B D () G ()");
        // It stands before the day of what follows it.
        let items = [
            message(1, false, "a"),
            gap(86_400),
            message(86_401, false, "b"),
        ];
        assert_eq!(shape(&items, &Edge::End, &Edge::End, None), "B D () G D ()");
    }

    #[test]
    fn two_messages_of_one_position_are_two_rows() {
        let one = message(86_400, false, "a");
        let two = Item {
            id: ItemId(1 << 40),
            ..(*one).clone()
        };
        let items = [message(1, false, "b"), one, Arc::new(two)];
        assert_eq!(
            shape(&items, &Edge::End, &Edge::End, Some(86_400)),
            "B D () D U (- -)"
        );
    }

    #[test]
    fn an_empty_window_shows_only_what_is_still_to_come() {
        assert_eq!(shape(&[], &Edge::End, &Edge::End, None), "");
        assert_eq!(shape(&[], &Edge::Loading, &Edge::End, None), "W");
        assert_eq!(
            shape(&[], &Edge::Failed(Problem::Offline), &Edge::End, None),
            "F"
        );
    }
}
