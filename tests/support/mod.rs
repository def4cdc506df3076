//! A stage for whole scenarios: the client on a fake world, a server that answers, pages that watch.
#![allow(dead_code)]

pub mod disk;
pub mod managed;
pub mod server;
pub mod slow;
pub mod tokens;

use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use disk::Disk;
use server::Server;
use waxwing::boundary::change::{
    Change, ConversationRow, Edge, GapState, ItemKind, Reply, TimelineChange, ToPage,
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
use waxwing::entity::id::{AccountId, ItemId, RequestId, WindowId};
use waxwing::entity::message::{Message, Position};
use waxwing::entity::problem::Problem;
use waxwing::entity::secret::Secret;
use waxwing::entity::settings::Setting;
use waxwing::platform::fake::{FakePage, World};

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
    send_as(ItemId(LAST.fetch_add(1, Ordering::Relaxed)), body, false)
}

/// A message to juliet with this name, perhaps asked for before.
pub fn send_as(id: ItemId, body: &str, again: bool) -> AccountCommand {
    AccountCommand::SendMessage {
        to: juliet(),
        body: body.into(),
        id,
        again,
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
        self.world.pass(Duration::from_millis(101));
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

    /// The first page wishes something, and nothing happens yet.
    pub fn page_wishes(&self, command: Command) {
        self.pages[0].page.wish(0, command);
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
        let wish = login(password, stay);
        match self.ask(wish).expect("no answer") {
            Ok(Reply::Account(id)) => {
                self.account = id;
                Ok(())
            }
            Ok(other) => panic!("{other:?}"),
            Err(problem) => Err(problem),
        }
    }

    /// The first page wishes to log in, over a way that takes its time.
    pub fn log_in_slowly(&mut self) {
        self.pages[0].page.wish(77, login(PASSWORD, true));
        for _ in 0..120 {
            self.pass(Duration::from_secs(1));
            if let Some(answer) = self.pages[0].answer(77) {
                let Ok(Reply::Account(id)) = answer else {
                    panic!("{answer:?}");
                };
                self.account = id;
                return;
            }
        }
        panic!("no answer");
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

    /// The first page sees the newest of its gaps, and reads toward there.
    pub fn fill(&mut self, toward: Toward) {
        let gap = self.pages[0].window.gaps.last().expect("no gap").0;
        self.fill_gap(gap, toward);
    }

    pub fn fill_gap(&mut self, gap: ItemId, toward: Toward) {
        let wish = Command::Fill(WINDOW, gap, toward);
        self.pages[0].page.wish(0, wish);
        self.go();
    }

    pub fn set(&mut self, setting: Setting) {
        assert_eq!(self.ask(Command::Set(setting)), Some(Ok(Reply::Done)));
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

    /// How the account stands on a page, if there is one.
    pub fn connection_of(&self, page: usize) -> Option<Connection> {
        self.pages[page].connection.clone()
    }

    /// What is stored of the conversation with juliet.
    pub fn stored(&self) -> Vec<Message> {
        self.disk.messages(self.account)
    }

    pub fn stored_bodies(&self) -> Vec<String> {
        let messages = self.stored().into_iter();
        messages.map(|message| message.body).collect()
    }

    /// What the first page was told of the device last.
    pub fn disk_problem(&self) -> Option<Problem> {
        let changes = self.pages[0].changes.iter().rev();
        let mut devices = changes.filter_map(|change| match change {
            Change::Device(problem) => Some(problem.clone()),
            _ => None,
        });
        devices.next().flatten()
    }

    /// The session is cut, and another one begins, in which the archive is caught up with.
    pub fn reconnect(&mut self) {
        self.server.cut();
        self.pass(Duration::from_secs(20));
        self.come_back();
    }

    /// The server takes connections again.
    pub fn come_back(&mut self) {
        self.server.refuses = false;
        self.tell(AccountCommand::Reconnect).unwrap();
        self.go();
        assert_eq!(self.connection(), Connection::Online);
    }

    /// A message to juliet is refused.
    pub fn refuse(&mut self, name: &str, kind: &str, condition: &str) {
        self.server.deliver(&format!(
            "<message xmlns='jabber:client' type='error' from='juliet@example.org' id='{name}'><error type='{kind}'>\
             <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
        ));
        self.go();
    }

    /// The connection is cut, and the server takes no new one.
    pub fn leave(&mut self) {
        self.server.refuses = true;
        self.server.cut();
        self.go();
    }
}

fn login(password: &str, stay: bool) -> Command {
    Command::LogIn(LogIn {
        address: "Romeo@example.org".into(),
        password: Secret::new(password.into()),
        websocket: Some("wss://example.org/ws".into()),
        stay,
        anonymous: false,
        weaker: false,
    })
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
    /// The gaps, in order: identity, place, state.
    pub gaps: Vec<(ItemId, Position, GapState)>,
    pub older: Edge,
    pub newer: Edge,
    pub unread_from: Option<Position>,
}

impl Window {
    pub fn apply(&mut self, change: &TimelineChange) {
        if change.clear {
            self.items.clear();
            self.gaps.clear();
        }
        self.items.retain(|item| !change.gone.contains(&item.id));
        self.gaps.retain(|(id, ..)| !change.gone.contains(id));
        for item in &change.put {
            let message = match &item.kind {
                ItemKind::Message(message) => message,
                ItemKind::Gap(state) => {
                    self.gaps.retain(|(id, ..)| *id != item.id);
                    self.gaps.push((item.id, item.position, state.clone()));
                    self.gaps.sort_by_key(|(_, at, _)| *at);
                    continue;
                }
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

    /// The texts, and `…` for each gap, in order.
    pub fn lines(&self) -> Vec<String> {
        let messages = self.items.iter();
        let mut lines: Vec<_> = messages
            .map(|item| (item.position, item.body.clone()))
            .collect();
        lines.extend(self.gaps.iter().map(|(_, at, _)| (*at, "…".to_owned())));
        lines.sort_by_key(|(at, _)| *at);
        lines.into_iter().map(|(_, line)| line).collect()
    }

    pub fn ids(&self) -> Vec<ItemId> {
        self.items.iter().map(|item| item.id).collect()
    }
}
