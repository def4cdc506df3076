//! In which order the messages of a page of the archive stand, where some of them were known before.
//!
//! **Invariant:** a message stands where the archive has it as soon as a page of the archive has told of it: at the time of the
//! archive, and among others of that time in the order of its pages. So all devices show one order, whatever they heard first,
//! and whatever their clocks say. Until then it stands where it was heard or written, after all that was there: pages that come
//! later move it.
//!
//! What no page has told of yet is `account/untold.rs`'.

use crate::entity::message::Position;
use crate::xmpp::message::order::{is_live, is_of_history};

/// The place of a message in a page of the archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// A page before this one has told of it: it stays there. If other pages were in another order, the place that this one
    /// proposes counts.
    Known {
        /// Where it stands.
        at: Position,
        /// Where this page would have it.
        archived: Position,
    },
    /// It was heard or written here, and no page has told of it until now: it stands there from now on.
    Moved(Position),
    /// It is new; that place was proposed.
    Fresh(Position),
}

/// Between which places the messages of a page belong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bounds {
    /// The highest place of what the archive has before them.
    pub floor: Option<Position>,
    /// The lowest place of what the archive has after them.
    pub ceiling: Option<Position>,
    /// Pages are looked through again, from the newest: what the archive has before this one may be known, and is looked at next.
    pub is_backward: bool,
}

/// Gives the messages of a page places in the order of the archive and within bounds, if there are any. What pages have told of
/// stays, the most of it that is in one order; the rest stands as proposed, or between those, where a time is the same or a
/// server's clock was set back. Gives back the highest place, or the floor.
pub fn fit(page: &mut [Place], bounds: Bounds) -> Option<Position> {
    let Bounds {
        mut floor,
        mut ceiling,
        is_backward,
    } = bounds;
    // A bound that is in the page bounds nothing: the page begins before it, or ends after it.
    let holds = |page: &[Place], bound: Option<Position>| {
        let is_it = |place: &Place| matches!(place, Place::Known { at, .. } if Some(*at) == bound);
        page.iter().any(is_it)
    };
    floor = floor.filter(|_| !holds(page, floor));
    ceiling = ceiling.filter(|_| !holds(page, ceiling));
    if is_backward {
        free_of_history(page);
    }
    part_unordered(page, floor, ceiling);
    for place in page.iter_mut().rev() {
        if let (Some(at), Some(ceiling)) = (place.free(), ceiling)
            && *at >= ceiling
        {
            *at = Position {
                tie: ceiling.tie.saturating_sub(1),
                ..ceiling
            };
        }
        let at = place.position();
        ceiling = Some(ceiling.map_or(at, |ceiling| ceiling.min(at)));
    }
    for place in page.iter_mut() {
        if let Place::Known { at, .. } = *place
            && floor.is_some_and(|floor| at <= floor)
        {
            // There was no room before it.
            *place = Place::Moved(at);
        }
        if let (Some(at), Some(floor)) = (place.free(), floor)
            && *at <= floor
        {
            *at = Position {
                tie: floor.tie.saturating_add(1),
                ..floor
            };
        }
        floor = floor.max(Some(place.position()));
    }
    floor
}

/// What a page of history has put before everything of the second in which a page begins, while the page before it, which may
/// have been caught up, has some of that second, too: it comes before the rest of its page, and no further down.
fn free_of_history(page: &mut [Place]) {
    let second = |at: Position| at.time.0.div_euclid(1_000);
    let first = page.first().map(|first| second(first.position()));
    for place in page.iter_mut() {
        if let Place::Known { at, archived } = *place
            && is_of_history(at)
            && Some(second(at)) == first
        {
            *place = Place::Moved(archived);
        }
    }
}

/// What was known and cannot stay where it stands, because the archive has it in another order, moves. As many as can stay do;
/// of two that were heard in the wrong order, the later one in the archive moves, and comes after the other.
fn part_unordered(page: &mut [Place], floor: Option<Position>, ceiling: Option<Position>) {
    // What a page of history has put before everything of its second comes after what was caught up, if the archive says so.
    let mut caught_up: Option<Position> = None;
    for place in page.iter_mut() {
        let Place::Known { at, archived } = *place else {
            continue;
        };
        if !is_of_history(at) {
            caught_up = caught_up.max(Some(at));
        } else if Some(at) < caught_up {
            *place = Place::Moved(archived);
        }
    }
    // The increasing subsequence that weighs most, from the end. What pages have told of outweighs all that stands where it does
    // for now.
    let told = page.len().saturating_add(1);
    let mut tails: Vec<Tail> = Vec::new();
    let mut best: Option<usize> = None;
    for (number, place) in page.iter().enumerate().rev() {
        let Place::Known { at, .. } = *place else {
            continue;
        };
        if floor.is_some_and(|floor| at <= floor) || ceiling.is_some_and(|ceiling| at >= ceiling) {
            continue;
        }
        let behind = tails.iter().enumerate().filter(|(_, tail)| tail.at > at);
        let behind = behind.max_by_key(|(_, tail)| tail.weight);
        let tail = Tail {
            number,
            at,
            weight: behind.map_or(0, |(_, tail)| tail.weight) + if is_live(at) { 1 } else { told },
            next: behind.map(|(index, _)| index),
        };
        let heaviest = best
            .and_then(|best| tails.get(best))
            .map(|tail| tail.weight);
        if heaviest <= Some(tail.weight) {
            best = Some(tails.len());
        }
        tails.push(tail);
    }
    let mut stays = best.and_then(|best| tails.get(best));
    for (number, place) in page.iter_mut().enumerate() {
        match stays {
            Some(tail) if tail.number == number => {
                stays = tail.next.and_then(|next| tails.get(next));
            }
            _ => {
                if let Place::Known { archived, .. } = *place {
                    *place = Place::Moved(archived);
                }
            }
        }
    }
}

