//! In which order the messages of a page of the archive stand, where some of them were known before.
//!
//! **Invariant:** messages that pages of the archive have told of stand in the order of the archive: within a page that is
//! the page's, and where one page ends and another begins, what is known of both bounds them. Before that, a message stands where
//! it was heard; it moves only if that is another order. What has passed its server at other times than it is told tells no
//! more: its clock knows whole seconds, and ours may be wrong.

use crate::entity::message::Position;

/// The place of a message in a page of the archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// It was known, and stands there; the archive proposes another place, which counts if it cannot stay.
    Known {
        /// Where it stands.
        at: Position,
        /// Where the archive would have it.
        archived: Position,
    },
    /// It was known, and stood where the archive does not have it: it stands there from now on.
    Moved(Position),
    /// It was written here: it stands where it was written, also if it was archived later; never after what the archive has
    /// after it.
    Written(Position),
    /// It is new; that place was proposed.
    Fresh(Position),
}

/// Between which places the messages of a page belong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bounds {
    /// The highest place of what the archive has before them.
    pub floor: Option<Position>,
    /// The same with what was written here: it stands where it was written, so they come after it if they can.
    pub wish: Option<Position>,
    /// The lowest place of what the archive has after them.
    pub ceiling: Option<Position>,
}

/// Gives the messages of a page places in the order of the archive and within bounds, if there are any. Its order counts, also where its times are whole seconds, or its clock is not ours: what was known stays where it
/// stands, as far as that is the archive's order (the most of it that can stay does); the rest of it moves, and what is new
/// gets a place between. What the archive has after a message that was written here comes after it, if its order allows. Gives
/// back the bounds of what comes after the page.
pub fn fit(page: &mut [Place], bounds: Bounds) -> Bounds {
    let Bounds {
        mut floor,
        wish,
        mut ceiling,
    } = bounds;
    // A bound that is in the page bounds nothing: the page begins before it, or ends after it.
    let holds = |page: &[Place], bound: Option<Position>| {
        let is_it = |place: &Place| matches!(place, Place::Known { at, .. } if Some(*at) == bound);
        page.iter().any(is_it)
    };
    floor = floor.filter(|_| !holds(page, floor));
    ceiling = ceiling.filter(|_| !holds(page, ceiling));
    part_unordered(page, floor, ceiling);
    let mut ceilings = Vec::with_capacity(page.len());
    // The lowest place of what stays.
    let mut fixed = ceiling;
    for place in page.iter_mut().rev() {
        ceilings.push(fixed);
        let is_above = |ceiling: &Position| place.position() >= *ceiling;
        let must_move = match place {
            Place::Known { .. } => None,
            Place::Fresh(_) | Place::Moved(_) => ceiling.filter(is_above),
            // What was written here may be archived late, and never early.
            Place::Written(_) => fixed.filter(is_above).and(ceiling),
        };
        if let Some(ceiling) = must_move {
            let below = Position {
                tie: ceiling.tie.saturating_sub(1),
                ..ceiling
            };
            *place = match place {
                Place::Fresh(_) => Place::Fresh(below),
                _ => Place::Moved(below),
            };
        }
        let at = place.position();
        if !matches!(place, Place::Written(_)) {
            ceiling = Some(ceiling.map_or(at, |ceiling| ceiling.min(at)));
        }
        if matches!(place, Place::Known { .. }) {
            fixed = Some(fixed.map_or(at, |fixed| fixed.min(at)));
        }
    }
    let mut wish = wish.max(floor);
    for (place, ceiling) in page.iter_mut().zip(ceilings.into_iter().rev()) {
        if let Place::Written(at) = place {
            wish = wish.max(Some(*at));
            continue;
        }
        if let Place::Known { at, .. } = *place
            && floor.is_some_and(|floor| at <= floor)
        {
            // There was no room before it.
            *place = Place::Moved(at);
        }
        if let Some(at) = place.free() {
            let above = |floor: Position| Position {
                tie: floor.tie.saturating_add(1),
                ..floor
            };
            let wished = wish.filter(|wish| *at <= *wish).map(above);
            let has_room = |at: &Position| ceiling.is_none_or(|ceiling| *at < ceiling);
            if let Some(wished) = wished.filter(has_room) {
                *at = wished;
            } else if let Some(floor) = floor.filter(|floor| *at <= *floor) {
                *at = above(floor);
            }
        }
        floor = floor.max(Some(place.position()));
        wish = wish.max(floor);
    }
    Bounds {
        floor,
        wish,
        ceiling: None,
    }
}

