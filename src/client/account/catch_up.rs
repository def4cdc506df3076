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
//! begins at the top again, however long we were away. Until then the first of them stands above a gap, too ([`Ahead`]), which
//! is stored with it, and shown unless catch-up is under way.
//!
//! [`History`]: crate::entity::conversation::History

use std::collections::{HashMap, HashSet};

use futures::future::join_all;
use rand_chacha::rand_core::Rng;

use crate::client::places::Bounds;
use crate::entity::address::Address;
use crate::entity::archive::{Cursor, Gap, OwnGap, Reach};
use crate::entity::id::ItemId;
use crate::entity::message::{Direction, Message, Position};
use crate::entity::time::Timestamp;
use crate::event::{ArchiveEvent, Event, Since};
use crate::model::before;
use crate::store::{Batch, Op};
use crate::xmpp::message::order::is_live;

use super::dates::TIES;
use super::fold::{NEWS, is_incoming};
use super::merging::{self, Merged};
use super::outbox::is_written_here;
use super::turn::{Later, Work};
use super::untold::Reached;
use super::{Account, Phase};

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
    /// The lowest places in the pages that were looked through again.
    late: HashMap<Address, Position>,
    /// The highest places there of what was read.
    read: HashMap<Address, Position>,
}

impl Span {
    /// What is known of it when the account begins.
    pub(super) fn of(reach: &Reach) -> Self {
        Self {
            gap: gap_of(reach).map(|gap| gap.id),
            ..Self::default()
        }
    }

    /// A session begins, or a look is done: what is looked through again is looked through from the top.
    pub(super) fn forget_late(&mut self) {
        self.late.clear();
        self.read.clear();
    }

    fn note_read(&mut self, peer: &Address, at: Option<Position>) {
        if let Some(at) = at {
            let highest = self.read.entry(peer.clone()).or_insert(at);
            *highest = at.max(*highest);
        }
    }
}

