//! The store that takes over when the disk fails: what was written stays readable, what comes is kept in memory.
//!
//! **Invariant:** nothing that was once shown disappears while the engine lives.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use futures::FutureExt;

use crate::entity::address::Address;
use crate::entity::id::ItemId;
use crate::entity::message::{Message, Position};
use crate::store::memory::MemoryStore;
use crate::store::{Batch, From, Name, Op, PageQuery, Snapshot, Store, Stored};

/// Reads from both, writes to memory.
pub struct Fallback {
    disk: Rc<dyn Store>,
    memory: MemoryStore,
    removed: RefCell<HashSet<ItemId>>,
}

impl Fallback {
    /// Takes over from a store that failed.
    #[must_use]
    pub fn new(disk: Rc<dyn Store>) -> Self {
        Self {
            disk,
            memory: MemoryStore::default(),
            removed: RefCell::default(),
        }
    }

    /// Both lists as one: memory knows better.
    fn merge(&self, disk: Vec<Message>, memory: Vec<Message>) -> Vec<Message> {
        let removed = self.removed.borrow();
        let newer: HashSet<_> = memory.iter().map(|message| message.id).collect();
        let mut all: Vec<_> = disk
            .into_iter()
            .filter(|message| !newer.contains(&message.id) && !removed.contains(&message.id))
            .chain(memory)
            .collect();
        all.sort_by_key(|message| (message.position, message.id));
        all
    }
}

impl Store for Fallback {
    fn load(&self) -> Stored<'_, Snapshot> {
        self.memory.load()
    }

    fn page(&self, query: PageQuery) -> Stored<'_, Vec<Message>> {
        async move {
            let removed = u32::try_from(self.removed.borrow().len()).unwrap_or(u32::MAX);
            let more = PageQuery {
                count: query.count.saturating_add(removed),
                ..query.clone()
            };
            // A disk that fails to read has nothing to say.
            let disk = self.disk.page(more).await.unwrap_or_default();
            let memory = self.memory.page(query.clone()).await?;
            let mut page = self.merge(disk, memory);
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
            let disk = self.disk.find(conversation.clone(), names.clone()).await;
            let memory = self.memory.find(conversation, names).await?;
            Ok(self.merge(disk.unwrap_or_default(), memory))
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
            let disk = self.disk.count_unread(conversation.clone(), after, limit);
            let disk = disk.await.unwrap_or_default();
            let memory = self.memory.count_unread(conversation, after, limit).await?;
            Ok(disk.saturating_add(memory).min(limit))
        }
        .boxed_local()
    }

    fn commit(&self, batch: Batch) -> Stored<'_, ()> {
        let mut removed = self.removed.borrow_mut();
        for op in &batch.ops {
            match op {
                Op::RemoveMessage(_, id) => {
                    removed.insert(*id);
                }
                Op::PutMessage(message) => {
                    removed.remove(&message.id);
                }
                _ => {}
            }
        }
        drop(removed);
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
        let store = Fallback::new(disk);
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
}
