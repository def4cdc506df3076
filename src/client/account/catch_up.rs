//! Catch-up: pages of the whole archive, merged with what is stored.
//!
//! **Invariant:** the messages of a page and its cursor are one batch; the core hears of it when that is committed, and only
//! then asks on.
//!
//! **Invariant:** no hole. Let *reached* be the cursor. Of every conversation, all that the archive holds between what its
//! [`History`] says (`Before` that id; the beginning, if `Complete`) and *reached* is stored:
//! - a page of catch-up holds all there is between the old cursor and the new one, of every conversation;
//! - a page of history begins at the newest message, which is not older than *reached*, or where the last one ended;
//! - a conversation that is heard of for the first time in a page of catch-up begins there: `Before` its first message;
//!   pages that fill the gap below take that further back;
//! - earlier pages, on a device that knew nothing, each end where the one told before begins;
//! - one that was `Unknown` and has messages from elsewhere stays so, and its newest page is asked for when it is opened.
//!
//! Beyond *reached*, what is known lies between gaps ([`Reach`]), and each of them is an item of every timeline until it is
//! filled. What came live lies beyond all that, with holes before it perhaps, until catch-up has passed it: the next session
//! begins at the top again, however long we were away.
//!
//! [`History`]: crate::entity::conversation::History

use std::collections::HashMap;

use futures::future::join_all;

use crate::entity::address::Address;
use crate::entity::archive::{Cursor, Reach};
use crate::entity::id::ItemId;
use crate::entity::message::{Direction, Message, Position};
use crate::entity::time::Timestamp;
use crate::event::{ArchiveEvent, Event, Since};
use crate::model::after;
use crate::store::{Batch, From, Op};

use super::Account;
use super::fold::{NEWS, is_incoming};
use super::merging::Merged;
use super::outbox::is_written_here;
use super::turn::{Later, Work};

/// So many messages of one moment have room in a gap.
const ROOM: u64 = 1 << 20;
/// How many messages are looked through for one that was not written here.
const LOOK: u32 = 20;

/// A page of the whole archive.
pub(super) struct Missed {
    pub(super) messages: Vec<Message>,
    pub(super) cursor: Option<Cursor>,
    pub(super) reach: Option<Reach>,
    pub(super) since: Since,
}

/// What is known above the gap that is being filled: where it begins in each conversation.
#[derive(Debug, Default)]
pub(super) struct Span {
    gap: Option<ItemId>,
    lowest: HashMap<Address, Lowest>,
    /// The newest message below what is known above the gap, as far as it was looked for.
    below: HashMap<Address, Option<Position>>,
    /// With whom messages came live in this session, and what was the newest before them.
    heard: HashMap<Address, Option<Position>>,
}

/// The oldest message of a conversation above the gap: its place, and its name in the archive.
type Lowest = (Position, Option<String>);

impl Account {
    /// Merges a page of the whole archive with what is stored.
    pub(super) async fn on_missed(
        &mut self,
        now: Timestamp,
        page: Missed,
        batch: &mut Batch,
        work: &mut Work,
    ) {
        let Missed {
            messages,
            cursor,
            reach,
            since,
        } = page;
        let pages = by_conversation(messages);
        let begin = self.engine.caught_up_to(since).map(str::to_owned);
        let looks = pages
            .iter()
            .map(|(peer, page)| self.stored(peer, page, begin.clone()));
        // One look per conversation, and all of them at once.
        let stored = join_all(looks).await;
        let is_island = self.begins_island(reach.as_ref(), since);
        if is_island {
            self.span.below.clear();
        }
        let mut lowest = HashMap::new();
        let mut begun: Vec<Address> = Vec::new();
        for ((peer, page), stored) in pages.into_iter().zip(stored) {
            let stored = self.readable(stored).unwrap_or_default();
            if self.model.borrow().conversations.of(&peer).is_none() {
                begun.push(peer.clone());
            }
            let named = page.first().and_then(|first| first.ids.archive.clone());
            let bounds = self.bounds(&peer, &stored, begin.as_ref(), since, is_island);
            let bounds = bounds.await;
            let merged = self.merge(page, &stored, bounds, batch);
            if let Some(place) = merged.lowest {
                lowest.insert(peer.clone(), (place, named));
            }
            self.tell_missed(now, &peer, merged, since, work);
        }
        self.note_span(reach.as_ref(), lowest, since);
        if let Some(reach) = reach.filter(|_| self.keeps_cursor()) {
            self.model.borrow_mut().gaps.set_reach(&reach);
        }
        for peer in begun {
            self.model.borrow_mut().gaps.set_apart(&peer);
        }
        let kept = cursor.filter(|_| self.keeps_cursor());
        batch.ops.extend(kept.map(Op::PutCursor));
        work.later.push_back(Later::CaughtUp);
    }

