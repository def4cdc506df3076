//! A date that somebody wants to see: from the store if all from there on is stored, else from the archive.
//!
//! **Invariant:** what the archive tells so is an island: the messages, and the gaps around it, are one batch. Nothing between
//! it and what was known before counts as known.

use rand_chacha::rand_core::Rng;

use crate::boundary::change::Reply;
use crate::client::hub::Asker;
use crate::entity::address::Address;
use crate::entity::archive::{Cursor, Gap, OwnGap};
use crate::entity::conversation::History;
use crate::entity::id::ItemId;
use crate::entity::message::{Direction, Message, Position};
use crate::entity::problem::Problem;
use crate::entity::time::{Instant, Timestamp};
use crate::event::{ArchiveEvent, Since, Stretch, Unavailable};
use crate::model::{after, before};
use crate::store::{Batch, From};
use crate::xmpp::feature::archive::{Place, Wanted};

use super::beginning::SKEW;
use super::gaps::{Want, cursor};
use super::merging::{self, Merged};
use super::turn::{Later, Work};
use super::{Account, Phase};

/// How many messages are asked for at a time.
const PAGE: u32 = 50;
/// How many pages in a row may hold nothing to show.
const FRUITLESS: u32 = 20;
/// The ties that are free in a gap that no page of catch-up has left: below all others.
pub(super) const TIES: (u64, u64) = (1 << 61, (1 << 61) + (1 << 40));

/// A date that is being looked for in the archive.
#[derive(Debug)]
pub(super) struct Sought {
    asker: Asker,
    pub(super) peer: Address,
    from: Timestamp,
    /// The first of what was found so far, shown or not.
    first: Option<Cursor>,
    rounds: u32,
}

/// What of a conversation is not known around a date.
enum Hole {
    /// Nothing.
    None,
    /// This gap.
    Gap(OwnGap),
    /// What lies before the oldest message.
    Bottom,
}

impl Account {
    /// Looks for the first message at or after a time.
    pub(super) async fn find_date(
        &mut self,
        now: Instant,
        asker: Asker,
        peer: Address,
        from: Timestamp,
        work: &mut Work,
    ) {
        let found = self.first_from(&peer, from).await;
        if matches!(self.hole(&peer, from, found).await, Hole::None) {
            return work.answers.push((asker, Ok(Reply::Found(found))));
        }
        if !matches!(self.phase, Phase::Online) {
            return work.answers.push((asker, Err(Problem::Offline)));
        }
        let sought = Sought {
            asker,
            peer,
            from,
            first: None,
            rounds: 0,
        };
        self.ask_date(now, sought, Place::Oldest, work);
    }

    fn ask_date(&mut self, now: Instant, sought: Sought, place: Place, work: &mut Work) {
        let wanted = Wanted {
            place,
            since: Some(sought.from),
            until: None,
            count: PAGE,
        };
        let peer = sought.peer.clone();
        self.ask_stretch(now, peer, Want::Date(sought), wanted, work);
    }

    /// What the archive has from that date on came, or did not.
    pub(super) async fn on_date(
        &mut self,
        now: Instant,
        mut sought: Sought,
        outcome: Result<Stretch, Unavailable>,
        batch: &mut Batch,
        work: &mut Work,
    ) {
        let page = match outcome {
            Ok(page) => page,
            Err(why) => {
                let problem = match why {
                    Unavailable::Now(problem) => problem,
                    Unavailable::Forgotten | Unavailable::Never => Problem::Unsupported,
                };
                return work.answers.push((sought.asker, Err(problem)));
            }
        };
        let first = page.first.as_ref().map(|first| cursor(first, sought.from));
        sought.first = sought.first.or(first);
        let last = page.last.clone();
        sought.rounds = sought.rounds.saturating_add(1);
        if let (true, false, Some(last), true) = (
            page.messages.is_empty(),
            page.is_complete,
            last,
            sought.rounds < FRUITLESS,
        ) {
            return self.ask_date(now, sought, Place::After(last.id), work);
        }
        if page.messages.is_empty() && !page.is_complete {
            // What lies behind it may be much: nobody says that it is nothing.
            return work.answers.push((sought.asker, Err(Problem::Fruitless)));
        }
        self.put_island(&sought, page, batch).await;
        let Sought {
            asker, peer, from, ..
        } = sought;
        work.later.push_back(Later::Found(asker, peer, from));
    }

    /// The first message at or after a time is told, now that all that came is stored.
    pub(super) async fn tell_found(
        &mut self,
        asker: Asker,
        peer: &Address,
        from: Timestamp,
        work: &mut Work,
    ) {
        let found = self.first_from(peer, from).await;
        work.answers.push((asker, Ok(Reply::Found(found))));
    }

