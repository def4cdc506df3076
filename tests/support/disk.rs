//! A disk that can be watched, can fail, and can be written to wrongly.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;

use futures::FutureExt;
use waxwing::entity::address::Address;
use waxwing::entity::archive::{Cursor, Gaps};
use waxwing::entity::id::{AccountId, ItemId};
use waxwing::entity::message::Message;
use waxwing::entity::settings::Settings;
use waxwing::store::memory::MemoryDepot;
use waxwing::store::{
    AccountRecord, Batch, Damaged, Depot, Device, Name, Op, PageQuery, Snapshot, Store, StoreError,
    Stored,
};

use super::juliet;

/// A disk that can be watched, and can fail.
#[derive(Default)]
pub struct Disk {
    depot: MemoryDepot,
    pub commits: Rc<Cell<usize>>,
    pub fails: Rc<Cell<bool>>,
    /// Nothing can be read.
    pub is_unreadable: Rc<Cell<bool>>,
    /// The records of these messages are damaged.
    pub damaged: Rc<RefCell<HashSet<ItemId>>>,
    /// It has room for so many messages. What takes no room is taken even when it is full.
    pub most: Rc<Cell<Option<usize>>>,
    /// Somebody has removed what was stored.
    pub is_removed: Rc<Cell<bool>>,
    /// Who loads is told of no cursor.
    pub forget_cursor: Rc<Cell<bool>>,
    /// What concerns the accounts themselves cannot be written.
    pub device_fails: Cell<bool>,
    /// Somebody has removed what concerns the accounts themselves.
    pub device_is_removed: Cell<bool>,
    /// The accounts' stores cannot be erased.
    pub erase_fails: Cell<bool>,
    /// Who erases a store waits while this is shut.
    pub shredder: Gate,
    /// The accounts' stores cannot be opened.
    pub stays_shut: Cell<bool>,
    /// Commits wait while this is shut.
    pub gate: Rc<Gate>,
    /// Commits with a cursor wait while this is shut.
    pub cursor_gate: Rc<Gate>,
    /// What it does wrong.
    pub fault: Rc<Cell<Option<Fault>>>,
    /// Who opens a store waits while this is shut.
    pub door: Gate,
    stores: RefCell<Vec<(AccountId, Rc<dyn Store>)>>,
}

impl Disk {
    pub fn device(&self) -> Device {
        self.depot.load().now_or_never().unwrap().unwrap()
    }

    pub fn messages(&self, account: AccountId) -> Vec<Message> {
        self.messages_of(account, juliet())
    }

    /// Where messages may be missing; not since when some may have been archived late.
    pub fn gaps(&self, account: AccountId) -> Gaps {
        let store = self.depot.open(account).now_or_never().unwrap().unwrap();
        let mut gaps = store.load().now_or_never().unwrap().unwrap().gaps;
        gaps.all.doubt = None;
        gaps.told = 0;
        gaps
    }

    /// How far the archive is known.
    pub fn cursor(&self, account: AccountId) -> Option<Cursor> {
        let store = self.depot.open(account).now_or_never().unwrap().unwrap();
        store.load().now_or_never().unwrap().unwrap().cursor
    }

    pub fn messages_of(&self, account: AccountId, conversation: Address) -> Vec<Message> {
        let Some(store) = self.depot.open(account).now_or_never().unwrap().ok() else {
            return Vec::new();
        };
        let query = PageQuery {
            conversation,
            from: waxwing::store::From::Newest,
            count: 100_000,
        };
        store.page(query).now_or_never().unwrap().unwrap()
    }

    /// Writes messages behind everybody's back.
    pub fn put(&self, account: AccountId, messages: impl IntoIterator<Item = Message>) {
        let store = self.depot.open(account).now_or_never().unwrap().unwrap();
        let ops = messages.into_iter().map(Op::PutMessage).collect();
        store.commit(Batch { ops }).now_or_never().unwrap().unwrap();
    }

    pub fn opened(&self) -> usize {
        self.stores.borrow().len()
    }
}

