//! What was heard or written here, and no page of the archive has told of: pages that tell of others leave it where it belongs
//! among them, by the order in which it was heard.
//!
//! **Invariant:** what lies on one side of a message that was read lies there, too, when pages of the archive have moved one of
//! the two, as far as is known before they tell of the other. So nothing that was read is unread, and the reverse; but
//! where an archive is later than the second look of catch-up, a count can be wrong.

use std::collections::{HashMap, HashSet};

use futures::future::join_all;

use crate::entity::address::Address;
use crate::entity::id::ItemId;
use crate::entity::message::{Delivery, Message, Position};
use crate::entity::time::Timestamp;
use crate::store::{Batch, From};
use crate::xmpp::message::order::{heard_at, is_heard, is_live};

use super::Account;
use super::fold::is_incoming;
use super::merging::Merged;
use super::outbox::is_written_here;

/// How many of the newest messages of a conversation are looked through at a time.
const LOOKED: u32 = 20;
/// Of so many messages of a conversation at most; the rest stays where it is.
const MOST: usize = 300;

/// What no page has told of, in the conversations that catch-up has come by in this session.
#[derive(Debug, Default)]
pub(super) struct Untold {
    of: HashMap<Address, Vec<Heard>>,
    /// Those of which the store was asked, too.
    looked: HashSet<Address>,
    /// When this session began: the tie of what is heard then.
    began: u64,
    /// All is caught up, and nothing was noted since.
    is_settled: bool,
    /// Pages of history have told of what catch-up had not come by yet.
    has_ahead: bool,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    id: ItemId,
    at: Position,
    /// In this session, while catch-up was under way.
    is_new: bool,
    /// It was written here: when, says nothing of when it was sent.
    is_own: bool,
}

/// What a page holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    /// What comes after all that pages have told of.
    Next,
    /// The newest of all, above a gap that begins there.
    Newest(Position),
    /// What lies at the upper end of a gap.
    Gap,
    /// History of one conversation that catch-up has not come by yet: it tells of it again.
    Ahead,
}

/// Where a message belongs that is not in a page, as seen from the messages of the page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Above,
    Among,
    Below,
}

/// A message that has another place now.
#[derive(Clone, Copy)]
struct Move {
    id: ItemId,
    to: Position,
    is_new: bool,
    /// It was not heard: a page of history has told of it before catch-up came by.
    is_ahead: bool,
}

impl Account {
    /// A session begins.
    pub(super) fn forget_untold(&mut self, now: Timestamp) {
        self.untold = Untold {
            began: heard_at(now),
            ..Untold::default()
        };
    }

    /// A message came live, or was written, while catch-up may be under way.
    pub(super) fn note_heard(&mut self, message: &Message) {
        if self.engine.is_caught_up() {
            return;
        }
        self.note_ahead(message);
        let heard = self.untold.of.entry(message.conversation.clone());
        let heard = heard.or_default();
        if heard.len() < MOST {
            heard.push(Heard {
                id: message.id,
                at: message.position,
                is_new: true,
                is_own: is_written_here(message),
            });
        }
        self.untold.is_settled = false;
    }

    /// Whether all is caught up, and what was missing below that is here, too.
    pub(super) fn is_all_told(&self) -> bool {
        self.engine.is_caught_up() && self.model.borrow().gaps.missed_since().is_none()
    }

    /// Once all is caught up: of what was heard before this session, the archive has told, or it never will.
    pub(super) fn note_told(&mut self) {
        if self.untold.is_settled || !self.is_all_told() {
            return;
        }
        self.untold.of.clear();
        self.untold.looked.clear();
        self.untold.is_settled = true;
        let mut model = self.model.borrow_mut();
        let waiting = self.outbox.values().map(|own| own.position.tie);
        model
            .gaps
            .set_told(waiting.fold(self.untold.began, u64::min));
    }

    /// Looks what was heard in these conversations, and not told of yet.
    pub(super) async fn look_up_untold(&mut self, peers: impl Iterator<Item = &Address>) {
        let new = peers.filter(|peer| !self.untold.looked.contains(*peer));
        let peers: Vec<Address> = new.cloned().collect();
        let told = self.model.borrow().gaps.told();
        let looks = peers.iter().map(|peer| self.heard_before(peer, told));
        let found = join_all(looks).await;
        for (peer, found) in peers.into_iter().zip(found) {
            let of = self.untold.of.entry(peer.clone()).or_default();
            for heard in found {
                if of.iter().all(|known| known.id != heard.id) {
                    of.push(heard);
                }
            }
            of.sort_by_key(|heard| heard.at.tie);
            self.untold.looked.insert(peer);
            self.untold.is_settled = false;
        }
    }

