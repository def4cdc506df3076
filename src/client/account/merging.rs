//! Messages as the archive has them, merged with those that are stored: none twice, and each in its place.
//!
//! Which of them are one is [`merge`]'s, and where they belong [`places`]'; here it is carried out.

use crate::client::merge;
use crate::client::places::{self, Bounds, Place};
use crate::entity::address::Address;
use crate::entity::conversation::History;
use crate::entity::id::ItemId;
use crate::entity::message::{Message, MessageIds, Position};
use crate::entity::time::Timestamp;
use crate::event::ArchiveEvent;
use crate::store::{Batch, From, Name, Op, StoreError};
use crate::xmpp::message::order::{is_live, not_yet, told};

use super::Account;
use super::reading::Read;
use super::turn::{Later, Work};
use super::untold::Reached;

/// How many messages are looked through for one that has no name.
const AROUND: u32 = 300;

/// What became of the messages of a page.
pub(super) struct Merged {
    /// Those that are new, in their places.
    pub(super) fresh: Vec<Message>,
    /// Those that were known.
    pub(super) known: Vec<ItemId>,
    /// The lowest place of them all.
    pub(super) lowest: Option<Position>,
    /// The highest place of them all, or the lower bound.
    pub(super) highest: Option<Position>,
    /// One of them at least was stored before: there the page meets what is known.
    pub(super) is_met: bool,
    /// For [`Account::keep_read`].
    pub(super) read: Read,
}

impl Account {
    /// What is stored of the messages of a page, and of one more that the archive has under that id.
    pub(super) async fn stored(
        &self,
        conversation: &Address,
        page: &[Message],
        more: Option<String>,
    ) -> Result<Vec<Message>, StoreError> {
        let names = page.iter().flat_map(merge::names);
        let names = names.chain(more.map(Name::Archive)).collect();
        let mut stored = self.find(conversation.clone(), names).await?;
        let unnamed = page.iter().filter(|message| merge::is_unnamed(message));
        if let Some(first) = unnamed.map(|message| message.time.0).min() {
            // What came with no name is found where it must stand.
            let time = Timestamp(first.saturating_sub(merge::APART));
            let from = From::After(Position { time, tie: 0 });
            let near = self.page(conversation, from, AROUND).await;
            let nameless = |message: &Message| message.ids == MessageIds::default();
            stored.extend(near.into_iter().filter(nameless));
        }
        Ok(stored)
    }

    /// Merges messages of one conversation, as the archive orders them, with what is stored; they belong within bounds. What was
    /// heard or written here stands where the archive has it from now on.
    ///
    /// A disk that fails may hold what it does not show: what came in this session is known without it, and what came before
    /// is known again when the disk works.
    pub(super) fn merge(
        &mut self,
        page: Vec<Message>,
        stored: &[Message],
        bounds: Bounds,
        batch: &mut Batch,
    ) -> Merged {
        let peer = page.first().map(|message| message.conversation.clone());
        let mut places = Vec::with_capacity(page.len());
        let mut fresh: Vec<Message> = Vec::new();
        let mut copies: Vec<(Message, Message)> = Vec::new();
        for message in page {
            let mut stored_here = stored.iter();
            let known = stored_here.find(|known| merge::same(known, &message));
            let known = known.or_else(|| {
                let is_taken = |id| copies.iter().any(|(known, _)| known.id == id);
                stored
                    .iter()
                    .find(|known| merge::same_unnamed(known, &message) && !is_taken(known.id))
            });
            if let Some(known) = known {
                let is_again = copies.iter().any(|(taken, _)| taken.id == known.id);
                if is_again || merge::is_repeated(known, &message) {
                    // What was sent again has its place where it came first.
                    self.on_copy(known.clone(), &message, None, batch);
                    continue;
                }
                places.push(if is_live(known.position) && !is_live(message.position) {
                    Place::Moved(message.position)
                } else {
                    Place::Known {
                        at: known.position,
                        archived: if is_live(known.position) {
                            message.position
                        } else {
                            told(message.position)
                        },
                    }
                });
                copies.push((known.clone(), message));
            } else if !fresh.iter().any(|known| merge::same(known, &message)) {
                if !self.seen.note(&message) && self.failed.is_some() {
                    continue;
                }
                places.push(Place::Fresh(message.position));
                fresh.push(message);
            }
        }
        let is_met = !copies.is_empty();
        let highest = places::fit(&mut places, bounds);
        let lowest = places.iter().map(|place| place.position()).min();
        let known: Vec<ItemId> = copies.iter().map(|(known, _)| known.id).collect();
        let mut read = {
            let model = self.model.borrow();
            let known = peer.as_ref().and_then(|peer| model.conversations.of(peer));
            let heeded = peer.as_ref().and_then(|peer| self.displayed.heeded(peer));
            Read::of(known, heeded)
        };
        let mut new = fresh.iter_mut();
        let mut copies = copies.into_iter();
        for place in places {
            if let Place::Fresh(at) = place {
                let Some(message) = new.next() else { continue };
                message.position = at;
                read.note_fresh(message);
                batch.push(Op::PutMessage(message.clone()));
            } else if let Some((known, copy)) = copies.next() {
                let at = match place.position() {
                    // One place for now is as good as the other, and what stands beside it is not in the page perhaps.
                    at if is_live(at) && is_live(known.position) => known.position,
                    at => at,
                };
                read.note(&known, at);
                self.on_copy(known, &copy, Some(at), batch);
            }
        }
        Merged {
            fresh,
            known,
            lowest,
            highest,
            is_met,
            read,
        }
    }