impl Depot for Disk {
    fn load(&self) -> Stored<'_, Device> {
        if self.fails.get() {
            return async { Err(StoreError::Unavailable("gone".into())) }.boxed_local();
        }
        self.depot.load()
    }
    fn put_account(&self, account: AccountRecord) -> Stored<'_, ()> {
        if self.fails.get() {
            return async { Err(StoreError::Full) }.boxed_local();
        }
        if self.device_is_removed.get() {
            return std::future::ready(Err(StoreError::Removed)).boxed_local();
        }
        if self.device_fails.get() {
            return async { Err(StoreError::Unavailable("gone".into())) }.boxed_local();
        }
        self.depot.put_account(account)
    }
    fn remove_account(&self, id: AccountId) -> Stored<'_, ()> {
        if self.device_is_removed.get() {
            return std::future::ready(Err(StoreError::Removed)).boxed_local();
        }
        if self.device_fails.get() {
            return async { Err(StoreError::Unavailable("gone".into())) }.boxed_local();
        }
        self.depot.remove_account(id)
    }
    fn put_settings(&self, settings: Settings) -> Stored<'_, ()> {
        if self.fails.get() {
            return async { Err(StoreError::Full) }.boxed_local();
        }
        self.depot.put_settings(settings)
    }
    fn open(&self, id: AccountId) -> Stored<'_, Rc<dyn Store>> {
        if self.fails.get() {
            return async { Err(StoreError::Full) }.boxed_local();
        }
        if self.stays_shut.get() {
            return async { Err(StoreError::Unavailable("slow".into())) }.boxed_local();
        }
        async move {
            self.door.pass().await;
            let store = self.depot.open(id).await?;
            let watched: Rc<dyn Store> = Rc::new(WatchedStore {
                store,
                commits: self.commits.clone(),
                fails: self.fails.clone(),
                is_unreadable: self.is_unreadable.clone(),
                damaged: self.damaged.clone(),
                found: RefCell::default(),
                most: self.most.clone(),
                is_removed: self.is_removed.clone(),
                held: Cell::new(0),
                forget_cursor: self.forget_cursor.clone(),
                gate: self.gate.clone(),
                cursor_gate: self.cursor_gate.clone(),
                fault: self.fault.clone(),
            });
            self.stores.borrow_mut().push((id, watched.clone()));
            Ok(watched)
        }
        .boxed_local()
    }
    fn erase(&self, id: AccountId) -> Stored<'_, ()> {
        if self.erase_fails.get() || self.fails.get() {
            return async { Err(StoreError::Unavailable("busy".into())) }.boxed_local();
        }
        async move {
            self.shredder.pass().await;
            self.stores.borrow_mut().retain(|(known, _)| *known != id);
            self.depot.erase(id).await
        }
        .boxed_local()
    }
}

struct WatchedStore {
    store: Rc<dyn Store>,
    commits: Rc<Cell<usize>>,
    fails: Rc<Cell<bool>>,
    is_unreadable: Rc<Cell<bool>>,
    damaged: Rc<RefCell<HashSet<ItemId>>>,
    /// Of those, what a page came by.
    found: RefCell<Vec<Damaged>>,
    most: Rc<Cell<Option<usize>>>,
    is_removed: Rc<Cell<bool>>,
    held: Cell<usize>,
    forget_cursor: Rc<Cell<bool>>,
    gate: Rc<Gate>,
    cursor_gate: Rc<Gate>,
    fault: Rc<Cell<Option<Fault>>>,
}

/// Faults that a client could have: what it writes, it would write wrongly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The cursor is written before the messages up to it.
    CursorFirst,
    /// Of a page of more than one message, the cursor alone is written.
    PageSkipped,
    /// A live message moves the cursor.
    CursorFollowsLive,
}

impl Fault {
    /// The batch as the faulty client would write it: what comes at once, and what later.
    fn split(self, batch: Batch) -> (Batch, Batch) {
        let is_cursor = |op: &Op| matches!(op, Op::PutCursor(_));
        let is_message = |op: &Op| matches!(op, Op::PutMessage(_));
        let has_cursor = batch.ops.iter().any(is_cursor);
        let (mut now, mut later) = (Batch::default(), batch);
        match self {
            Self::CursorFirst => {
                now.ops = later.ops.extract_if(.., |op| is_cursor(op)).collect();
            }
            Self::PageSkipped => {
                let count = later.ops.iter().filter(|op| is_message(op)).count();
                if has_cursor && count > 1 {
                    later.ops.retain(|op| !is_message(op));
                }
            }
            Self::CursorFollowsLive => {
                let named = later.ops.iter().rev().find_map(|op| match op {
                    Op::PutMessage(message) => Some((message.ids.archive.clone()?, message.time)),
                    _ => None,
                });
                if let (Some((id, time)), false) = (named, has_cursor) {
                    let id = Some(id);
                    later.ops.push(Op::PutCursor(Cursor { id, time }));
                }
            }
        }
        (now, later)
    }
}