/// What was known and cannot stay where it stands, because the archive has it in another order, moves. As many as can stay do;
/// of two that were heard in the wrong order, the later one in the archive moves, and comes after the other.
fn part_unordered(page: &mut [Place], floor: Option<Position>, ceiling: Option<Position>) {
    // The longest increasing subsequence, from the end: `heads[n]` begins the one of length n + 1 that begins highest.
    let mut heads: Vec<(Position, usize)> = Vec::new();
    let mut next: Vec<Option<usize>> = vec![None; page.len()];
    for (number, place) in page.iter().enumerate().rev() {
        let Place::Known { at, .. } = *place else {
            continue;
        };
        if floor.is_some_and(|floor| at <= floor) || ceiling.is_some_and(|ceiling| at >= ceiling) {
            continue;
        }
        let length = heads.partition_point(|(head, _)| *head > at);
        let behind = length.checked_sub(1).and_then(|last| heads.get(last));
        if let Some(next) = next.get_mut(number) {
            *next = behind.map(|(_, behind)| *behind);
        }
        match heads.get_mut(length) {
            Some(head) => *head = (at, number),
            None => heads.push((at, number)),
        }
    }
    let mut stays = heads.last().map(|(_, number)| *number);
    for (number, place) in page.iter_mut().enumerate() {
        if stays == Some(number) {
            stays = next.get(number).copied().flatten();
        } else if let Place::Known { archived, .. } = *place {
            *place = Place::Moved(archived);
        }
    }
}

impl Place {
    /// The place.
    #[must_use]
    pub fn position(self) -> Position {
        match self {
            Self::Known { at, .. } | Self::Moved(at) | Self::Written(at) | Self::Fresh(at) => at,
        }
    }

    /// The place of what has to be given one.
    fn free(&mut self) -> Option<&mut Position> {
        match self {
            Self::Moved(at) | Self::Fresh(at) => Some(at),
            Self::Known { .. } | Self::Written(_) => None,
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
            let bounds = Bounds {
                floor,
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
        // It is behind, and what was missed came between two live messages: they leave room.
        let page = vec![known(3, 64), fresh(8, 10), fresh(8, 11), known(3, 128)];
        assert_eq!(fitted(None, page), [(3, 126), (3, 127)]);
        // What we wrote offline was archived late: it stays, and what came after it is after it, if the archive allows.
        let written = |time, tie| Place::Written(place(time, tie));
        let page = vec![known(7, 90), fresh(8, 10), written(3, 90)];
        assert_eq!(fitted(None, page), [(8, 10)]);
        let page = vec![known(3, 90), written(7, 90), fresh(5, 10)];
        assert_eq!(fitted(None, page), [(7, 91)]);
        let page = vec![known(3, 90), written(7, 90), fresh(5, 10), known(6, 90)];
        assert_eq!(fitted(None, page), [(5, 10)]);
        // Never after what the archive has after it: a second says little.
        let mut page = vec![written(3, 5), written(7, 90), written(7, 91), known(7, 80)];
        fit(&mut page, Bounds::default());
        let at: Vec<_> = page.iter().map(|place| place.position()).collect();
        assert_eq!(at, [place(3, 5), place(7, 78), place(7, 79), place(7, 80)]);
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
                wish: None,
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