    /// Merges what came, and notes what around it is not known.
    async fn put_island(&mut self, sought: &Sought, mut page: Stretch, batch: &mut Batch) {
        let peer = &sought.peer;
        let found = self.first_from(peer, sought.from).await;
        let hole = self.hole(peer, sought.from, found).await;
        let oldest = self.page(peer, From::After(Position::default()), 1).await;
        let oldest = oldest.into_iter().next();
        let messages = std::mem::take(&mut page.messages);
        let stored = self.stored(peer, &messages, None).await;
        let stored = self.readable(stored).unwrap_or_default();
        let ceiling = match &hole {
            Hole::Gap(own) if own.gap.before.id.is_some() => Some(after(own.at)),
            _ => None,
        };
        let bounds = merging::within(&messages, stored.iter(), None, ceiling);
        let merged = self.merge(messages, &stored, bounds, batch);
        self.keep_read(peer, &merged.read);
        let is_met = merged.is_met;
        let ends = (sought.first.clone(), page.last.clone());
        let (Some(first), Some(last)) = ends else {
            return;
        };
        let last = cursor(&last, first.time);
        let island = Island {
            first,
            last,
            lowest: merged.lowest,
            highest: merged.highest,
        };
        match hole {
            Hole::Gap(own) => {
                self.show_island(&own.peer, merged, own.within, None);
                self.split(&own, island, &page);
            }
            Hole::Bottom => {
                let history = History::Before(island.first.id.clone().unwrap_or_default());
                let above = self.above(peer, oldest.as_ref());
                self.show_island(peer, merged, None, Some(history));
                // What is stored under a name that the page has, too, need not be the same: clients repeat theirs.
                let is_met = page.is_complete || page.holds(&above.0) || is_met;
                if !is_met && !page.ends_after(above.0.time + SKEW) {
                    self.part(peer, island, above);
                }
            }
            Hole::None => self.show_island(peer, merged, None, None),
        }
    }

    /// A gap is two now, or one, or none: around an island.
    fn split(&mut self, own: &OwnGap, island: Island, page: &Stretch) {
        let id = ItemId(self.random.next_u64());
        let mut model = self.model.borrow_mut();
        let is_met =
            page.is_complete || page.holds(&own.gap.before) || page.ends_after(own.gap.before.time);
        if own.gap.after.time < island.first.time && !page.holds(&own.gap.after) {
            let mut lower = own.clone();
            lower.gap.before = island.first;
            lower.at = island.lowest.map_or(own.at, before);
            model.gaps.put(lower);
        } else {
            model.gaps.close(own);
        }
        if !is_met {
            let mut upper = own.clone();
            upper.gap.id = id;
            upper.gap.after = island.last;
            upper.floor = island.highest;
            model.gaps.put(upper);
        }
    }

    /// What was known before lies above, beyond a gap.
    fn part(&mut self, peer: &Address, island: Island, (before, at): (Cursor, Position)) {
        let id = ItemId(self.random.next_u64());
        self.model.borrow_mut().gaps.put(OwnGap {
            peer: peer.clone(),
            within: None,
            gap: Gap {
                id,
                after: island.last,
                before,
                ties: TIES,
                is_lost: false,
            },
            // Our clock may be behind that of the archive.
            at: island.highest.map_or(at, |highest| at.max(highest)),
            floor: island.highest,
            is_ahead: false,
        });
    }

    /// Where what was known of a conversation begins, in the archive and in its timeline. Without a name it is found by a time
    /// that our own clock may have told.
    fn above(&self, peer: &Address, oldest: Option<&Message>) -> (Cursor, Position) {
        let known = {
            let model = self.model.borrow();
            let known = model.conversations.of(peer);
            known.map(|known| known.history.clone())
        };
        let id = match known {
            Some(History::Before(id)) => Some(id),
            _ => None,
        };
        match oldest {
            Some(oldest) => {
                let id = id.or_else(|| oldest.ids.archive.clone());
                let time = match id {
                    Some(_) => oldest.time,
                    None => oldest.time + SKEW,
                };
                (Cursor { id, time }, before(oldest.position))
            }
            None => {
                let now = self.now().wall;
                let at = Position { time: now, tie: 0 };
                let time = now + SKEW;
                (Cursor { id, time }, at)
            }
        }
    }

    fn show_island(
        &mut self,
        peer: &Address,
        merged: Merged,
        within: Option<ItemId>,
        history: Option<History>,
    ) {
        let messages = merged.fresh;
        let mut sides = messages.iter().map(|message| message.direction);
        if sides.any(|direction| direction == Direction::Outgoing) {
            self.recount.insert(peer.clone());
        }
        let page = match within {
            Some(_) => ArchiveEvent::Missed {
                messages,
                cursor: None,
                reach: None,
                since: Since::Gap,
            },
            None => {
                let known = self.history_of(peer);
                ArchiveEvent::Page {
                    conversation: peer.clone(),
                    messages,
                    history: history.unwrap_or(known),
                }
            }
        };
        self.show_page(peer, page);
    }

    /// The first message that is stored at or after a time.
    async fn first_from(&self, peer: &Address, from: Timestamp) -> Option<Position> {
        let found = self.page(peer, From::After(just_before(from)), 1).await;
        found.first().map(|message| message.position)
    }

    /// What is not known between a time and the first message that is stored after it.
    async fn hole(&self, peer: &Address, from: Timestamp, found: Option<Position>) -> Hole {
        let gap = {
            let model = self.model.borrow();
            let mut gaps = model.gaps.of(peer);
            gaps.retain(|own| {
                !own.gap.is_lost
                    && own.gap.before.time >= from
                    && found.is_none_or(|found| own.at < found)
            });
            gaps.into_iter().min_by_key(|own| own.at)
        };
        let goes_on = matches!(self.history_of(peer), History::Unknown | History::Before(_));
        let is_below = goes_on
            && self
                .page(peer, From::Before(just_before(from)), 1)
                .await
                .is_empty();
        match gap {
            _ if is_below => Hole::Bottom,
            Some(gap) => Hole::Gap(gap),
            None => Hole::None,
        }
    }
}

/// What came, and where it lies.
struct Island {
    first: Cursor,
    last: Cursor,
    lowest: Option<Position>,
    highest: Option<Position>,
}

fn just_before(time: Timestamp) -> Position {
    before(Position { time, tie: 0 })
}
