//! Gaps in a conversation: filled when somebody asks, a page at a time, from the end at which that person reads.
//!
//! **Invariant:** the messages of a page and what is left of the gap are one batch. A gap ends where the archive says that it
//! does, or where what is known begins; a page that leads nowhere, or an archive that has forgotten, makes it one that is lost,
//! never one that is asked for without end.

use std::collections::HashMap;

use crate::boundary::change::GapState;
use crate::boundary::command::Toward;
use crate::entity::address::Address;
use crate::entity::archive::{Cursor, OwnGap};
use crate::entity::id::ItemId;
use crate::entity::message::{Direction, Position};
use crate::entity::problem::Problem;
use crate::entity::time::{Instant, Timestamp};
use crate::event::{ArchiveEvent, Since, Spot, Stretch, Unavailable};
use crate::model::timeline::Watch;
use crate::model::{after, before};
use crate::store::Batch;
use crate::xmpp::engine::{Input, Wish};
use crate::xmpp::feature::archive::{Place, Wanted};
use crate::xmpp::message::order::{is_live, place_above, place_below};

use super::dates::Sought;
use super::merging::{Merged, within};
use super::turn::Work;
use super::{Account, Phase};

/// How many messages are asked for at a time.
const PAGE: u32 = 50;
/// How many pages in a row may bring nothing new before somebody must ask again.
const FRUITLESS: u32 = 20;

/// Stretches of the archive that somebody waits for.
#[derive(Debug, Default)]
pub(super) struct Fills {
    last: u64,
    open: HashMap<u64, Want>,
}

/// What a stretch is wanted for.
#[derive(Debug)]
pub(super) enum Want {
    /// To fill a gap.
    Fill(Fill),
    /// To show a date.
    Date(Sought),
}

/// A gap that is being filled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fill {
    peer: Address,
    gap: ItemId,
    toward: Toward,
    /// How many pages in a row brought nothing new.
    rounds: u32,
}

impl Account {
    /// Somebody sees a gap of a window, or presses its button.
    pub(super) fn fill(
        &mut self,
        now: Instant,
        watch: Watch,
        gap: ItemId,
        toward: Toward,
        work: &mut Work,
    ) {
        let peer = {
            let mut model = self.model.borrow_mut();
            let window = model.timelines.window(watch);
            window.map(|window| window.conversation().clone())
        };
        let Some(peer) = peer else { return };
        let mut open = self.fills.open.values();
        if open.any(|want| matches!(want, Want::Fill(fill) if fill.peer == peer && fill.gap == gap))
        {
            return;
        }
        let known = self.model.borrow().gaps.find(&peer, gap);
        let Some(own) = known.filter(|own| !own.gap.is_lost) else {
            return;
        };
        if !matches!(self.phase, Phase::Online) {
            let offline = GapState::Failed(Problem::Offline);
            return self.set_gap(&peer, gap, offline);
        }
        let fill = Fill {
            peer,
            gap,
            toward,
            rounds: 0,
        };
        self.ask_fill(now, fill, &own, work);
    }

    fn ask_fill(&mut self, now: Instant, fill: Fill, own: &OwnGap, work: &mut Work) {
        let wanted = wanted(own, fill.toward);
        self.set_gap(&fill.peer, fill.gap, GapState::Loading);
        let peer = fill.peer.clone();
        self.ask_stretch(now, peer, Want::Fill(fill), wanted, work);
    }

    /// Asks the archive for a stretch of a conversation.
    pub(super) fn ask_stretch(
        &mut self,
        now: Instant,
        peer: Address,
        want: Want,
        wanted: Wanted,
        work: &mut Work,
    ) {
        self.fills.last = self.fills.last.wrapping_add(1);
        let ticket = self.fills.last;
        self.fills.open.insert(ticket, want);
        let wish = Wish::Stretch(peer, ticket, wanted);
        self.handle(now, Input::Wish(wish), work);
    }

