//! The store that takes over when the disk fails: what was written stays readable, what comes is kept in memory.
//!
//! **Invariant:** nothing that was once shown disappears while the engine lives.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use futures::FutureExt;

use crate::entity::address::Address;
use crate::entity::id::ItemId;
use crate::entity::message::{Direction, Message, Position};
use crate::entity::order;
use crate::store::memory::MemoryStore;
use crate::store::{Batch, Damaged, From, Name, Op, PageQuery, Snapshot, Store, Stored};

/// Reads from both, writes to memory.
pub struct Fallback {
    /// Absent if it could not even be opened.
    disk: Option<Rc<dyn Store>>,
    memory: MemoryStore,
    pending: RefCell<Pending>,
}

/// What the disk has still to be told: the last word on each thing, in the order in which they were said.
#[derive(Default)]
struct Pending {
    ops: BTreeMap<Key, (u64, Op)>,
    count: u64,
}

/// What a write is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Roster,
    Contact(Address),
    Conversation(Address),
    Message(Address, ItemId),
    Caps(String),
    Presence,
    Cursor,
    Trust,
    Gaps,
}

impl Key {
    fn of(op: &Op) -> Self {
        match op {
            Op::PutRoster(_) => Self::Roster,
            Op::PutContact(contact, _) => Self::Contact(contact.address.clone()),
            Op::RemoveContact(address, _) => Self::Contact(address.clone()),
            Op::PutConversation(conversation) => Self::Conversation(conversation.peer.clone()),
            Op::PutMessage(message) => Self::Message(message.conversation.clone(), message.id),
            Op::RemoveMessage(conversation, id) => Self::Message(conversation.clone(), *id),
            Op::PutCaps(ver, _) => Self::Caps(ver.clone()),
            Op::PutPresence(_) => Self::Presence,
            Op::PutCursor(_) => Self::Cursor,
            Op::Trust(_) => Self::Trust,
            Op::PutGaps(_) => Self::Gaps,
        }
    }
}

impl Pending {
    fn push(&mut self, op: Op) {
        if matches!(op, Op::PutRoster(_)) {
            // It replaces them all.
            self.ops.retain(|key, _| !matches!(key, Key::Contact(_)));
        }
        self.count = self.count.saturating_add(1);
        self.ops.insert(Key::of(&op), (self.count, op));
    }

    fn batch(&self) -> Batch {
        let mut ops: Vec<_> = self.ops.values().collect();
        order::sort_by(&mut ops, |a, b| a.0.cmp(&b.0));
        Batch {
            ops: ops.into_iter().map(|(_, op)| op.clone()).collect(),
        }
    }

    /// The messages of a conversation that memory knows better, or knows to be gone.
    fn known(&self, conversation: &Address) -> impl Iterator<Item = ItemId> {
        let all = |id| Key::Message(conversation.clone(), ItemId(id));
        let known = self.ops.range(all(0)..=all(u64::MAX));
        known.filter_map(|(key, _)| match key {
            Key::Message(_, id) => Some(*id),
            _ => None,
        })
    }

    fn names(&self, conversation: &Address) -> Vec<Name> {
        self.known(conversation).map(Name::Item).collect()
    }
}

impl Fallback {
    /// Takes over from a store that failed, or from one that could not be opened.
    #[must_use]
    pub fn new(disk: Option<Rc<dyn Store>>) -> Self {
        Self {
            disk,
            memory: MemoryStore::default(),
            pending: RefCell::default(),
        }
    }

    /// The store that failed, if it was ever open.
    #[must_use]
    pub fn disk(&self) -> Option<Rc<dyn Store>> {
        self.disk.clone()
    }

    /// All that memory was told: one transaction for a store that works again.
    #[must_use]
    pub fn pending(&self) -> Batch {
        self.pending.borrow().batch()
    }

    /// What the disk has, without what memory knows better. A disk that fails to read has nothing to say.
    fn of_disk(&self, disk: Option<Vec<Message>>, conversation: &Address) -> Vec<Message> {
        let known: HashSet<_> = self.pending.borrow().known(conversation).collect();
        let mut messages = disk.unwrap_or_default();
        messages.retain(|message| !known.contains(&message.id));
        messages
    }

