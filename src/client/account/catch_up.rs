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

use crate::client::places::Bounds;
use crate::entity::address::Address;
use crate::entity::archive::{Cursor, Reach};
use crate::entity::id::ItemId;
use crate::entity::message::{Direction, Message};
use crate::entity::time::Timestamp;
use crate::event::{ArchiveEvent, Event, Since};
use crate::store::{Batch, Op};

use super::Account;
use super::bounds::Lowest;
use super::fold::{NEWS, is_incoming};
use super::merging::Merged;
use super::turn::{Later, Work};

/// A page of the whole archive.
pub(super) struct Missed {
    pub(super) messages: Vec<Message>,
    pub(super) cursor: Option<Cursor>,
    pub(super) reach: Option<Reach>,
    pub(super) since: Since,
}

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
        if since == Since::Gap {
            // An engine before this one may have begun to fill it.
            let gap = self.model.borrow().gaps.filled();
            self.span.fill(gap);
        }
        if let (true, Some(gap)) = (is_island, reach.as_ref().and_then(gap_of)) {
            self.span.below.clear();
            self.span.under.push((gap, self.caught_up.clone()));
        }
        let mut lowest = HashMap::new();
        let mut begun: Vec<Address> = Vec::new();
        for ((peer, page), stored) in pages.into_iter().zip(stored) {
            let stored = self.readable(stored).unwrap_or_default();
            if self.model.borrow().conversations.of(&peer).is_none() {
                begun.push(peer.clone());
            }
            let named = page.first().and_then(|first| first.ids.archive.clone());
            let bounds = match since {
                Since::Earlier => Bounds::default(),
                Since::Cursor | Since::Never if !is_island => {
                    let first = page.first().map(|first| first.position.time);
                    let bounds = self.onward(&peer, &stored, begin.as_ref(), first);
                    bounds.await
                }
                _ => {
                    let bounds = self.between(&peer, &stored, begin.as_ref(), is_island);
                    bounds.await
                }
            };
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

    /// The messages of one conversation are shown, counted and announced.
    fn tell_missed(
        &mut self,
        now: Timestamp,
        peer: &Address,
        merged: Merged,
        since: Since,
        work: &mut Work,
    ) {
        let Merged { fresh, next, .. } = merged;
        if matches!(since, Since::Cursor | Since::Never) {
            self.caught_up.insert(peer.clone(), next);
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
        let is_left = |under: &ItemId| reach.gaps.iter().any(|gap| gap.id == *under);
        self.span.under.retain(|(gap, _)| is_left(gap));
        if gap != self.span.gap {
            let below = std::mem::take(&mut self.span.below);
            self.span.fill(gap);
            // What was told is below the gap that is next.
            if since == Since::Gap {
                return;
            }
            self.span.below = below;
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