    /// A stretch came, or did not.
    pub(super) async fn on_stretch(
        &mut self,
        now: Instant,
        ticket: u64,
        outcome: Result<Stretch, Unavailable>,
        batch: &mut Batch,
        work: &mut Work,
    ) {
        match self.fills.open.remove(&ticket) {
            Some(Want::Fill(fill)) => self.on_fill(now, fill, outcome, batch, work).await,
            Some(Want::Date(sought)) => self.on_date(now, sought, outcome, batch, work).await,
            None => tracing::debug!("a stretch that nobody waits for"),
        }
    }

    async fn on_fill(
        &mut self,
        now: Instant,
        mut fill: Fill,
        outcome: Result<Stretch, Unavailable>,
        batch: &mut Batch,
        work: &mut Work,
    ) {
        let known = self.model.borrow().gaps.find(&fill.peer, fill.gap);
        // It was filled meanwhile, with all the others.
        let Some(mut own) = known else { return };
        let state = match outcome {
            Ok(stretch) => {
                let (left, merged) = self.on_filled(&own, fill.toward, stretch, batch).await;
                fill.rounds = if merged.fresh == 0 {
                    fill.rounds.saturating_add(1)
                } else {
                    0
                };
                let mut model = self.model.borrow_mut();
                match left {
                    None => return model.gaps.close(&own),
                    Some(left) => {
                        model.gaps.put(left.clone());
                        own = left;
                    }
                }
                GapState::Unknown
            }
            Err(Unavailable::Forgotten) => {
                fill.rounds = fill.rounds.saturating_add(1);
                if fill.toward == Toward::Newer && own.gap.after.id.is_some() {
                    // What came after it may be forgotten, too: only from above one learns up to where.
                    fill.toward = Toward::Older;
                } else if !forget_id(&mut own, fill.toward) {
                    own.gap.is_lost = true;
                }
                self.model.borrow_mut().gaps.put(own.clone());
                GapState::Unknown
            }
            Err(Unavailable::Never) => GapState::Lost,
            Err(Unavailable::Now(problem)) => GapState::Failed(problem),
        };
        let again = state == GapState::Unknown && (1..FRUITLESS).contains(&fill.rounds);
        if again && !own.gap.is_lost && matches!(self.phase, Phase::Online) {
            return self.ask_fill(now, fill, &own, work);
        }
        let is_fruitless = state == GapState::Unknown && fill.rounds >= FRUITLESS;
        let state = if is_fruitless && !own.gap.is_lost {
            GapState::Failed(Problem::Fruitless)
        } else {
            state
        };
        self.set_gap(&fill.peer, fill.gap, state);
    }

    /// Merges a page of a gap; gives back what is left of the gap.
    async fn on_filled(
        &mut self,
        own: &OwnGap,
        toward: Toward,
        mut stretch: Stretch,
        batch: &mut Batch,
    ) -> (Option<OwnGap>, Filled) {
        let mut messages = std::mem::take(&mut stretch.messages);
        let mut own = own.clone();
        match toward {
            Toward::Older => place_above(&mut own.gap.ties, &mut messages),
            Toward::Newer => place_below(&mut own.gap.ties, &mut messages),
        }
        let stored = self.stored(&own.peer, &messages, None).await;
        let stored = self.readable(stored).unwrap_or_default();
        // Where the upper end is that of all, it is no message of this conversation.
        let ceiling = own.gap.before.id.is_some().then(|| after(own.at));
        // One that stands for now is none: pages of the archive have yet to tell where that belongs.
        let floor = own.floor.filter(|floor| !is_live(*floor));
        let bounds = within(&messages, stored.iter(), floor, ceiling);
        let merged = self.merge(messages, &stored, bounds, batch);
        self.keep_read(&own.peer, &merged.read);
        let Merged {
            fresh,
            lowest,
            highest,
            ..
        } = merged;
        let filled = Filled { fresh: fresh.len() };
        let mut is_ours = fresh.iter().map(|message| message.direction);
        if is_ours.any(|direction| direction == Direction::Outgoing) {
            self.recount.insert(own.peer.clone());
        }
        let page = if own.within.is_some() {
            // It came while we were away.
            ArchiveEvent::Missed {
                messages: fresh,
                cursor: None,
                reach: None,
                since: Since::Gap,
            }
        } else {
            let model = self.model.borrow();
            let known = model.conversations.of(&own.peer);
            ArchiveEvent::Page {
                conversation: own.peer.clone(),
                messages: fresh,
                history: known.map(|known| known.history.clone()).unwrap_or_default(),
            }
        };
        self.show_page(&own.peer, page);
        (left(&own, toward, &stretch, (lowest, highest)), filled)
    }