    async fn heard_before(&self, peer: &Address, told: u64) -> Vec<Heard> {
        let mut heard = Vec::new();
        let mut from = From::Newest;
        loop {
            let page = self.page(peer, from, LOOKED).await;
            let before = heard.len();
            let untold = page.iter().filter(|message| {
                is_heard(message.position)
                    && message.position.tie >= told
                    && !matches!(message.delivery, Delivery::Failed(_))
                    && !self.outbox.contains_key(&message.id)
            });
            heard.extend(untold.map(|message| Heard {
                id: message.id,
                at: message.position,
                is_new: message.position.tie >= self.untold.began,
                is_own: is_written_here(message),
            }));
            match page.first() {
                Some(first) if heard.len() > before && heard.len() < MOST => {
                    from = From::Before(first.position)
                }
                _ => return heard,
            }
        }
    }

    /// A page has told of messages of a conversation, and has put them there.
    pub(super) async fn keep_untold(
        &mut self,
        peer: &Address,
        merged: &mut Merged,
        reached: Reached,
        batch: &mut Batch,
    ) {
        let before = self.read_of(peer);
        let mut moves = self.moves(peer, merged, reached);
        moves.extend(self.ahead_below(peer, merged, reached).await);
        // What stays where it is, and was read, still is when the mark moves with an own message.
        let of = self.untold.of.get(peer).into_iter().flatten();
        let stays = of.filter(|heard| !heard.is_own && Some(heard.at) <= before);
        let is_moved = |heard: &Heard| moves.iter().any(|one| one.id == heard.id);
        let stays = stays.filter(|heard| !merged.known.contains(&heard.id) && !is_moved(heard));
        let stays = stays.map(|heard| heard.at).max();
        let of = self.untold.of.get(peer).into_iter().flatten();
        let own = of.filter(|heard| heard.is_own).map(|heard| heard.at);
        let waiting = self.outbox.values();
        let waiting = waiting.filter(|own| own.conversation == *peer);
        let mut own = own.chain(waiting.map(|own| own.position));
        if let Some(stays) = stays {
            if !merged.read.is_unread_below(stays) {
                merged.read.keep(stays);
            }
        } else if let (Reached::Newest(gap), true) = (reached, own.any(|own| Some(own) == before)) {
            // Who wrote it may have done so in the gap below, before all that is missing there.
            merged.read.part(gap);
        }
        for one in moves {
            let Move { id, to, is_new, .. } = one;
            let Some(message) = self.find_item(peer, id).await else {
                continue;
            };
            let is_read = Some(message.position) <= before;
            let at = message.position;
            if at == to || !is_live(at) || is_heard(at) == one.is_ahead {
                continue;
            }
            if is_incoming(&message)
                && !is_read
                && Some(to) <= merged.read.moved().or(before)
                && (reached != Reached::Next || to < message.position)
            {
                // Nobody has read it: what was read has no room above it.
                continue;
            }
            // What was read takes nothing with it that nobody has read: the archive may never tell of it.
            let is_over = is_read && merged.read.is_unread_below(to);
            if is_over && !is_new {
                continue;
            }
            // Who wrote it has read what was there then, and no more.
            if !is_over && (to < message.position || !is_written_here(&message)) {
                merged.read.note(&message, to);
            }
            self.on_copy(message.clone(), &message, Some(to), batch);
        }
    }

    /// A page that is no news moves what it tells of, and nothing else. Where the message up to which was read goes down alone,
    /// what was heard before it and stays where it is still was read, and what pages of the same look have put in its place
    /// before (up to `told`). What they have put there anew, nobody has.
    pub(super) async fn keep_standing(
        &self,
        peer: &Address,
        merged: &mut Merged,
        told: Option<Position>,
    ) {
        let Some(mut before) = merged.read.leaves() else {
            return;
        };
        let mut looked = 0;
        let stays = loop {
            let page = self.page(peer, From::Before(before), LOOKED).await;
            let mut stays = page.iter().rev().filter(|one| merged.read.was_read(one));
            if let Some(stays) = stays.find(|one| !merged.known.contains(&one.id)) {
                break Some(stays.position);
            }
            looked += page.len();
            match page.first() {
                Some(first) if looked < MOST => before = first.position,
                _ => break None,
            }
        };
        for read in told.into_iter().chain(stays) {
            if !merged.read.is_unread_below(read) {
                merged.read.keep(read);
            }
        }
    }