    /// Whether a page is the newest of all, and lies above a gap.
    fn begins_island(&self, reach: Option<&Reach>, since: Since) -> bool {
        let gap = reach.and_then(gap_of);
        since == Since::Cursor && gap.is_some() && gap != self.span.gap
    }

    /// Below which place nothing of a page belongs that lies above a gap: everything that is stored of the conversation comes
    /// before it, but for what is in the page, of which `known` is the lowest place, for what is `above` it, and for what came
    /// live since. There is room left for what the gap may still bring.
    async fn below(
        &mut self,
        peer: &Address,
        known: Option<Position>,
        above: Option<Position>,
    ) -> Option<Position> {
        let ceiling = [known, above].into_iter().flatten().min();
        let below = match self.span.below.get(peer) {
            Some(below) if known.is_none() => *below,
            _ => {
                let below = self.look_below(peer, ceiling).await;
                self.span.below.insert(peer.clone(), below);
                below
            }
        }?;
        let close = ceiling.filter(|ceiling| ceiling.time == below.time);
        let room = close.map_or(ROOM, |close| close.tie.saturating_sub(below.tie) / 2);
        Some(Position {
            tie: below.tie.saturating_add(room.min(ROOM)),
            ..below
        })
    }

    /// What was written here stands where it was written, whenever it was archived.
    async fn look_below(&self, peer: &Address, ceiling: Option<Position>) -> Option<Position> {
        let newest = match self.span.heard.get(peer) {
            Some(before) => *before,
            None => self.latest_of(peer),
        };
        let from = match ceiling {
            Some(ceiling) if Some(ceiling) <= newest => ceiling,
            _ => after(newest?),
        };
        let stored = self.page(peer, From::Before(from), LOOK).await;
        let theirs = stored.iter().filter(|message| !is_written_here(message));
        theirs.map(|message| message.position).max()
    }

    fn latest_of(&self, peer: &Address) -> Option<Position> {
        let model = self.model.borrow();
        let known = model.conversations.of(peer)?;
        known.latest.as_ref().map(|latest| latest.position)
    }

    /// A message is about to come live: what is the newest before it is older than all that was missed.
    pub(super) fn note_heard(&mut self, peer: &Address) {
        if !self.span.heard.contains_key(peer) {
            let latest = self.latest_of(peer);
            self.span.heard.insert(peer.clone(), latest);
        }
    }

    /// The session is over. What was caught up stays below all that comes: the next one begins where it ended.
    pub(super) fn forget_heard(&mut self) {
        self.span.heard.clear();
    }

    /// Between which places the messages of a page belong, of which `stored` is what is known. `begin` is the archive id after
    /// which they come; it may be that of a message of another conversation.
    async fn bounds(
        &mut self,
        peer: &Address,
        stored: &[Message],
        begin: Option<&String>,
        since: Since,
        is_island: bool,
    ) -> (Option<Position>, Option<Position>) {
        let is_begin = |known: &&Message| begin.is_some() && known.ids.archive.as_ref() == begin;
        match since {
            Since::Cursor | Since::Never if !is_island => {
                let begins = stored.iter().filter(is_begin);
                let begin = begins.map(|known| known.position).max();
                (begin.max(self.caught_up.get(peer).copied()), None)
            }
            Since::Cursor | Since::Never | Since::Gap => {
                let in_page = stored
                    .iter()
                    .filter(|known| !is_begin(known) && !is_written_here(known));
                let known = in_page.map(|known| known.position).min();
                let above = self.span.lowest.get(peer).filter(|_| !is_island);
                let above = above.map(|(place, _)| *place);
                // What is stored may all lie above the gap, where an engine before this one has begun to fill it.
                let is_placed = is_island || known.is_some() || above.is_some();
                let below = if is_placed {
                    self.below(peer, known, above).await
                } else {
                    None
                };
                (below, above)
            }
            Since::Earlier => (None, None),
        }
    }