    /// We are online: what failed may be had now. Who sees it asks again.
    pub(super) fn forget_failed_gaps(&mut self) {
        self.model.borrow_mut().gaps.forget_failures();
    }

    fn set_gap(&mut self, peer: &Address, gap: ItemId, state: GapState) {
        self.model.borrow_mut().gaps.set_state(peer, gap, state);
    }
}

/// What a page of a gap brought.
struct Filled {
    /// How many messages that were not known.
    fresh: usize,
}

/// The page of a gap that lies at one of its ends.
fn wanted(own: &OwnGap, toward: Toward) -> Wanted {
    let (lower, upper) = (&own.gap.after, &own.gap.before);
    // Before the beginning there is nothing.
    let since = Some(lower.time).filter(|time| *time > Timestamp::default());
    let until = upper.time.next_second();
    let (place, since, until) = match toward {
        Toward::Older => match upper.id.clone() {
            Some(id) => (Place::Before(id), since, None),
            None => (Place::Newest, since, Some(until)),
        },
        Toward::Newer => match lower.id.clone() {
            Some(id) => (Place::After(id), None, Some(until)),
            None => (Place::Oldest, since, Some(until)),
        },
    };
    Wanted {
        place,
        since,
        until,
        count: PAGE,
    }
}

/// What is left of a gap after a page at one of its ends, whose messages lie between these places.
fn left(
    own: &OwnGap,
    toward: Toward,
    page: &Stretch,
    (lowest, highest): (Option<Position>, Option<Position>),
) -> Option<OwnGap> {
    let (lower, upper) = (&own.gap.after, &own.gap.before);
    let mut left = own.clone();
    let (end, is_met) = match toward {
        Toward::Older => {
            let is_met = page.holds(lower) || page.begins_before(lower.time);
            (page.first.as_ref(), is_met)
        }
        Toward::Newer => {
            let is_met = page.holds(upper) || page.ends_after(upper.time);
            (page.last.as_ref(), is_met)
        }
    };
    let is_purged = toward == Toward::Older && page.is_complete && page.has_forgotten(lower);
    let end = end.filter(|_| !is_met && (is_purged || !page.is_complete));
    if is_purged && end.is_none() {
        left.gap.is_lost = true;
        return Some(left);
    }
    left.gap.is_lost |= is_purged;
    let end = end?;
    let (bound, place) = match toward {
        Toward::Older => (&mut left.gap.before, lowest.map(before)),
        Toward::Newer => (&mut left.gap.after, highest),
    };
    if bound.id.as_ref() == Some(&end.id) {
        // The same again would never end.
        left.gap.is_lost = true;
        return Some(left);
    }
    *bound = cursor(end, bound.time);
    match toward {
        Toward::Older => left.at = place.map_or(left.at, |place| place.min(left.at)),
        Toward::Newer => left.floor = left.floor.max(place),
    }
    Some(left)
}

pub(super) fn cursor(spot: &Spot, otherwise: Timestamp) -> Cursor {
    Cursor {
        id: Some(spot.id.clone()),
        time: spot.time.unwrap_or(otherwise),
    }
}

/// The server does not know the end of a gap any more: its time is left. Says whether that is.
fn forget_id(own: &mut OwnGap, toward: Toward) -> bool {
    let end = match toward {
        Toward::Older => &mut own.gap.before,
        Toward::Newer => &mut own.gap.after,
    };
    end.id.take().is_some()
}
