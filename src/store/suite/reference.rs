//! A store written as naively as possible, and the comparison of a backend with it.

use super::{ACCOUNT, Place, address, at, batch};
use crate::entity::address::Address;
use crate::entity::id::ItemId;
use crate::entity::message::{Delivery, Direction, Message, MessageIds, Position};
use crate::entity::time::Timestamp;
use crate::store::{Batch, From, Name, Op, PageQuery, Store};

/// One step of a comparison.
#[derive(Clone, Debug)]
pub enum Step {
    /// Writes.
    Commit(Vec<Write>),
    /// Reads a page: conversation, 0 newest · 1 before · 2 after, position, count.
    Page(u8, u8, u8, u32),
    /// Finds by a name: conversation, kind, number.
    Find(u8, u8, u8),
    /// Counts unread messages: conversation, position (0 for all), limit.
    Unread(u8, u8, u32),
    /// Loads the outbox.
    Outbox,
}

/// One write of a step.
#[derive(Clone, Debug)]
pub enum Write {
    /// A message: conversation, item, position, and its other qualities.
    Put(u8, u8, u8, u8),
    /// Removes one: conversation, item.
    Remove(u8, u8),
}

/// The naive store: a list.
#[derive(Default)]
struct Reference {
    messages: Vec<Message>,
}

fn peer(number: u8) -> Address {
    address(["juliet@example.org", "juliet@example.or", "example.org"][usize::from(number % 3)])
}

fn place_of(number: u8) -> Position {
    at(i64::from(number / 4) - 8, u64::from(number % 4))
}

fn put(conversation: u8, item: u8, position: u8, quality: u8) -> Message {
    let name = |kind: u8| (quality & kind != 0).then(|| format!("n{}", item % 5));
    Message {
        id: ItemId(u64::from(item)),
        position: place_of(position),
        conversation: peer(conversation),
        direction: if quality & 1 == 0 {
            Direction::Incoming
        } else {
            Direction::Outgoing
        },
        time: Timestamp(0),
        body: format!("{item} at {position}"),
        ids: MessageIds {
            stanza: name(2),
            origin: name(4),
            archive: name(8),
        },
        delivery: if quality & 17 == 17 {
            Delivery::Sending
        } else {
            Delivery::Sent
        },
    }
}

impl Reference {
    fn commit(&mut self, batch: Batch) {
        for op in batch.ops {
            match op {
                Op::PutMessage(message) => {
                    self.remove(&message.conversation, message.id);
                    self.messages.push(message);
                }
                Op::RemoveMessage(conversation, id) => self.remove(&conversation, id),
                _ => {}
            }
        }
        self.messages
            .sort_by_key(|message| (message.position, message.id));
    }

    fn remove(&mut self, conversation: &Address, id: ItemId) {
        self.messages
            .retain(|known| known.id != id || known.conversation != *conversation);
    }

    fn of(&self, conversation: &Address) -> Vec<Message> {
        let theirs = self.messages.iter();
        theirs
            .filter(|message| message.conversation == *conversation)
            .cloned()
            .collect()
    }

    fn page(&self, query: &PageQuery) -> Vec<Message> {
        let mut all = self.of(&query.conversation);
        all.retain(|message| match query.from {
            From::Newest => true,
            From::Before(position) => message.position < position,
            From::After(position) => message.position > position,
        });
        let count = usize::try_from(query.count).unwrap().min(all.len());
        match query.from {
            From::After(_) => all.truncate(count),
            _ => drop(all.drain(..all.len() - count)),
        }
        all
    }
}

/// Runs steps on a store and on the reference, and compares all that they say.
pub async fn compare(store: &dyn Store, steps: Vec<Step>) {
    let mut reference = Reference::default();
    for step in steps {
        match step.clone() {
            Step::Commit(writes) => {
                let ops = writes.into_iter().map(|write| match write {
                    Write::Put(conversation, item, position, quality) => {
                        Op::PutMessage(put(conversation, item, position, quality))
                    }
                    Write::Remove(conversation, item) => {
                        Op::RemoveMessage(peer(conversation), ItemId(u64::from(item)))
                    }
                });
                let batch = batch(ops);
                reference.commit(batch.clone());
                store.commit(batch).await.unwrap();
            }
            Step::Page(conversation, from, position, count) => {
                let query = PageQuery {
                    conversation: peer(conversation),
                    from: match from % 3 {
                        0 => From::Newest,
                        1 => From::Before(place_of(position)),
                        _ => From::After(place_of(position)),
                    },
                    count,
                };
                let expected = reference.page(&query);
                assert_eq!(store.page(query).await.unwrap(), expected, "{step:?}");
            }
            Step::Find(conversation, kind, number) => {
                let text = format!("n{}", number % 5);
                let name = match kind % 4 {
                    0 => Name::Item(ItemId(u64::from(number))),
                    1 => Name::Stanza(text),
                    2 => Name::Origin(text),
                    _ => Name::Archive(text),
                };
                let mut expected = reference.of(&peer(conversation));
                expected.retain(|message| message.names().any(|known| known == name));
                let found = store.find(peer(conversation), vec![name]).await.unwrap();
                assert_eq!(found, expected, "{step:?}");
            }
            Step::Unread(conversation, position, limit) => {
                let after = (position != 0).then(|| place_of(position));
                let unread = reference
                    .of(&peer(conversation))
                    .into_iter()
                    .filter(|message| message.direction == Direction::Incoming)
                    .filter(|message| after.is_none_or(|after| message.position > after))
                    .count();
                let expected = u32::try_from(unread).unwrap().min(limit);
                let count = store.count_unread(peer(conversation), after, limit);
                assert_eq!(count.await.unwrap(), expected, "{step:?}");
            }
            Step::Outbox => {
                let mut expected = reference.messages.clone();
                expected.retain(|message| message.delivery.is_pending());
                let key = |message: &Message| {
                    (message.position, message.id, message.conversation.clone())
                };
                expected.sort_by_key(key);
                let mut outbox = store.load().await.unwrap().outbox;
                let places =
                    |outbox: &[Message]| outbox.iter().map(|m| m.position).collect::<Vec<_>>();
                assert_eq!(places(&outbox), places(&expected), "{step:?}");
                outbox.sort_by_key(key);
                assert_eq!(outbox, expected, "{step:?}");
            }
        }
    }
}

/// Steps by a seed, for where there is no property-testing library: the same seed gives the same steps.
fn steps(seed: u64, count: usize) -> Vec<Step> {
    let mut state = seed;
    let mut next = move || {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u8::try_from((z ^ (z >> 31)) & 0xff).unwrap()
    };
    let step = |_| match next() % 8 {
        0..=2 => {
            let writes = next() % 8;
            let write = |_| match next() % 5 {
                0 => Write::Remove(next(), next() % 40),
                _ => Write::Put(next(), next() % 40, next() % 64, next()),
            };
            Step::Commit((0..writes).map(write).collect())
        }
        3 | 4 => Step::Page(next(), next(), next() % 64, u32::from(next() % 12)),
        5 => Step::Find(next(), next(), next() % 40),
        6 => Step::Unread(next(), next() % 64, u32::from(next() % 12)),
        _ => Step::Outbox,
    };
    (0..count).map(step).collect()
}

#[allow(missing_docs)]
pub async fn it_behaves_like_the_reference(place: &dyn Place) {
    let depot = place.depot().await;
    for seed in 1..=4 {
        let store = depot.open(ACCOUNT).await.unwrap();
        compare(&*store, steps(seed, 150)).await;
        depot.erase(ACCOUNT).await.unwrap();
    }
}