    /// Both lists as one.
    fn merge(mut disk: Vec<Message>, memory: Vec<Message>) -> Vec<Message> {
        disk.extend(memory);
        order::sort_by(&mut disk, Message::by_place);
        disk
    }
}

impl Store for Fallback {
    /// What the disk has noted is not kept: whoever reads it when it works comes by it again.
    fn take_damaged(&self) -> Vec<Damaged> {
        self.disk.iter().for_each(|disk| drop(disk.take_damaged()));
        Vec::new()
    }

    fn load(&self) -> Stored<'_, Snapshot> {
        self.memory.load()
    }

    fn page(&self, query: PageQuery) -> Stored<'_, Vec<Message>> {
        async move {
            let known = self.pending.borrow().known(&query.conversation).count();
            let more = PageQuery {
                count: query
                    .count
                    .saturating_add(u32::try_from(known).unwrap_or(u32::MAX)),
                ..query.clone()
            };
            let disk = match &self.disk {
                Some(disk) => disk.page(more).await.ok(),
                None => None,
            };
            let disk = self.of_disk(disk, &query.conversation);
            let memory = self.memory.page(query.clone()).await?;
            let mut page = Self::merge(disk, memory);
            let count = usize::try_from(query.count).unwrap_or(usize::MAX);
            match query.from {
                From::Newest | From::Before(_) => {
                    page.drain(..page.len().saturating_sub(count));
                }
                From::After(_) => page.truncate(count),
            }
            Ok(page)
        }
        .boxed_local()
    }

    fn find(&self, conversation: Address, names: Vec<Name>) -> Stored<'_, Vec<Message>> {
        async move {
            let disk = match &self.disk {
                Some(disk) => disk.find(conversation.clone(), names.clone()).await.ok(),
                None => None,
            };
            let disk = self.of_disk(disk, &conversation);
            let memory = self.memory.find(conversation, names).await?;
            Ok(Self::merge(disk, memory))
        }
        .boxed_local()
    }

    fn count_unread(
        &self,
        conversation: Address,
        after: Option<Position>,
        limit: u32,
    ) -> Stored<'_, u32> {
        async move {
            let mut count = 0;
            if let Some(disk) = &self.disk {
                // What memory knows better is counted there, and only there.
                let known = self.pending.borrow().names(&conversation);
                let twice = disk.find(conversation.clone(), known).await?;
                let twice = twice.into_iter().filter(|message| {
                    message.direction == Direction::Incoming
                        && after.is_none_or(|after| message.position > after)
                });
                let twice = u32::try_from(twice.count()).unwrap_or(u32::MAX);
                let limit = limit.saturating_add(twice);
                let all = disk.count_unread(conversation.clone(), after, limit);
                // What cannot be counted is not none.
                count = all.await?.saturating_sub(twice);
            }
            let memory = self.memory.count_unread(conversation, after, limit).await?;
            Ok(memory.saturating_add(count).min(limit))
        }
        .boxed_local()
    }

    fn commit(&self, batch: Batch) -> Stored<'_, ()> {
        let mut pending = self.pending.borrow_mut();
        for op in &batch.ops {
            pending.push(op.clone());
        }
        drop(pending);
        self.memory.commit(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::message::{Delivery, Direction, MessageIds};
    use crate::entity::time::Timestamp;
    use futures::executor::block_on;

    fn message(number: u64) -> Message {
        let time = Timestamp(i64::try_from(number).unwrap());
        Message {
            id: ItemId(number),
            position: Position { time, tie: 1 },
            conversation: Address::parse("juliet@example.org").unwrap(),
            direction: Direction::Incoming,
            time,
            body: number.to_string(),
            ids: MessageIds::default(),
            delivery: Delivery::Sent,
        }
    }

    fn put(messages: impl IntoIterator<Item = Message>) -> Batch {
        Batch {
            ops: messages.into_iter().map(Op::PutMessage).collect(),
        }
    }

    fn bodies(store: &Fallback, from: From, count: u32) -> Vec<String> {
        let query = PageQuery {
            conversation: message(0).conversation,
            from,
            count,
        };
        let page = block_on(store.page(query)).unwrap();
        page.into_iter().map(|message| message.body).collect()
    }

    #[test]
    fn both_are_read_as_one() {
        let disk = Rc::new(MemoryStore::default());
        block_on(disk.commit(put([1, 2, 3, 4].map(message)))).unwrap();
        let store = Fallback::new(Some(disk));
        let edited = Message {
            body: "3 again".into(),
            ..message(3)
        };
        block_on(store.commit(put([edited, message(5)]))).unwrap();
        let remove = Op::RemoveMessage(message(2).conversation, ItemId(2));
        block_on(store.commit(Batch { ops: vec![remove] })).unwrap();
        assert_eq!(bodies(&store, From::Newest, 10), ["1", "3 again", "4", "5"]);
        assert_eq!(bodies(&store, From::Newest, 2), ["4", "5"]);
        assert_eq!(
            bodies(&store, From::Before(message(4).position), 1),
            ["3 again"]
        );
        assert_eq!(
            bodies(&store, From::After(message(1).position), 2),
            ["3 again", "4"]
        );
        let names = vec![Name::Item(ItemId(3)), Name::Item(ItemId(1))];
        let found = block_on(store.find(message(0).conversation, names)).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].body, "3 again");
    }

    #[test]
    fn what_both_know_is_counted_once_and_what_is_gone_not_at_all() {
        let disk = Rc::new(MemoryStore::default());
        block_on(disk.commit(put([1, 2, 3, 4].map(message)))).unwrap();
        let store = Fallback::new(Some(disk));
        let unread = |after, limit| {
            block_on(store.count_unread(message(0).conversation, after, limit)).unwrap()
        };
        // The archive taught us the name of a message that was stored already.
        block_on(store.commit(put([message(3), message(5)]))).unwrap();
        assert_eq!(unread(None, 100), 5);
        assert_eq!(unread(Some(message(3).position), 100), 2);
        assert_eq!(unread(None, 3), 3);
        let remove = Op::RemoveMessage(message(2).conversation, ItemId(2));
        block_on(store.commit(Batch { ops: vec![remove] })).unwrap();
        assert_eq!(unread(None, 100), 4);
    }

    #[test]
    fn what_is_flushed_is_the_last_word_on_everything() {
        use crate::entity::contact::{Contact, Subscription};
        let contact = |name: &str| Contact {
            address: Address::parse("juliet@example.org").unwrap(),
            name: Some(name.into()),
            groups: Vec::new(),
            subscription: Subscription::Both,
            asked: false,
        };
        let roster = |names: &[&str], version: &str| crate::store::Roster {
            version: Some(version.into()),
            contacts: names.iter().map(|name| contact(name)).collect(),
        };
        let ops = vec![
            Op::PutContact(contact("old"), Some("1".into())),
            Op::PutRoster(roster(&["new"], "2")),
            Op::PutMessage(message(1)),
            Op::PutMessage(message(2)),
            Op::RemoveMessage(message(1).conversation, ItemId(1)),
            Op::PutContact(contact("newest"), Some("3".into())),
        ];
        let failing = Rc::new(MemoryStore::default());
        let store = Fallback::new(Some(failing));
        block_on(store.commit(Batch { ops })).unwrap();
        let disk = MemoryStore::default();
        block_on(disk.commit(put([message(1)]))).unwrap();
        block_on(disk.commit(store.pending())).unwrap();
        let kept = block_on(disk.load()).unwrap().roster;
        assert_eq!(kept, Some(roster(&["newest"], "3")));
        let query = PageQuery {
            conversation: message(0).conversation,
            from: From::Newest,
            count: 10,
        };
        assert_eq!(block_on(disk.page(query)).unwrap(), [message(2)]);
    }
}
