//! A stage for whole scenarios: the client on a fake world, a server that answers, pages that watch.
#![allow(dead_code)]

pub mod managed;
pub mod server;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::FutureExt;
use server::Server;
use waxwing::boundary::change::{
    Change, ConversationRow, Edge, ItemKind, Reply, TimelineChange, ToPage,
};
use waxwing::boundary::codec;
use waxwing::boundary::command::{
    AccountCommand, Anchor, Attention, Command, LogIn, TimelineRequest, ToEngine, Toward,
};
use waxwing::client::Client;
use waxwing::client::log::Log;
use waxwing::client::retirement::Retirement;
use waxwing::entity::account::Connection;
use waxwing::entity::address::Address;
use waxwing::entity::archive::Cursor;
use waxwing::entity::id::{AccountId, ItemId, RequestId, WindowId};
use waxwing::entity::message::Message;
use waxwing::entity::problem::Problem;
use waxwing::entity::secret::Secret;
use waxwing::entity::settings::Settings;
use waxwing::platform::fake::{FakePage, World};
use waxwing::store::memory::MemoryDepot;
use waxwing::store::{
    AccountRecord, Batch, Depot, Device, Name, Op, PageQuery, Snapshot, Store, StoreError, Stored,
};

pub const PASSWORD: &str = "pencil";
pub const WINDOW: WindowId = WindowId(1);

pub fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub fn juliet() -> Address {
    address("juliet@example.org")
}

/// A message to juliet, with a name of its own.
pub fn send(body: &str) -> AccountCommand {
    static LAST: AtomicU64 = AtomicU64::new(1);
    AccountCommand::SendMessage {
        to: juliet(),
        body: body.into(),
        id: ItemId(LAST.fetch_add(1, Ordering::Relaxed)),
        again: false,
    }
}

/// The client, its server and its pages.
pub struct Stage {
    pub world: World,
    pub disk: Rc<Disk>,
    pub server: Server,
    pub pages: Vec<Viewer>,
    pub account: AccountId,
    pub retirement: Retirement,
    requests: u32,
}

impl Stage {
    /// A client that was just started on an empty disk, with one page.
    pub fn empty() -> Self {
        let disk = Rc::new(Disk::default());
        Self::on(World::default(), disk, Server::default())
    }

    /// A client that was just started, with one page.
    pub fn on(world: World, disk: Rc<Disk>, server: Server) -> Self {
        let client = Client::new(world.ports(disk.clone()), Log::default());
        let retirement = client.retirement();
        world.spawn(client.run());
        let mut stage = Self {
            world,
            disk,
            server,
            pages: Vec::new(),
            account: AccountId(0),
            retirement,
            requests: 0,
        };
        stage.attach(Attention::Focused);
        stage.go();
        stage
    }

    /// Romeo is logged in, on SCRAM, and stays so.
    pub fn online() -> Self {
        let mut stage = Self::empty();
        stage.log_in(true).unwrap();
        stage
    }

    /// The engine dies and is started anew, on the same disk, with the same server.
    pub fn restart(self) -> Self {
        let Self {
            world,
            disk,
            mut server,
            account,
            ..
        } = self;
        server.forget_sockets();
        let mut stage = Self::on(world.later(), disk, server);
        stage.account = account;
        stage
    }

    /// A page that lived longer than its engine: it shows accounts, and knows of what engines died.
    pub fn attach_again(&mut self, accounts: &[AccountId], deadly: &[u64]) -> usize {
        let page = self.world.new_page();
        page.say(ToEngine::Hello {
            build: codec::BUILD.to_owned(),
            attention: Attention::Focused,
            accounts: accounts.to_vec(),
            deadly: deadly.to_vec(),
        });
        self.pages.push(Viewer::new(page));
        self.pages.len() - 1
    }

    pub fn attach(&mut self, attention: Attention) -> usize {
        let page = self.world.new_page();
        page.hello(attention);
        self.pages.push(Viewer::new(page));
        self.pages.len() - 1
    }

    /// Everything happens that can happen at once, and what was paced is shown a frame later.
    pub fn go(&mut self) {
        self.run();
        self.world.pass(Duration::from_millis(17));
        self.run();
    }

    /// Everything happens that can happen without time passing.
    fn run(&mut self) {
        loop {
            self.world.run();
            let busy = self.server.serve(&self.world);
            for page in &mut self.pages {
                page.listen();
            }
            if !busy {
                break;
            }
        }
    }

