//! Messages that the disk holds and nobody can read any more.
//!
//! **Invariant:** that one of them is gone, and that something is missing where it stood, is one batch: the server has it,
//! perhaps, and is asked when somebody sees the gap, or the end of what is known.

use std::collections::{HashMap, HashSet};

use rand_chacha::rand_core::Rng;

use crate::client::room;
use crate::entity::address::Address;
use crate::entity::archive::{Cursor, Gap, OwnGap};
use crate::entity::id::ItemId;
use crate::entity::message::{Message, Position};
use crate::model::before;
use crate::store::{Batch, Damaged, From, Op};

use super::Account;
use super::beginning::SKEW;
use super::dates::TIES;

/// How many messages beside it are looked through for one that has a name in the archive.
const BESIDE: u32 = 20;

/// Up to where nothing older can be read.
type Ends = HashMap<Address, Position>;

impl Account {
    /// What could not be read since this was done last is missing.
    pub(super) async fn mend(&mut self) {
        let mut gone: HashSet<Damaged> = HashSet::new();
        let mut ends = Ends::new();
        let mut batch = Batch::default();
        loop {
            let mut damaged = self.store.take_damaged();
            damaged.retain(|damaged| gone.insert(damaged.clone()));
            if damaged.is_empty() {
                break;
            }
            damaged.sort_by_key(|damaged| std::cmp::Reverse(damaged.position));
            for damaged in damaged {
                // What was not sent yet is known without the disk.
                if let Some(own) = self.outbox.get(&damaged.id) {
                    batch.push(Op::PutMessage(own.clone()));
                    continue;
                }
                // Whoever looks for what stands beside it may come by others.
                self.miss(&damaged, &mut ends).await;
                let Damaged {
                    conversation, id, ..
                } = damaged;
                self.recount.insert(conversation.clone());
                batch.push(Op::RemoveMessage(conversation, id));
            }
        }
        if gone.is_empty() {
            return;
        }
        let messages = gone.len();
        tracing::warn!(messages, "what cannot be read is asked for anew");
        {
            let mut model = self.model.borrow_mut();
            let unsaved = model.conversations.take_unsaved().into_iter();
            batch.ops.extend(unsaved.map(Op::PutConversation));
            batch.ops.extend(model.gaps.take_unsaved().map(Op::PutGaps));
        }
        self.commit(batch).await;
    }

    /// Something is missing there.
    async fn miss(&mut self, damaged: &Damaged, ends: &mut Ends) {
        let Damaged {
            conversation: peer,
            position,
            ..
        } = damaged;
        let known = self.model.borrow().gaps.of(peer);
        let holds = |own: &OwnGap| own.floor < Some(*position) && *position <= own.at;
        if known.iter().any(holds) || Some(position) <= ends.get(peer) {
            return;
        }
        let below = self.page(peer, From::Before(*position), BESIDE).await;
        let above = self.page(peer, From::After(*position), BESIDE).await;
        let floor = below.last().map(|below| below.position);
        let at = above.first().map(|above| before(above.position));
        let at = at.unwrap_or(*position);
        let read = self.read_of(peer);
        if floor < read && read <= Some(at) {
            // The message up to which was read is one of them: once too often unread is better than never.
            let mut model = self.model.borrow_mut();
            let conversations = &mut model.conversations;
            conversations.set_read(peer, floor.unwrap_or_default());
        }
        if floor.is_none() {
            ends.insert(peer.clone(), *position);
            return self.shorten_history(peer).await;
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
    }

    /// The history of a conversation ends where it can be read.
    async fn shorten_history(&mut self, peer: &Address) {
        if !room::goes_on(&self.history_of(peer)) {
            return;
        }
        let end = room::end_of(&*self.store.clone(), peer).await;
        if let Some(end) = self.readable(end) {
            let mut model = self.model.borrow_mut();
            model.conversations.set_history(peer, &end);
        }
    }
}

/// The nearest of them that has a name in the archive.
fn named<'a>(mut beside: impl Iterator<Item = &'a Message>) -> Option<String> {
    beside.find_map(|message| message.ids.archive.clone())
}