    /// What a page of history has told of and catch-up has not: a page that fills a gap from above leaves what is of the second
    /// in which it begins below itself. What is of other seconds is on its side.
    async fn ahead_below(&self, peer: &Address, merged: &Merged, reached: Reached) -> Vec<Move> {
        let Some(lowest) = merged.lowest.filter(|_| self.untold.has_ahead) else {
            return Vec::new();
        };
        if !matches!(reached, Reached::Gap | Reached::Newest(_)) {
            return Vec::new();
        }
        let is_it = |message: &&Message| {
            let at = message.position;
            at.time == lowest.time
                && is_live(at)
                && !is_heard(at)
                && !merged.known.contains(&message.id)
        };
        let page = self.page(peer, From::After(lowest), LOOKED).await;
        let ahead = page.iter().filter(is_it);
        let ahead = ahead.map(|message| Move {
            id: message.id,
            to: below(lowest, message.position),
            is_new: false,
            is_ahead: true,
        });
        ahead.collect()
    }

    /// A page of history has told of something that catch-up will tell of again.
    pub(super) fn note_told_ahead(&mut self) {
        self.untold.has_ahead = true;
    }

    /// What is on the wrong side of a page, and where it belongs. What the page tells of is not untold any more, but for
    /// what catch-up will tell of again.
    fn moves(&mut self, peer: &Address, merged: &Merged, reached: Reached) -> Vec<Move> {
        let (Some(lowest), Some(highest)) = (merged.lowest, merged.highest) else {
            return Vec::new();
        };
        let mut moves: Vec<Move> = Vec::new();
        let above = |at: Position| Position {
            time: highest.time,
            ..at
        };
        // What was heard before this session may lie in a gap below all that.
        let is_parted = self.model.borrow().gaps.missed_since().is_some();
        let of = self.untold.of.entry(peer.clone()).or_default();
        let is_told = |heard: &Heard| merged.known.contains(&heard.id);
        let is_sign = |heard: &Heard| !heard.is_own && is_told(heard);
        let (first, last) = (of.iter().position(is_sign), of.iter().rposition(is_sign));
        // What was heard after one that moves down stays after it.
        let mut lower: Option<Position> = None;
        for (number, heard) in of.iter_mut().enumerate() {
            if is_told(heard) {
                continue;
            }
            let among = match (first, last) {
                (_, Some(last)) if number > last => Some(Side::Above),
                (Some(first), _) if number < first => Some(Side::Below),
                (None, None) => None,
                _ => Some(Side::Among),
            };
            let to = match reached.side(heard, is_parted, among) {
                Some(Side::Above) if heard.at < highest => above(heard.at),
                Some(Side::Below) if heard.at > lowest || Some(heard.at) < lower => {
                    lower = Some(below(lowest, heard.at));
                    below(lowest, heard.at)
                }
                _ => continue,
            };
            moves.push(Move {
                id: heard.id,
                to,
                is_new: heard.is_new,
                is_ahead: false,
            });
            heard.at = to;
        }
        if reached != Reached::Ahead {
            of.retain(|heard| !is_told(heard));
        }
        if matches!(reached, Reached::Gap | Reached::Ahead) {
            return moves;
        }
        let own = self.outbox.values();
        let own = own.filter(|own| own.conversation == *peer && own.is_being_sent());
        let own = own.filter(|own| is_heard(own.position) && own.position < highest);
        for own in own.filter(|own| !merged.known.contains(&own.id)) {
            if moves.iter().all(|one| one.id != own.id) {
                moves.push(Move {
                    id: own.id,
                    to: above(own.position),
                    is_new: true,
                    is_ahead: false,
                });
            }
        }
        moves
    }
}

/// Before the first of its time.
fn below(lowest: Position, at: Position) -> Position {
    Position {
        time: Timestamp(lowest.time.0.saturating_sub(1)),
        ..at
    }
}

impl Reached {
    /// Where something belongs that such a page does not tell of, if that is known. `among` is where it was heard among others'
    /// messages that the page does tell of.
    fn side(self, heard: &Heard, is_parted: bool, among: Option<Side>) -> Option<Side> {
        match (self, among) {
            (Self::Next, _) if heard.is_new || !is_parted => Some(Side::Above),
            _ if heard.is_own => None,
            // In the gap below, perhaps; what comes after this, later pages tell.
            (Self::Next, Some(Side::Below) | None) => Some(Side::Below),
            (Self::Next, _) => None,
            (_, Some(side)) => Some(side),
            (_, None) if !heard.is_new => Some(Side::Below),
            (Self::Newest(_), None) => Some(Side::Above),
            (Self::Gap | Self::Ahead, None) => None,
        }
    }
}