    /// Time passes.
    pub fn pass(&mut self, time: Duration) {
        let step = Duration::from_millis(250).min(time.max(Duration::from_millis(1)));
        let mut passed = Duration::ZERO;
        while passed < time {
            self.world.pass(step);
            self.run();
            passed += step;
        }
    }

    /// The first page wishes something and gets its answer.
    pub fn ask(&mut self, command: Command) -> Option<Result<Reply, Problem>> {
        self.requests += 1;
        let request = self.requests;
        self.pages[0].page.wish(request, command);
        self.go();
        self.pages[0].answer(request)
    }

    pub fn tell(&mut self, command: AccountCommand) -> Result<Reply, Problem> {
        let account = self.account;
        self.ask(Command::Account(account, command))
            .expect("no answer")
    }

    pub fn log_in(&mut self, stay: bool) -> Result<(), Problem> {
        self.log_in_as(PASSWORD, stay)
    }

    pub fn log_in_as(&mut self, password: &str, stay: bool) -> Result<(), Problem> {
        let login = LogIn {
            address: "Romeo@example.org".into(),
            password: Secret::new(password.into()),
            websocket: Some("wss://example.org/ws".into()),
            stay,
            anonymous: false,
            weaker: false,
        };
        match self.ask(Command::LogIn(login)).expect("no answer") {
            Ok(Reply::Account(id)) => {
                self.account = id;
                Ok(())
            }
            Ok(other) => panic!("{other:?}"),
            Err(problem) => Err(problem),
        }
    }

    pub fn say(&mut self, body: &str) {
        let sent = self.tell(send(body));
        assert_eq!(sent, Ok(Reply::Done));
    }

    pub fn watch(&mut self, page: usize, anchor: Anchor, count: u32) {
        self.watch_other(page, juliet(), anchor, count);
    }

    pub fn watch_other(&mut self, page: usize, peer: Address, anchor: Anchor, count: u32) {
        let request = TimelineRequest {
            account: self.account,
            conversation: peer,
            anchor,
            count,
        };
        self.pages[page].window = Window::default();
        self.pages[page]
            .page
            .wish(0, Command::Watch(WINDOW, request));
        self.go();
    }

    pub fn extend(&mut self, toward: Toward) {
        self.pages[0].page.wish(0, Command::Extend(WINDOW, toward));
        self.go();
    }

    pub fn settings(&mut self, settings: Settings) {
        assert_eq!(
            self.ask(Command::SetSettings(settings)),
            Some(Ok(Reply::Done))
        );
    }

    /// What the first page shows of the conversation with juliet.
    pub fn bodies(&self) -> Vec<String> {
        self.pages[0].window.bodies()
    }

    pub fn row(&self) -> ConversationRow {
        self.pages[0].row(&juliet()).expect("no conversation")
    }

    pub fn connection(&self) -> Connection {
        self.pages[0].connection.clone().expect("no account")
    }

    /// What is stored of the conversation with juliet.
    pub fn stored(&self) -> Vec<Message> {
        self.disk.messages(self.account)
    }
}

/// A page, and what it shows.
pub struct Viewer {
    pub page: FakePage,
    pub changes: Vec<Change>,
    pub window: Window,
    pub connection: Option<Connection>,
    /// It was told that there is another build.
    pub is_refused: bool,
    /// It was told that another engine serves the accounts.
    pub is_sent_away: bool,
    answers: Vec<(RequestId, Result<Reply, Problem>)>,
    rows: Vec<ConversationRow>,
}

impl Viewer {
    fn new(page: FakePage) -> Self {
        Self {
            page,
            changes: Vec::new(),
            window: Window::default(),
            connection: None,
            is_refused: false,
            is_sent_away: false,
            answers: Vec::new(),
            rows: Vec::new(),
        }
    }

    pub fn listen(&mut self) {
        for word in self.page.take_messages().into_iter().flatten() {
            match word {
                ToPage::Changes(changes) => self.take(changes),
                ToPage::OtherBuild(_) => self.is_refused = true,
                ToPage::Elsewhere => self.is_sent_away = true,
                ToPage::Welcome => {}
            }
        }
    }