/// What came live in this session before anything was caught up.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// In these conversations.
    peers: HashSet<Address>,
    /// That has passed: what comes now follows what is known.
    is_over: bool,
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
        let island = self
            .island(reach.as_ref())
            .filter(|_| since == Since::Cursor);
        let is_island = island.is_some();
        let reached = match since {
            Since::Earlier | Since::Late => None,
            Since::Gap => Some(Reached::Gap),
            _ => Some(island.map_or(Reached::Next, Reached::Newest)),
        };
        if reached.is_some() {
            self.look_up_untold(pages.iter().map(|(peer, _)| peer))
                .await;
        }
        let begin = self.engine.caught_up_to(since).map(str::to_owned);
        let looks = pages
            .iter()
            .map(|(peer, page)| self.stored(peer, page, begin.clone()));
        // One look per conversation, and all of them at once.
        let stored = join_all(looks).await;
        let mut lowest = HashMap::new();
        let mut begun: Vec<Address> = Vec::new();
        for ((peer, page), stored) in pages.into_iter().zip(stored) {
            let stored = self.readable(stored).unwrap_or_default();
            if self.model.borrow().conversations.of(&peer).is_none() {
                begun.push(peer.clone());
            }
            let named = page.first().and_then(|first| first.ids.archive.clone());
            let bounds = self.bounds(&page, &stored, begin.as_ref(), since, is_island);
            let mut merged = self.merge(page, &stored, bounds, batch);
            if let (Since::Late, Some(place)) = (since, merged.lowest) {
                self.span.late.insert(peer.clone(), place);
            } else if let Some(place) = merged.lowest {
                lowest.insert(peer.clone(), (place, named));
            }
            match reached {
                Some(reached) => self.keep_untold(&peer, &mut merged, reached, batch).await,
                None => {
                    let told = self.span.read.get(&peer).copied();
                    self.span.note_read(&peer, merged.read.told());
                    self.keep_standing(&peer, &mut merged, told).await;
                }
            }
            self.keep_read(&peer, &merged.read);
            self.tell_missed(now, &peer, merged, since, work);
        }
        self.note_span(reach.as_ref(), lowest, since);
        if since == Since::Late && reach.is_some() {
            // That look is done; the next one begins at the top again.
            self.span.forget_late();
        }
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

    /// Where the gap begins below a page from the cursor on, if that is the newest of all and lies above one.
    fn island(&self, reach: Option<&Reach>) -> Option<Position> {
        let gap = reach.and_then(gap_of);
        let gap = gap.filter(|gap| Some(gap.id) != self.span.gap)?;
        let (time, tie) = (gap.after.time, gap.ties.0);
        Some(Position { time, tie })
    }

    /// Between which places the messages of a page belong, of which `stored` is what is known. `begin` is the archive id after
    /// which they come; it may be that of a message of another conversation. A server whose clock is never set back needs none.
    fn bounds(
        &self,
        page: &[Message],
        stored: &[Message],
        begin: Option<&String>,
        since: Since,
        is_island: bool,
    ) -> Bounds {
        let Some(peer) = page.first().map(|first| &first.conversation) else {
            return Bounds::default();
        };
        let is_begin = |known: &&Message| begin.is_some() && known.ids.archive.as_ref() == begin;
        let begins = stored.iter().filter(is_begin).map(|known| known.position);
        let begin = begins.filter(|begin| !is_live(*begin)).max();
        let within = |ceiling: Option<Position>| {
            let others = stored.iter().filter(|known| !is_begin(known));
            let others = others.filter(|known| Some(known.position) != ceiling);
            merging::within(page, others, None, ceiling)
        };
        if since == Since::Late {
            let is_backward = true;
            return match self.span.late.get(peer).copied() {
                // Page after page, and nothing between them: what stands above that was put there by mistake.
                Some(ceiling) => Bounds {
                    floor: None,
                    ceiling: Some(ceiling),
                    is_backward,
                },
                None => Bounds {
                    is_backward,
                    ..within(begin)
                },
            };
        }
        if since == Since::Gap {
            let lowest = self.span.lowest.get(peer);
            return within(lowest.map(|(place, _)| *place).filter(|at| !is_live(*at)));
        }
        if !matches!(since, Since::Cursor | Since::Never) || is_island {
            return Bounds::default();
        }
        Bounds {
            floor: begin.max(self.caught_up.get(peer).copied()),
            ..Bounds::default()
        }
    }

    /// The first message of a conversation that comes live before catch-up: what was missed lies between it and what is known.
    pub(super) fn note_ahead(&mut self, message: &Message) {
        let peer = &message.conversation;
        let mut model = self.model.borrow_mut();
        let known = model.conversations.of(peer);
        let (Some(after), true) = (
            self.engine.archive_top(),
            known.is_some_and(|known| known.latest.is_some()),
        ) else {
            return;
        };
        if is_written_here(message) || self.ahead.is_over || self.ahead.peers.contains(peer) {
            return;
        }
        self.ahead.peers.insert(peer.clone());
        model.gaps.put(OwnGap {
            peer: peer.clone(),
            within: None,
            gap: Gap {
                id: ItemId(self.random.next_u64()),
                after: after.clone(),
                before: Cursor {
                    id: message.ids.archive.clone(),
                    time: message.time,
                },
                ties: TIES,
                is_lost: false,
            },
            at: before(message.position),
            floor: None,
            is_ahead: true,
        });
    }

    /// How far catch-up is decides what is a gap.
    pub(super) fn note_catch_up(&mut self) {
        let is_online = matches!(self.phase, Phase::Online);
        let mut model = self.model.borrow_mut();
        let is_under_way = is_online && self.engine.is_catching_up();
        model.gaps.set_catching_up(is_under_way);
        if self.engine.is_caught_up() {
            self.ahead.is_over = true;
            model.gaps.forget_ahead();
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
            Since::Cursor | Since::Gap | Since::Late => {
                self.model.borrow_mut().apply(&Event::Archive(page));
            }
        }
        if matches!(since, Since::Cursor | Since::Gap | Since::Late) {
            let read = self.read_of(peer);
            let news = fresh.into_iter().filter(|message| {
                is_incoming(message)
                    // Where our clock is behind, everything lies before us: that makes it no news.
                    && now.0.abs_diff(message.time.0) < NEWS.unsigned_abs()
                    // Nobody has seen what was archived late, wherever it stands: it was on its way to a session that was lost.
                    && (since == Since::Late || read.is_none_or(|read| message.position > read))
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
        let gap = gap_of(reach).map(|gap| gap.id);
        if gap != self.span.gap {
            self.span.gap = gap;
            self.span.lowest.clear();
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
fn gap_of(reach: &Reach) -> Option<&Gap> {
    reach.gaps.iter().rfind(|gap| !gap.is_lost)
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