/// Messages that can stay, from one of them on.
struct Tail {
    /// Which of the page it is, and where it stands.
    number: usize,
    at: Position,
    weight: usize,
    /// The one behind it.
    next: Option<usize>,
}

impl Place {
    /// The place.
    #[must_use]
    pub fn position(self) -> Position {
        match self {
            Self::Known { at, .. } | Self::Moved(at) | Self::Fresh(at) => at,
        }
    }

    /// The place of what has to be given one.
    fn free(&mut self) -> Option<&mut Position> {
        match self {
            Self::Moved(at) | Self::Fresh(at) => Some(at),
            Self::Known { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::time::Timestamp;

    fn place(time: i64, tie: u64) -> Position {
        Position {
            time: Timestamp(time),
            tie,
        }
    }

    #[test]
    fn new_messages_stand_between_those_that_were_known() {
        let (fresh, known) = (|time, tie| Place::Fresh(place(time, tie)), known);
        let fitted = |floor: Option<Position>, mut page: Vec<Place>| {
            let ceiling = None;
            let bounds = Bounds {
                floor,
                ceiling,
                ..Bounds::default()
            };
            fit(&mut page, bounds);
            let new = page.iter().filter(|place| matches!(place, Place::Fresh(_)));
            let at = new.map(|place| (place.position().time.0, place.position().tie));
            at.collect::<Vec<_>>()
        };
        // As proposed, where nothing else is known.
        let page = vec![fresh(1, 10), fresh(1, 11), fresh(2, 12)];
        assert_eq!(fitted(None, page), [(1, 10), (1, 11), (2, 12)]);
        // Before one that came with a page of history, behind one that came live, between both.
        let page = vec![fresh(1, 10), fresh(1, 11), known(1, 5)];
        assert_eq!(fitted(None, page), [(1, 3), (1, 4)]);
        let page = vec![known(1, 90), fresh(1, 10), fresh(1, 11)];
        assert_eq!(fitted(None, page), [(1, 91), (1, 92)]);
        let page = vec![known(1, 5), fresh(1, 10), known(1, 8)];
        assert_eq!(fitted(None, page), [(1, 7)]);
        // Our clock is ahead of the server's, or behind it.
        let page = vec![known(7, 90), fresh(2, 10), fresh(9, 11)];
        assert_eq!(fitted(None, page), [(7, 91), (9, 11)]);
        let page = vec![fresh(4, 10), fresh(5, 11), known(3, 90)];
        assert_eq!(fitted(None, page), [(3, 88), (3, 89)]);
        // What came live has no place of its own yet: the archive's is between those that it had told of.
        let moved = |time, tie| Place::Moved(place(time, tie));
        let page = vec![known(3, 64), moved(3, 10), fresh(3, 11), known(3, 128)];
        assert_eq!(fitted(None, page), [(3, 66)]);
        // The page before this one ended there.
        let page = vec![fresh(2, 10), fresh(9, 11)];
        assert_eq!(fitted(Some(place(7, 90)), page), [(7, 91), (9, 11)]);
    }

    fn known(time: i64, tie: u64) -> Place {
        Place::Known {
            at: place(time, tie),
            archived: place(time, 10),
        }
    }

    #[test]
    fn what_was_heard_in_another_order_than_the_archives_moves() {
        let fitted = |(floor, ceiling), mut page: Vec<Place>| {
            let bounds = Bounds {
                floor,
                ceiling,
                ..Bounds::default()
            };
            fit(&mut page, bounds);
            let all = page.iter().map(|place| {
                let is_moved = matches!(place, Place::Moved(_));
                let at = place.position();
                (at.time.0, at.tie, is_moved)
            });
            all.collect::<Vec<_>>()
        };
        let free = (None, None);
        // The later of two; the one that was heard by a clock far ahead.
        let page = vec![known(7, 90), known(3, 90)];
        assert_eq!(fitted(free, page), [(7, 90, false), (7, 91, true)]);
        let page = vec![known(99, 90), known(3, 90), known(4, 90), known(5, 90)];
        let as_heard = [(3, 90, false), (4, 90, false), (5, 90, false)];
        assert_eq!(fitted(free, page)[0], (3, 89, true));
        let page = vec![known(3, 90), known(99, 90), known(4, 90), known(5, 90)];
        let fits = fitted(free, page);
        assert_eq!([fits[0], fits[2], fits[3]], as_heard);
        assert_eq!(fits[1], (4, 89, true));
        // What is new has its place between them.
        let page = vec![known(7, 90), Place::Fresh(place(6, 10)), known(3, 90)];
        let fits = fitted(free, page);
        assert_eq!(fits, [(7, 90, false), (7, 91, false), (7, 92, true)]);
        // The bounds hold for all of them, but for one that is in the page itself.
        let bounds = (Some(place(4, 90)), Some(place(6, 90)));
        let page = vec![known(3, 90), known(5, 90), known(8, 90)];
        let within = [(4, 91, true), (5, 90, false), (6, 89, true)];
        assert_eq!(fitted(bounds, page), within);
        let page = vec![known(3, 90), known(4, 90), known(5, 90)];
        assert_eq!(fitted((Some(place(4, 90)), None), page), as_heard);
        // Where there is no room, it is made.
        let page = vec![known(7, 90), Place::Fresh(place(7, 10)), known(7, 91)];
        let fits = fitted(free, page);
        assert_eq!(fits, [(7, 90, false), (7, 91, false), (7, 92, true)]);
    }
}