    fn take(&mut self, changes: Vec<Change>) {
        for change in changes {
            match &change {
                Change::Timeline(WINDOW, change) => self.window.apply(change),
                Change::Answer(request, outcome) => {
                    self.answers.push((*request, outcome.clone()));
                }
                Change::Account(row) => self.connection = Some(row.connection.clone()),
                Change::AccountGone(_) => {
                    self.connection = None;
                    self.rows.clear();
                }
                Change::Conversations { put, gone, .. } => {
                    self.rows.retain(|row| {
                        !gone.contains(&row.peer) && put.iter().all(|new| new.peer != row.peer)
                    });
                    self.rows.extend(put.iter().cloned());
                }
                _ => {}
            }
            self.changes.push(change);
        }
    }

    pub fn answer(&mut self, request: u32) -> Option<Result<Reply, Problem>> {
        let at = self
            .answers
            .iter()
            .position(|(id, _)| *id == RequestId(request))?;
        Some(self.answers.remove(at).1)
    }

    pub fn unasked_answers(&self) -> usize {
        self.answers.len()
    }

    pub fn row(&self, peer: &Address) -> Option<ConversationRow> {
        self.rows.iter().find(|row| row.peer == *peer).cloned()
    }

    pub fn notifications(&mut self) -> Vec<String> {
        let (notes, rest) = std::mem::take(&mut self.changes)
            .into_iter()
            .partition(|change| matches!(change, Change::Notify(_)));
        self.changes = rest;
        let notes: Vec<Change> = notes;
        notes
            .into_iter()
            .map(|change| match change {
                Change::Notify(note) => {
                    format!("{}: {}", note.title, note.body.unwrap_or_default())
                }
                other => panic!("{other:?}"),
            })
            .collect()
    }
}

/// A window as a page holds it.
#[derive(Default)]
pub struct Window {
    pub items: Vec<Message>,
    pub older: Edge,
    pub newer: Edge,
    pub unread_from: Option<waxwing::entity::message::Position>,
}

impl Window {
    fn apply(&mut self, change: &TimelineChange) {
        if change.clear {
            self.items.clear();
        }
        self.items.retain(|item| !change.gone.contains(&item.id));
        for item in &change.put {
            let ItemKind::Message(message) = &item.kind else {
                continue;
            };
            assert_eq!((message.id, message.position), (item.id, item.position));
            self.items.retain(|known| known.id != message.id);
            self.items.push(message.clone());
        }
        self.items.sort_by_key(|item| (item.position, item.id));
        self.older = change.older.clone();
        self.newer = change.newer.clone();
        self.unread_from = change.unread_from;
    }

    pub fn bodies(&self) -> Vec<String> {
        self.items.iter().map(|item| item.body.clone()).collect()
    }

    pub fn ids(&self) -> Vec<ItemId> {
        self.items.iter().map(|item| item.id).collect()
    }
}

/// A disk that can be watched, and can fail.
#[derive(Default)]
pub struct Disk {
    depot: MemoryDepot,
    pub commits: Rc<Cell<usize>>,
    pub fails: Rc<Cell<bool>>,
    /// What concerns the accounts themselves cannot be written.
    pub device_fails: Cell<bool>,
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
        if self.device_fails.get() {
            return async { Err(StoreError::Unavailable("gone".into())) }.boxed_local();
        }
        self.depot.put_account(account)
    }
    fn remove_account(&self, id: AccountId) -> Stored<'_, ()> {
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
        self.stores.borrow_mut().retain(|(known, _)| *known != id);
        self.depot.erase(id)
    }
}

struct WatchedStore {
    store: Rc<dyn Store>,
    commits: Rc<Cell<usize>>,
    fails: Rc<Cell<bool>>,
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
        self.store.load()
    }
    fn page(&self, query: PageQuery) -> Stored<'_, Vec<Message>> {
        self.store.page(query)
    }
    fn find(&self, conversation: Address, names: Vec<Name>) -> Stored<'_, Vec<Message>> {
        self.store.find(conversation, names)
    }
    fn count_unread(
        &self,
        conversation: Address,
        after: Option<waxwing::entity::message::Position>,
        limit: u32,
    ) -> Stored<'_, u32> {
        self.store.count_unread(conversation, after, limit)
    }
    fn commit(&self, batch: Batch) -> Stored<'_, ()> {
        self.commits.set(self.commits.get() + 1);
        if self.fails.get() {
            return async { Err(StoreError::Full) }.boxed_local();
        }
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
