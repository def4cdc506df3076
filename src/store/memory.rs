//! The store in memory: for tests, and for browsers that keep nothing.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::rc::Rc;

use futures::FutureExt;

use super::{
    AccountRecord, Batch, Depot, Device, FIND_LIMIT, From, Name, Op, PageQuery, Roster, Snapshot,
    Store, StoreError, Stored,
};
use crate::entity::address::Address;
use crate::entity::archive::{Cursor, Gaps};
use crate::entity::contact::Contact;
use crate::entity::conversation::Conversation;
use crate::entity::few::Few;
use crate::entity::id::{AccountId, ItemId};
use crate::entity::message::{Direction, Message, Position};
use crate::entity::order;
use crate::entity::presence::OwnPresence;
use crate::entity::settings::Settings;

/// One account's store, in memory.
#[derive(Default)]
pub struct MemoryStore {
    tables: RefCell<Tables>,
}

#[derive(Default)]
struct Tables {
    erased: bool,
    roster: Option<Contacts>,
    conversations: HashMap<Address, Conversation>,
    timelines: HashMap<Address, Timeline>,
    caps: HashMap<String, Vec<String>>,
    presence: OwnPresence,
    cursor: Option<Cursor>,
    doubted: bool,
    gaps: Gaps,
}

#[derive(Default)]
struct Contacts {
    version: Option<String>,
    by_address: BTreeMap<Address, Contact>,
}

/// The messages of one conversation: by place, and where each stands.
#[derive(Default)]
struct Timeline {
    by_place: BTreeMap<(Position, ItemId), Message>,
    place: BTreeMap<ItemId, Position>,
    names: BTreeSet<(Name, ItemId)>,
}

impl Timeline {
    fn put(&mut self, message: Message) {
        self.remove(message.id);
        self.place.insert(message.id, message.position);
        self.names
            .extend(message.names().map(|name| (name, message.id)));
        self.by_place
            .insert((message.position, message.id), message);
    }

    fn remove(&mut self, id: ItemId) {
        let Some(position) = self.place.remove(&id) else {
            return;
        };
        if let Some(message) = self.by_place.remove(&(position, id)) {
            for name in message.names() {
                self.names.remove(&(name, id));
            }
        }
    }

    /// Those before a position, newest first.
    fn before(&self, position: Position) -> impl Iterator<Item = &Message> {
        self.by_place
            .range(..(position, ItemId(0)))
            .rev()
            .map(|(_, message)| message)
    }

    /// Those after a position, oldest first.
    fn after(&self, position: Position) -> impl DoubleEndedIterator<Item = &Message> {
        let bound = Bound::Excluded((position, ItemId(u64::MAX)));
        self.by_place
            .range((bound, Bound::Unbounded))
            .map(|(_, message)| message)
    }

    fn page(&self, from: From, count: usize) -> Vec<Message> {
        let newest_first: Vec<_> = match from {
            From::Newest => self.by_place.values().rev().take(count).collect(),
            From::Before(position) => self.before(position).take(count).collect(),
            From::After(position) => {
                return self.after(position).take(count).cloned().collect();
            }
        };
        newest_first.into_iter().rev().cloned().collect()
    }

    fn find(&self, names: &[Name]) -> Vec<Message> {
        let mut places = Vec::new();
        for name in names {
            let ids = self
                .names
                .range((name.clone(), ItemId(0))..=(name.clone(), ItemId(u64::MAX)))
                .take(FIND_LIMIT as usize);
            for (_, id) in ids {
                places.extend(self.place.get(id).map(|position| (*position, *id)));
            }
        }
        order::sort(&mut places);
        places.dedup();
        places
            .iter()
            .filter_map(|place| self.by_place.get(place).cloned())
            .collect()
    }