    /// Merges a page of the archive with what is stored.
    pub(super) async fn on_page(
        &mut self,
        conversation: Address,
        mut messages: Vec<Message>,
        mut history: History,
        batch: &mut Batch,
        work: &mut Work,
    ) {
        if self.shortened.remove(&conversation) {
            history = self.history_of(&conversation);
        }
        let begin = match self.history_of(&conversation) {
            History::Before(id) => Some(id),
            _ => None,
        };
        let stored = self.stored(&conversation, &messages, begin.clone()).await;
        let stored = self.readable(stored).unwrap_or_default();
        let mut begins = stored
            .iter()
            .filter(|known| begin.is_some() && known.ids.archive == begin);
        let begins = begins.next().map(|known| known.position);
        // Only within its second: a page that was asked for earlier may be newer. So is one with messages that stand behind it.
        let second = |time: Timestamp| time.0.div_euclid(1_000);
        let newest = messages.iter().map(|message| message.position.time).max();
        let is_ceiling = |begins: &Position| match newest {
            // One that stands just before its second, for now, has what is of that second below it.
            Some(newest) if is_live(*begins) => {
                let next = Timestamp(begins.time.0.saturating_add(1));
                newest >= begins.time && second(newest) == second(next)
            }
            newest => newest.map(second) <= Some(second(begins.time)),
        };
        let ceiling = begins.filter(is_ceiling);
        let others = stored.iter();
        let others = others.filter(|known| Some(known.position) != ceiling);
        let bounds = within(&messages, others, None, ceiling);
        // What lies beyond what is caught up has its place from catch-up, when that comes by: pages of both in turns would leave
        // those of one second in no order.
        if let Some(cursor) = self.engine.caught_up_until() {
            let places = messages.iter_mut().map(|message| &mut message.position);
            places
                .filter(|place| second(place.time) >= second(cursor))
                .for_each(|place| *place = not_yet(*place));
        }
        let is_all =
            history == History::Complete && self.history_of(&conversation) == History::Unknown;
        let mut merged = self.merge(messages, &stored, bounds, batch);
        if merged.highest.is_some_and(is_live) && !self.is_all_told() {
            self.note_told_ahead();
        }
        if merged.lowest.is_some_and(is_live) && !self.is_all_told() {
            let reached = Reached::Ahead;
            self.look_up_untold(std::iter::once(&conversation)).await;
            self.keep_untold(&conversation, &mut merged, reached, batch)
                .await;
        }
        let Merged {
            fresh,
            lowest,
            read,
            ..
        } = merged;
        self.keep_read(&conversation, &read);
        let fruitful = !fresh.is_empty();
        let page = ArchiveEvent::Page {
            conversation: conversation.clone(),
            messages: fresh,
            history,
        };
        self.show_page(&conversation, page);
        if self.history_of(&conversation) == History::Unknown {
            self.forgotten.entry(conversation.clone()).or_default();
        }
        if is_all {
            self.close_gaps(&conversation, lowest).await;
        }
        work.later.push_back(Later::Refill(conversation, fruitful));
    }

    /// The newest page holds all that the archive has of a conversation, from that place on. Only what was known before that was
    /// lost stays so.
    async fn close_gaps(&mut self, peer: &Address, lowest: Option<Position>) {
        let oldest = self.page(peer, From::After(Position::default()), 1).await;
        let oldest = oldest.first().map(|message| message.position);
        let oldest = [oldest, lowest].into_iter().flatten().min();
        let mut model = self.model.borrow_mut();
        for own in model.gaps.of(peer) {
            if !own.gap.is_lost || oldest.is_none_or(|oldest| own.at < oldest) {
                model.gaps.close(&own);
            }
        }
    }
}

/// Between the ends of a gap, as far as they are known. A page that goes beyond one of them, into what is stored there, has
/// more to tell of the order than the end: an end holds only where all that pages have told of lies within.
pub(super) fn within<'a>(
    page: &[Message],
    stored: impl Iterator<Item = &'a Message>,
    floor: Option<Position>,
    ceiling: Option<Position>,
) -> Bounds {
    let is_of_it = |known: &&Message| {
        let is_it = |one| merge::same(known, one) || merge::same_unnamed(known, one);
        page.iter().any(is_it)
    };
    let told = stored.filter(|known| !is_live(known.position));
    let told: Vec<Position> = told.filter(is_of_it).map(|known| known.position).collect();
    Bounds {
        floor: floor.filter(|floor| told.iter().all(|at| at > floor)),
        ceiling: ceiling.filter(|ceiling| told.iter().all(|at| at < ceiling)),
        is_backward: false,
    }
}