impl Store for WatchedStore {
    fn load(&self) -> Stored<'_, Snapshot> {
        async move {
            let mut held = self.store.load().await?;
            held.cursor.take_if(|_| self.forget_cursor.get());
            Ok(held)
        }
        .boxed_local()
    }
    fn page(&self, query: PageQuery) -> Stored<'_, Vec<Message>> {
        if self.is_unreadable.get() || self.is_removed.get() {
            return unreadable(self.is_removed.get());
        }
        let count = query.count as usize;
        let is_after = matches!(query.from, waxwing::store::From::After(_));
        let damaged = self.damaged.borrow().clone();
        let more = u32::try_from(damaged.len()).unwrap();
        let query = PageQuery {
            count: query.count.saturating_add(more),
            ..query
        };
        async move {
            let mut page = self.store.page(query).await?;
            let found = page.extract_if(.., |message| damaged.contains(&message.id));
            self.found.borrow_mut().extend(found.map(|message| Damaged {
                conversation: message.conversation,
                id: message.id,
                position: message.position,
            }));
            if is_after {
                page.truncate(count);
            } else {
                page.drain(..page.len().saturating_sub(count));
            }
            Ok(page)
        }
        .boxed_local()
    }
    fn take_damaged(&self) -> Vec<Damaged> {
        self.found.take()
    }
    fn find(&self, conversation: Address, names: Vec<Name>) -> Stored<'_, Vec<Message>> {
        if self.is_unreadable.get() || self.is_removed.get() {
            return unreadable(self.is_removed.get());
        }
        let damaged = self.damaged.borrow().clone();
        async move {
            let mut found = self.store.find(conversation, names).await?;
            found.retain(|message| !damaged.contains(&message.id));
            Ok(found)
        }
        .boxed_local()
    }
    fn count_unread(
        &self,
        conversation: Address,
        after: Option<waxwing::entity::message::Position>,
        limit: u32,
    ) -> Stored<'_, u32> {
        if self.is_unreadable.get() || self.is_removed.get() {
            return unreadable(self.is_removed.get());
        }
        self.store.count_unread(conversation, after, limit)
    }
    fn commit(&self, batch: Batch) -> Stored<'_, ()> {
        self.commits.set(self.commits.get() + 1);
        if self.fails.get() {
            return async { Err(StoreError::Full) }.boxed_local();
        }
        for op in &batch.ops {
            if let Op::PutMessage(message) = op {
                self.damaged.borrow_mut().remove(&message.id);
            }
        }
        let takes_room = |op: &&Op| !matches!(op, Op::RemoveMessage(..) | Op::Trust(false));
        let count = |is: fn(&Op) -> bool| batch.ops.iter().filter(|op| is(op)).count();
        let removed = count(|op| matches!(op, Op::RemoveMessage(..)));
        let put = count(|op| matches!(op, Op::PutMessage(_)));
        let is_full = self
            .most
            .get()
            .is_some_and(|most| self.held.get() + put > most);
        if is_full && batch.ops.iter().any(|op| takes_room(&op)) {
            return async { Err(StoreError::Full) }.boxed_local();
        }
        if self.is_removed.get() {
            return async { Err(StoreError::Removed) }.boxed_local();
        }
        self.held
            .set((self.held.get() + put).saturating_sub(removed));
        let has_cursor = batch.ops.iter().any(|op| matches!(op, Op::PutCursor(_)));
        async move {
            let (now, later) = match self.fault.get() {
                Some(fault) => fault.split(batch),
                None => (Batch::default(), batch),
            };
            self.store.commit(now).await?;
            self.gate.pass().await;
            if has_cursor {
                self.cursor_gate.pass().await;
            }
            self.store.commit(later).await
        }
        .boxed_local()
    }
}

fn unreadable<T: 'static>(is_removed: bool) -> Stored<'static, T> {
    let error = if is_removed {
        StoreError::Removed
    } else {
        StoreError::Unavailable("gone".into())
    };
    std::future::ready(Err(error)).boxed_local()
}

/// What a slow disk waits for.
#[derive(Default)]
pub struct Gate {
    shut: Cell<bool>,
    waiting: RefCell<Vec<std::task::Waker>>,
}

impl Gate {
    pub fn shut(&self) {
        self.shut.set(true);
    }

    pub fn open(&self) {
        self.shut.set(false);
        self.waiting
            .take()
            .into_iter()
            .for_each(std::task::Waker::wake);
    }

    async fn pass(&self) {
        std::future::poll_fn(|cx| {
            if !self.shut.get() {
                return std::task::Poll::Ready(());
            }
            self.waiting.borrow_mut().push(cx.waker().clone());
            std::task::Poll::Pending
        })
        .await;
    }
}