    fn count_unread(&self, after: Option<Position>, limit: u32) -> u32 {
        let incoming = |message: &&Message| message.direction == Direction::Incoming;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let count = match after {
            Some(position) => self.after(position).filter(incoming).take(limit).count(),
            None => self.by_place.values().filter(incoming).take(limit).count(),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

impl Tables {
    fn apply(&mut self, op: Op) {
        match op {
            Op::PutRoster(roster) => {
                let contacts = roster.contacts.into_iter();
                let mut kept = Contacts {
                    version: roster.version,
                    ..Contacts::default()
                };
                // `collect` would bring another sorting program.
                kept.by_address
                    .extend(contacts.map(|contact| (contact.address.clone(), contact)));
                self.roster = Some(kept);
            }
            Op::PutContact(contact, version) => {
                let roster = self.roster.get_or_insert_default();
                roster.version = version;
                roster.by_address.insert(contact.address.clone(), contact);
            }
            Op::RemoveContact(address, version) => {
                let roster = self.roster.get_or_insert_default();
                roster.version = version;
                roster.by_address.remove(&address);
            }
            Op::PutConversation(conversation) => {
                self.conversations
                    .insert(conversation.peer.clone(), conversation);
            }
            Op::PutMessage(message) => self
                .timelines
                .entry(message.conversation.clone())
                .or_default()
                .put(message),
            Op::RemoveMessage(conversation, id) => {
                if let Some(timeline) = self.timelines.get_mut(&conversation) {
                    timeline.remove(id);
                }
            }
            Op::PutCaps(ver, features) => {
                self.caps.insert(ver, features);
            }
            Op::PutPresence(presence) => self.presence = presence,
            Op::PutCursor(cursor) => self.cursor = Some(cursor),
            Op::Trust(trusted) => self.doubted = !trusted,
            Op::PutGaps(gaps) => self.gaps = gaps,
        }
    }

    fn load(&self) -> Snapshot {
        let mut outbox: Vec<_> = self
            .timelines
            .values()
            .flat_map(|timeline| timeline.by_place.values())
            .filter(|message| message.delivery.is_pending())
            .cloned()
            .collect();
        order::sort_by(&mut outbox, Message::by_place);
        let mut conversations: Vec<_> = self.conversations.values().cloned().collect();
        order::sort_by(&mut conversations, |a, b| a.peer.cmp(&b.peer));
        let mut caps: Vec<_> = self.caps.clone().into_iter().collect();
        order::sort(&mut caps);
        Snapshot {
            roster: self.roster.as_ref().map(|roster| Roster {
                version: roster.version.clone(),
                contacts: roster.by_address.values().cloned().collect(),
            }),
            conversations,
            outbox,
            caps,
            presence: self.presence.clone(),
            cursor: self.cursor.clone(),
            doubted: self.doubted,
            gaps: self.gaps.clone(),
            skipped: 0,
        }
    }
}

impl MemoryStore {
    /// Answers from the tables, at once.
    fn ask<T: 'static>(&self, question: impl FnOnce(&mut Tables) -> T) -> Stored<'_, T> {
        let mut tables = self.tables.borrow_mut();
        let answer = if tables.erased {
            Err(StoreError::Unavailable("erased".into()))
        } else {
            Ok(question(&mut tables))
        };
        std::future::ready(answer).boxed_local()
    }
}

impl Store for MemoryStore {
    fn load(&self) -> Stored<'_, Snapshot> {
        self.ask(|tables| tables.load())
    }

    fn page(&self, query: PageQuery) -> Stored<'_, Vec<Message>> {
        let count = usize::try_from(query.count).unwrap_or(usize::MAX);
        self.ask(|tables| match tables.timelines.get(&query.conversation) {
            Some(timeline) => timeline.page(query.from, count),
            None => Vec::new(),
        })
    }

    fn find(&self, conversation: Address, names: Vec<Name>) -> Stored<'_, Vec<Message>> {
        self.ask(|tables| match tables.timelines.get(&conversation) {
            Some(timeline) => timeline.find(&names),
            None => Vec::new(),
        })
    }

    fn count_unread(
        &self,
        conversation: Address,
        after: Option<Position>,
        limit: u32,
    ) -> Stored<'_, u32> {
        self.ask(|tables| match tables.timelines.get(&conversation) {
            Some(timeline) => timeline.count_unread(after, limit),
            None => 0,
        })
    }

    fn commit(&self, batch: Batch) -> Stored<'_, ()> {
        self.ask(|tables| {
            for op in batch.ops {
                tables.apply(op);
            }
        })
    }
}

/// The depot in memory. Its clones share what they hold, as two openings of one disk would.
#[derive(Clone, Default)]
pub struct MemoryDepot {
    shelf: Rc<RefCell<Shelf>>,
}

#[derive(Default)]
struct Shelf {
    device: Device,
    stores: Few<AccountId, Rc<MemoryStore>>,
}

impl MemoryDepot {
    /// An empty depot.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn ask<T: 'static>(&self, question: impl FnOnce(&mut Shelf) -> T) -> Stored<'_, T> {
        let answer = question(&mut self.shelf.borrow_mut());
        std::future::ready(Ok(answer)).boxed_local()
    }
}

impl Depot for MemoryDepot {
    fn load(&self) -> Stored<'_, Device> {
        self.ask(|shelf| shelf.device.clone())
    }

    fn put_account(&self, account: AccountRecord) -> Stored<'_, ()> {
        self.ask(|shelf| {
            let accounts = &mut shelf.device.accounts;
            match accounts.iter_mut().find(|known| known.id == account.id) {
                Some(known) => *known = account,
                None => accounts.push(account),
            }
        })
    }

    fn remove_account(&self, id: AccountId) -> Stored<'_, ()> {
        self.ask(|shelf| shelf.device.accounts.retain(|account| account.id != id))
    }

    fn put_settings(&self, settings: Settings) -> Stored<'_, ()> {
        self.ask(|shelf| shelf.device.settings = settings)
    }

    fn open(&self, id: AccountId) -> Stored<'_, Rc<dyn Store>> {
        self.ask(|shelf| -> Rc<dyn Store> {
            let store = shelf.stores.get(&id).cloned().unwrap_or_default();
            shelf.stores.insert(id, Rc::clone(&store));
            store
        })
    }

    fn erase(&self, id: AccountId) -> Stored<'_, ()> {
        self.ask(|shelf| {
            if let Some(store) = shelf.stores.remove(&id) {
                let mut tables = store.tables.borrow_mut();
                *tables = Tables {
                    erased: true,
                    ..Tables::default()
                };
            }
        })
    }
}
