//! Messages as the archive has them, merged with those that are stored: none twice, and each in its place.
//!
//! Which of them are one, and where the new ones belong, is [`merge`]'s; here it is carried out.

use crate::client::merge::{self, Place};
use crate::entity::address::Address;
use crate::entity::conversation::History;
use crate::entity::id::ItemId;
use crate::entity::message::{Message, MessageIds, Position};
use crate::entity::time::Timestamp;
use crate::event::ArchiveEvent;
use crate::store::{Batch, From, Name, Op, StoreError};

use super::Account;
use super::outbox::is_written_here;
use super::turn::{Later, Work};

/// How many messages are looked through for one that has no name.
const AROUND: u32 = 300;

/// What became of the messages of a page.
pub(super) struct Merged {
    /// Those that are new, in their places.
    pub(super) fresh: Vec<Message>,
    /// The lowest place of them all.
    pub(super) lowest: Option<Position>,
    /// The highest place of them all, or the lower bound.
    pub(super) highest: Option<Position>,
    /// One of them at least was stored before: there the page meets what is known.
    pub(super) is_met: bool,
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

    /// Merges messages of one conversation, as the archive orders them, with what is stored; they come after the first of
    /// the bounds, and before the second.
    ///
    /// A disk that fails may hold what it does not show: what came in this session is known without it, and what came before
    /// is known again when the disk works.
    pub(super) fn merge(
        &mut self,
        page: Vec<Message>,
        stored: &[Message],
        bounds: (Option<Position>, Option<Position>),
        batch: &mut Batch,
    ) -> Merged {
        let mut places = Vec::with_capacity(page.len());
        let mut fresh: Vec<Message> = Vec::new();
        let mut taken: Vec<ItemId> = Vec::new();
        for message in page {
            let mut stored_here = stored.iter();
            let known = stored_here.find(|known| merge::same(known, &message));
            let known = known.or_else(|| {
                stored.iter().find(|known| {
                    merge::same_unnamed(known, &message) && !taken.contains(&known.id)
                })
            });
            if let Some(known) = known {
                taken.push(known.id);
                // What was sent again has its place where it came first.
                if !merge::is_repeated(known, &message) {
                    let place = if is_written_here(known) {
                        Place::Written
                    } else {
                        Place::Known
                    };
                    places.push(place(known.position));
                }
                self.on_copy(known.clone(), &message, batch);
            } else if !fresh.iter().any(|known| merge::same(known, &message)) {
                if !self.seen.note(&message) && self.failed.is_some() {
                    continue;
                }
                places.push(Place::Fresh(message.position));
                fresh.push(message);
            }
        }
        let is_met = places.iter().any(|place| !matches!(place, Place::Fresh(_)));
        let highest = merge::fit(&mut places, bounds);
        let archived = places
            .iter()
            .filter(|place| !matches!(place, Place::Written(_)));
        let lowest = archived.map(|place| place.position()).min();
        let new = places
            .iter()
            .filter(|place| matches!(place, Place::Fresh(_)));
        for (message, place) in fresh.iter_mut().zip(new) {
            message.position = place.position();
            batch.push(Op::PutMessage(message.clone()));
        }
        Merged {
            fresh,
            lowest,
            highest,
            is_met,
        }
    }

    /// Merges a page of the archive with what is stored.
    pub(super) async fn on_page(
        &mut self,
        conversation: Address,
        messages: Vec<Message>,
        history: History,
        batch: &mut Batch,
        work: &mut Work,
    ) {
        let stored = self.stored(&conversation, &messages, None).await;
        let stored = self.readable(stored).unwrap_or_default();
        let is_all =
            history == History::Complete && self.history_of(&conversation) == History::Unknown;
        let Merged { fresh, lowest, .. } = self.merge(messages, &stored, (None, None), batch);
        let fruitful = !fresh.is_empty();
        let page = ArchiveEvent::Page {
            conversation: conversation.clone(),
            messages: fresh,
            history,
        };
        self.show_page(&conversation, page);
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
