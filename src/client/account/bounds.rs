//! Between which places the messages of a page of the whole archive belong, where it joins what was known before.
//!
//! **Invariant:** what was caught up in this session is known by name and bounds for certain; what an engine before this one has
//! caught up is only guessed at, by when it was heard, and then it moves nothing.

use std::collections::HashMap;

use crate::client::merge::APART;
use crate::client::places::Bounds;
use crate::entity::address::Address;
use crate::entity::id::ItemId;
use crate::entity::message::{Message, Position};
use crate::entity::time::Timestamp;
use crate::model::after;
use crate::store::From;
use crate::xmpp::message::order::is_live;

use super::Account;
use super::outbox::is_written_here;

/// So many messages of one moment have room in a gap.
const ROOM: u64 = 1 << 20;
/// How many messages are looked through for one that was not written here.
const LOOK: u32 = 20;

/// What is known above the gap that is being filled: where it begins in each conversation.
#[derive(Debug, Default)]
pub(super) struct Span {
    pub(super) gap: Option<ItemId>,
    pub(super) lowest: HashMap<Address, Lowest>,
    /// The newest message below what is known above the gap, as far as it was looked for.
    pub(super) below: HashMap<Address, Option<Position>>,
    /// What was caught up below each gap that was left in this session.
    pub(super) under: Vec<(ItemId, HashMap<Address, Bounds>)>,
    /// With whom messages came live in this session, and what was the newest before them.
    pub(super) heard: HashMap<Address, Option<Position>>,
}

impl Span {
    /// That gap is the one to be filled now.
    pub(super) fn fill(&mut self, gap: Option<ItemId>) {
        if gap != self.gap {
            self.gap = gap;
            self.lowest.clear();
            self.below.clear();
        }
    }
}

/// The oldest message of a conversation above the gap: its place, and its name in the archive.
pub(super) type Lowest = (Position, Option<String>);

impl Account {
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

    /// Above what the messages of a page belong that goes on where the last one ended, of which `stored` is what is known, and
    /// that begins at a time. `begin` is the archive id after which they come; it may be that of a message of another
    /// conversation.
    pub(super) async fn onward(
        &self,
        peer: &Address,
        stored: &[Message],
        begin: Option<&String>,
        first: Option<Timestamp>,
    ) -> Bounds {
        let caught_up = self.caught_up.get(peer).copied();
        let mut bounds = match (caught_up, first) {
            (Some(bounds), _) => bounds,
            (None, Some(first)) => self.stood_below(peer, stored, begin, first).await,
            (None, None) => Bounds::default(),
        };
        let begins = stored.iter().filter(|known| is_begin(known, begin));
        for known in begins {
            let place = Some(known.position);
            bounds.wish = bounds.wish.max(place);
            if !is_written_here(known) {
                bounds.floor = bounds.floor.max(place);
            }
        }
        bounds
    }

    /// The same where an engine before this one has caught up with what comes before, and nobody remembers how far: what is
    /// stored and not in the page, before all that is in it, and was heard before the page begins, as far as clocks tell. Where
    /// the archive gave the place, its times and ties tell.
    async fn stood_below(
        &self,
        peer: &Address,
        stored: &[Message],
        begin: Option<&String>,
        first: Timestamp,
    ) -> Bounds {
        let newest = match self.span.heard.get(peer) {
            Some(before) => *before,
            None => self.latest_of(peer),
        };
        let Some(newest) = newest else {
            return Bounds::default();
        };
        let in_page = stored
            .iter()
            .filter(|known| !is_begin(known, begin) && !is_written_here(known));
        let in_page = in_page.map(|known| known.position).min();
        let from = in_page.map_or(after(newest), |known| known.min(after(newest)));
        let mut below = self.page(peer, From::Before(from), LOOK).await;
        below.retain(|known| {
            is_live(known.position)
                && known.position.time.0 <= first.0.saturating_add(APART)
                && !stored.iter().any(|other| other.id == known.id)
                // Of what was written here, what is archived so far.
                && (!is_written_here(known) || known.ids.archive.is_some())
        });
        // That is a guess: it moves nothing that is known.
        Bounds {
            wish: below.iter().map(|known| known.position).max(),
            ..Bounds::default()
        }
    }

    /// Between which places the messages of a page belong that lies above a gap, or ends where one does.
    pub(super) async fn between(
        &mut self,
        peer: &Address,
        stored: &[Message],
        begin: Option<&String>,
        is_island: bool,
    ) -> Bounds {
        let in_page = stored
            .iter()
            .filter(|known| !is_begin(known, begin) && !is_written_here(known));
        let known = in_page.map(|known| known.position).min();
        let above = self.span.lowest.get(peer).filter(|_| !is_island);
        let ceiling = above.map(|(place, _)| *place);
        let mut bounds = self.under(peer, is_island);
        // What is stored may all lie above the gap, where an engine before this one has begun to fill it.
        if is_island || known.is_some() || ceiling.is_some() {
            bounds.floor = bounds.floor.max(self.below(peer, known, ceiling).await);
        }
        Bounds { ceiling, ..bounds }
    }

    /// What was caught up below the gap that is being filled, or below one that begins.
    fn under(&self, peer: &Address, is_island: bool) -> Bounds {
        let mut left = self.span.under.iter();
        let gap = if is_island {
            left.next_back()
        } else {
            left.find(|(gap, _)| Some(*gap) == self.span.gap)
        };
        let under = gap.and_then(|(_, under)| under.get(peer));
        under.copied().unwrap_or_default()
    }
}

fn is_begin(known: &Message, begin: Option<&String>) -> bool {
    begin.is_some() && known.ids.archive.as_ref() == begin
}