    /// The messages of one conversation are shown, counted and announced.
    fn tell_missed(
        &mut self,
        now: Timestamp,
        peer: &Address,
        merged: Merged,
        since: Since,
        work: &mut Work,
    ) {
        let Merged { fresh, highest, .. } = merged;
        if let (Some(highest), Since::Cursor | Since::Never) = (highest, since) {
            self.caught_up.insert(peer.clone(), highest);
        }
        if self.displayed.is_missing(peer) {
            work.later.push_back(Later::Seek(peer.clone()));
        }
        if fresh
            .iter()
            .any(|message| message.direction == Direction::Outgoing)
        {
            // Another device sent it: what came after it is all that may be unread.
            self.recount.insert(peer.clone());
        }
        let page = ArchiveEvent::Missed {
            messages: fresh.clone(),
            cursor: None,
            reach: None,
            since,
        };
        match since {
            Since::Never | Since::Earlier => self.show_page(peer, page),
            Since::Cursor | Since::Gap => self.model.borrow_mut().apply(&Event::Archive(page)),
        }
        if matches!(since, Since::Cursor | Since::Gap) {
            let read = self.read_of(peer);
            let news = fresh.into_iter().filter(|message| {
                is_incoming(message)
                    // Where our clock is behind, everything lies before us: that makes it no news.
                    && now.0.abs_diff(message.time.0) < NEWS.unsigned_abs()
                    && read.is_none_or(|read| message.position > read)
            });
            work.news.extend(news);
        }
    }

    /// What is known above the gap begins further back now, or another gap is the one to be filled.
    fn note_span(&mut self, reach: Option<&Reach>, lowest: HashMap<Address, Lowest>, since: Since) {
        if since == Since::Gap {
            let mut model = self.model.borrow_mut();
            for (peer, (_, named)) in &lowest {
                // It was heard of above the gap for the first time.
                if let (Some((_, Some(from))), Some(to)) = (self.span.lowest.get(peer), named) {
                    model.conversations.reach_back(peer, from, to);
                }
            }
        }
        let Some(reach) = reach else { return };
        let gap = gap_of(reach);
        if gap != self.span.gap {
            self.span.gap = gap;
            self.span.lowest.clear();
            if since == Since::Gap {
                self.span.below.clear();
            }
            // What was told is below the gap that is next.
            if since == Since::Gap {
                return;
            }
        }
        if gap.is_none() {
            return;
        }
        for (peer, place) in lowest {
            match since {
                Since::Gap => {
                    self.span.lowest.insert(peer, place);
                }
                // It comes after all that is known above the gap.
                _ => {
                    self.span.lowest.entry(peer).or_insert(place);
                }
            }
        }
    }
}

/// The newest gap that can be filled.
fn gap_of(reach: &Reach) -> Option<ItemId> {
    let gap = reach.gaps.iter().rfind(|gap| !gap.is_lost);
    gap.map(|gap| gap.id)
}

/// The messages of each conversation, in their order.
fn by_conversation(messages: Vec<Message>) -> Vec<(Address, Vec<Message>)> {
    let mut index: HashMap<Address, usize> = HashMap::new();
    let mut pages: Vec<(Address, Vec<Message>)> = Vec::new();
    for message in messages {
        let at = *index
            .entry(message.conversation.clone())
            .or_insert(pages.len());
        match pages.get_mut(at) {
            Some((_, page)) => page.push(message),
            None => pages.push((message.conversation.clone(), vec![message])),
        }
    }
    pages
}
