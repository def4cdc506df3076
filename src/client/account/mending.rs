//! Messages that the disk holds and nobody can read any more.
//!
//! **Invariant:** that one of them is gone, and that something is missing where it stood, is one batch: the server has it,
//! perhaps, and is asked when somebody sees the gap, or the end of what is known.

use std::collections::{HashMap, HashSet};

use rand_chacha::rand_core::Rng;

use crate::client::room;
use crate::entity::address::Address;
use crate::entity::archive::{Cursor, Gap, OwnGap};
use crate::entity::conversation::History;
use crate::entity::id::ItemId;
use crate::entity::message::{Message, Position};
use crate::model::before;
use crate::store::{Batch, Damaged, From, Op, PageQuery, StoreError};

use super::Account;
use super::beginning::SKEW;
use super::dates::TIES;

/// How many messages beside it are looked through for one that has a name in the archive.
const BESIDE: u32 = 20;

/// How many are looked after at a time. The others are come by again.
const MOST: usize = 500;

/// Up to where nothing older can be read.
type Ends = HashMap<Address, Position>;

impl Account {
    /// What could not be read since this was done last is missing. While the disk fails, nothing is done: it is come by again.
    pub(super) async fn mend(&mut self) {
        let damaged: HashSet<Damaged> = self.store.take_damaged().into_iter().collect();
        if damaged.is_empty() || self.failed.is_some() {
            return;
        }
        let mut damaged: Vec<Damaged> = damaged.into_iter().collect();
        damaged.sort_by_key(|damaged| std::cmp::Reverse(damaged.position));
        damaged.truncate(MOST);
        let messages = damaged.len();
        tracing::warn!(messages, "what cannot be read is asked for anew");
        let mut ends = Ends::new();
        let mut batch = Batch::default();
        for damaged in damaged {
            // What was not sent yet is known without the disk.
            if let Some(own) = self.outbox.get(&damaged.id) {
                batch.push(Op::PutMessage(own.clone()));
                continue;
            }
            if let Err(error) = self.miss(&damaged, &mut ends).await {
                // What cannot be read now is not absent.
                tracing::debug!(%error, "what stands beside it cannot be read");
                return;
            }
            let Damaged {
                conversation, id, ..
            } = damaged;
            self.recount.insert(conversation.clone());
            batch.push(Op::RemoveMessage(conversation, id));
        }
        // Whoever looked for what stands beside them may have come by others: not all of a long history in one turn.
        drop(self.store.take_damaged());
        {
            let mut model = self.model.borrow_mut();
            let unsaved = model.conversations.take_unsaved().into_iter();
            batch.ops.extend(unsaved.map(Op::PutConversation));
            batch.ops.extend(model.gaps.take_unsaved().map(Op::PutGaps));
        }
        self.commit(batch).await;
        // Those who look at what came by it have neither what is gone nor its place.
        self.reread_windows().await;
    }

    /// Something is missing there.
    async fn miss(&mut self, damaged: &Damaged, ends: &mut Ends) -> Result<(), StoreError> {
        let Damaged {
            conversation: peer,
            position,
            ..
        } = damaged;
        let known = self.model.borrow().gaps.of(peer);
        if known.iter().any(|own| holds(own, *position)) || Some(position) <= ends.get(peer) {
            return Ok(());
        }
        let query = |from| PageQuery {
            conversation: peer.clone(),
            from,
            count: BESIDE,
        };
        let below = self.store.page(query(From::Before(*position))).await?;
        let above = self.store.page(query(From::After(*position))).await?;
        let floor = below.last().map(|below| below.position);
        let at = above.first().map(|above| before(above.position));
        let at = at.unwrap_or(*position);
        let history = self.history_of(peer);
        if floor.is_none() && room::goes_on(&history) {
            let end = room::end_of(&*self.store.clone(), peer).await?;
            self.shorten_history(peer, &end);
        }
        let read = self.read_of(peer);
        if floor < read && read <= Some(at) {
            // The message up to which was read is one of them: once too often unread is better than never.
            let mut model = self.model.borrow_mut();
            let conversations = &mut model.conversations;
            conversations.set_read(peer, floor.unwrap_or_default());
        }
        if floor.is_none() || history == History::Unsupported {
            ends.insert(peer.clone(), *position);
            return Ok(());
        }
        // Their times may be those of our own clock.
        let beside = |one: Option<&Message>| one.map_or(*position, |one| one.position).time;
        let after = Cursor {
            id: named(below.iter().rev()),
            time: beside(below.first()) - SKEW,
        };
        let until = Cursor {
            id: named(above.iter()),
            time: beside(above.last()) + SKEW,
        };
        let own = OwnGap {
            peer: peer.clone(),
            within: None,
            gap: Gap {
                id: ItemId(self.random.next_u64()),
                after,
                before: until,
                ties: TIES,
                is_lost: false,
            },
            at,
            floor,
            is_ahead: false,
        };
        self.model.borrow_mut().gaps.put(own);
        Ok(())
    }

    /// The history of a conversation ends where it can be read. A page that was asked for before does not say where.
    fn shorten_history(&mut self, peer: &Address, end: &History) {
        if self.asking.contains_key(peer) {
            self.shortened.insert(peer.clone());
        }
        let mut model = self.model.borrow_mut();
        model.conversations.set_history(peer, end);
    }
}

/// Whether what lies there is asked for with that gap. What is asked for twice is there once.
fn holds(own: &OwnGap, at: Position) -> bool {
    // Of a gap of the whole archive, the time is known, by another clock.
    let begins = own.floor.unwrap_or(Position {
        time: own.gap.after.time + SKEW,
        tie: 0,
    });
    !own.gap.is_lost && !own.is_ahead && begins < at && at <= own.at
}

/// The nearest of them that has a name in the archive.
fn named<'a>(mut beside: impl Iterator<Item = &'a Message>) -> Option<String> {
    beside.find_map(|message| message.ids.archive.clone())
}
