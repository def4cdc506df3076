//! A person at a page of the real client.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio::task::LocalSet;
use waxwing::boundary::change::{Change, ContactRow, Edge, Item, ItemKind, Reply, ToPage};
use waxwing::boundary::command::{
    AccountCommand, Anchor, Attention, Command, LogIn, TimelineRequest, Toward,
};
use waxwing::client::Client;
use waxwing::client::log::Log;
use waxwing::entity::account::Connection;
use waxwing::entity::address::Address;
use waxwing::entity::contact::Subscription;
use waxwing::entity::id::{AccountId, ItemId, RequestId, WindowId};
use waxwing::entity::message::{Delivery, Message};
use waxwing::entity::presence::Availability;
use waxwing::entity::problem::Problem;
use waxwing::entity::secret::Secret;
use waxwing::platform::native::{self, NativePage, NativePages};
use waxwing::store::memory::MemoryDepot;
use waxwing::store::{Depot, From, PageQuery};

use crate::evidence::{self, LastWords};

/// After this long without what is waited for, a test has failed. So much because ejabberd 23.01 can hold back what it has
/// confirmed: where the process of a session that lost its socket still has something to say to that, it waits for fifteen seconds
/// each time, and hands over what is meant for the next session only after that (after 105 seconds, as seen).
const PATIENCE: Duration = Duration::from_secs(240);

/// The window that is watched.
pub const WINDOW: WindowId = WindowId(1);

/// Runs a test.
pub fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _words = LastWords;
    LocalSet::new().block_on(&runtime, test);
}

/// Waits for something that nobody tells: what a proxy, a disk or a clock shows.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A person.
pub struct Person {
    user: &'static str,
    page: NativePage,
    depot: Rc<MemoryDepot>,
    account: AccountId,
    request: u32,
    /// All that the page was told, in order.
    told: Vec<Change>,
}

impl Person {
    /// Opens a page of an engine of their own.
    pub fn new(user: &'static str) -> Self {
        let pages = Rc::new(NativePages::default());
        let depot = Rc::new(MemoryDepot::new());
        let ports = native::ports(pages.clone(), depot.clone());
        tokio::task::spawn_local(Client::new(ports, Log::default()).run());
        let page = pages.add();
        page.hello(Attention::Focused);
        let diagnostics = Command::WatchDiagnostics {
            log: false,
            console: true,
        };
        page.wish(0, diagnostics);
        Self {
            user,
            page,
            depot,
            account: AccountId(0),
            request: 0,
            told: Vec::new(),
        }
    }

    pub fn address(&self) -> Address {
        Address::parse(&format!("{}@localhost", self.user)).unwrap()
    }

    pub async fn log_in(&mut self, url: &str, password: &str) -> Result<(), Problem> {
        let login = LogIn {
            address: self.address().to_string(),
            password: Secret::new(password.into()),
            websocket: Some(url.into()),
            stay: false,
            anonymous: false,
            weaker: false,
        };
        match self.command(Command::LogIn(login)).await? {
            Reply::Account(account) => self.account = account,
            other => panic!("{other:?}"),
        }
        Ok(())
    }

    /// Logs out; the history is kept, and what the page was told forgotten.
    pub async fn log_out(&mut self) {
        let log_out = AccountCommand::LogOut { erase: false };
        assert_eq!(self.ask(log_out).await, Ok(Reply::Done));
        self.told.clear();
    }

    /// What is stored of a conversation, oldest first.
    pub async fn stored(&self, other: &Self) -> Vec<String> {
        let messages = self.stored_with(&other.address()).await;
        messages.into_iter().map(|message| message.body).collect()
    }

    /// What is stored of a conversation, oldest first.
    pub async fn stored_with(&self, conversation: &Address) -> Vec<Message> {
        let store = self.depot.open(self.account).await.unwrap();
        let query = PageQuery {
            conversation: conversation.clone(),
            from: From::Newest,
            count: 100_000,
        };
        store.page(query).await.unwrap()
    }

    /// The items of the watched window as the page has them.
    pub fn window(&self) -> Vec<Item> {
        let mut items: HashMap<ItemId, Item> = HashMap::new();
        let told = self.told.iter().filter_map(|change| match change {
            Change::Timeline(WINDOW, change) => Some(change),
            _ => None,
        });
        // What it was before that is told no more, or forgotten here.
        for change in told.skip_while(|change| !change.clear) {
            if change.clear {
                items.clear();
            }
            for id in &change.gone {
                items.remove(id);
            }
            items.extend(change.put.iter().map(|item| (item.id, item.clone())));
        }
        let mut items: Vec<_> = items.into_values().collect();
        items.sort_by_key(|item| item.position);
        items
    }

    /// Waits until the watched window is so.
    pub async fn until_window<T>(
        &mut self,
        awaited: &str,
        is_it: impl Fn(&[Item]) -> Option<T>,
    ) -> T {
        self.until_so(awaited, |person| is_it(&person.window()))
            .await
    }

    /// Waits until all that was told comes to something.
    async fn until_so<T>(&mut self, awaited: &str, is_it: impl Fn(&Self) -> Option<T>) -> T {
        let found = async {
            loop {
                if let Some(found) = is_it(self) {
                    return found;
                }
                self.hear().await;
            }
        };
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(found) => found,
            Err(_) => self.fail(awaited),
        }
    }

    /// Scrolls the watched window to its end.
    pub async fn scroll(&mut self, toward: Toward) {
        let edge = |told: &[Change]| {
            let mut told = told.iter().rev();
            told.find_map(|change| match (change, toward) {
                (Change::Timeline(WINDOW, change), Toward::Older) => Some(change.older.clone()),
                (Change::Timeline(WINDOW, change), Toward::Newer) => Some(change.newer.clone()),
                _ => None,
            })
        };
        let mut seen = 0;
        let scrolled = async {
            loop {
                match edge(&self.told[seen..]) {
                    Some(Edge::End) => return,
                    Some(Edge::More) => {
                        seen = self.told.len();
                        self.wish(Command::Extend(WINDOW, toward));
                    }
                    Some(Edge::Failed(problem)) => panic!("{problem:?}"),
                    Some(Edge::Loading) | None => self.hear().await,
                }
            }
        };
        if tokio::time::timeout(PATIENCE, scrolled).await.is_err() {
            self.fail(&format!("the end of the conversation ({toward:?})"));
        }
    }

    async fn hear(&mut self) {
        let messages = self.page.hear().await;
        self.take(messages);
    }

    fn take(&mut self, messages: Vec<ToPage>) {
        for message in messages {
            let ToPage::Changes(changes) = message else {
                continue;
            };
            for change in changes {
                match change {
                    Change::Console(frames) => {
                        for frame in frames {
                            evidence::note(self.user, frame);
                        }
                    }
                    change => self.told.push(change),
                }
            }
        }
    }

    /// What was waited for did not come: says how things stand.
    fn fail(&self, awaited: &str) -> ! {
        let told = self.told.iter().rev();
        let mut connections = told.filter_map(|change| match change {
            Change::Account(row) => Some(&row.connection),
            _ => None,
        });
        panic!(
            "{} waited in vain for {awaited}; connection: {:?}; rows: {}; {}",
            self.user,
            connections.next(),
            evidence::told_rows(&self.told),
            evidence::told_window(&self.window())
        )
    }

    /// How many incoming messages the list of conversations shows as unread.
    pub async fn until_unread(&mut self, other: &Self, unread: u32) {
        let other = other.address();
        self.until(
            &format!("{unread} unread of {other}"),
            |change| match change {
                Change::Conversations { put, .. } => {
                    let mut rows = put.iter();
                    rows.any(|row| row.peer == other && row.unread == unread)
                }
                _ => false,
            },
        )
        .await;
    }

    /// Waits until the list of conversations shows this message as the newest, and so many as unread, from now on.
    pub async fn until_row(&mut self, other: &Self, newest: &str, unread: u32) {
        let other = other.address();
        self.until(
            &format!("the row of {other} with {newest:?} and {unread} unread"),
            |change| match change {
                Change::Conversations { put, .. } => put.iter().any(|row| {
                    let latest = row.latest.as_ref().map(|latest| latest.text.as_str());
                    row.peer == other && row.unread == unread && latest == Some(newest)
                }),
                _ => false,
            },
        )
        .await;
        self.told.clear();
    }

    /// Waits until the list of conversations shows this message as the newest.
    pub async fn until_latest(&mut self, other: &Self, newest: &str) {
        let other = other.address();
        let awaited = format!("{newest:?} as the latest of {other}");
        self.until(&awaited, |change| match change {
            Change::Conversations { put, .. } => put.iter().any(|row| {
                let latest = row.latest.as_ref().map(|latest| latest.text.as_str());
                row.peer == other && latest == Some(newest)
            }),
            _ => false,
        })
        .await;
    }

    /// Looks at a conversation, up to that message.
    pub async fn read(&mut self, other: &Self, body: &str) {
        self.watch(other);
        let read = AccountCommand::mark_read(&self.until_message(body).await);
        assert_eq!(self.ask(read).await, Ok(Reply::Done));
    }

    pub fn tell(&mut self, command: AccountCommand) {
        self.page.wish(0, Command::Account(self.account, command));
    }

    pub fn wish(&mut self, command: Command) {
        self.page.wish(0, command);
    }

    pub async fn ask(&mut self, command: AccountCommand) -> Result<Reply, Problem> {
        self.command(Command::Account(self.account, command)).await
    }

    async fn command(&mut self, command: Command) -> Result<Reply, Problem> {
        self.request += 1;
        let request = self.request;
        self.page.wish(request, command);
        self.find("the answer to a command", |change| match change {
            Change::Answer(RequestId(id), answer) if *id == request => Some(answer.clone()),
            _ => None,
        })
        .await
    }

    pub async fn say(&mut self, to: &Self, body: &str) {
        static LAST: AtomicU64 = AtomicU64::new(1);
        let send = AccountCommand::SendMessage {
            to: to.address(),
            body: body.into(),
            id: ItemId(LAST.fetch_add(1, Ordering::Relaxed)),
            again: false,
        };
        assert_eq!(self.ask(send).await, Ok(Reply::Done));
    }

    pub fn watch(&mut self, other: &Self) {
        self.watch_at(&other.address(), Anchor::Newest, 50);
    }

    /// Looks at a part of a conversation.
    pub fn watch_at(&mut self, conversation: &Address, anchor: Anchor, count: u32) {
        let request = TimelineRequest {
            account: self.account,
            conversation: conversation.clone(),
            anchor,
            count,
        };
        self.page.wish(0, Command::Watch(WINDOW, request));
    }

    /// Waits for a change, also among those that came before.
    async fn find<T>(&mut self, awaited: &str, found: impl Fn(&Change) -> Option<T>) -> T {
        let mut seen = 0;
        let found = async {
            loop {
                // What is newer counts more.
                if let Some(found) = self.told[seen..].iter().rev().find_map(&found) {
                    return found;
                }
                seen = self.told.len();
                self.hear().await;
            }
        };
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(found) => found,
            Err(_) => self.fail(awaited),
        }
    }

    pub async fn until(&mut self, awaited: &str, is_it: impl Fn(&Change) -> bool) {
        self.find(awaited, |change| is_it(change).then_some(()))
            .await;
    }

    pub async fn until_request_of(&mut self, other: &Self) {
        let other = other.address();
        self.until(&format!("a request of {other}"), |change| match change {
            Change::Requests { all, .. } => all.iter().any(|ask| ask.address == other),
            _ => false,
        })
        .await;
    }

    pub async fn until_contact(&mut self, other: &Self, subscription: Subscription) -> ContactRow {
        let other = other.address();
        self.find(
            &format!("{other} as a contact with {subscription:?}"),
            |change| match change {
                Change::Contacts { put, .. } => put
                    .iter()
                    .find(|row| row.address == other && row.subscription == subscription)
                    .cloned(),
                _ => None,
            },
        )
        .await
    }

    pub async fn until_presence(
        &mut self,
        other: &Self,
        availability: Availability,
        status: Option<&str>,
    ) {
        let other = other.address();
        let fits = |presence: &waxwing::entity::presence::Presence| {
            presence.availability == availability && presence.status.as_deref() == status
        };
        self.until(
            &format!("{other} to be {availability:?} ({status:?})"),
            |change| match change {
                Change::Presences { put, .. } => put
                    .iter()
                    .any(|(address, presence)| *address == other && fits(presence)),
                Change::Contacts { put, .. } => put
                    .iter()
                    .any(|row| row.address == other && fits(&row.presence)),
                _ => false,
            },
        )
        .await;
    }

    /// Waits for a message in the watched window.
    pub async fn until_message(&mut self, body: &str) -> Message {
        self.find(&format!("the message {body:?}"), |change| {
            message(change, body)
        })
        .await
    }

    /// How many items of the watched window ever had this text.
    pub fn count(&self, body: &str) -> usize {
        let items = self.told.iter().filter_map(|change| message(change, body));
        let ids: BTreeSet<_> = items.map(|message| message.id).collect();
        ids.len()
    }

    pub async fn until_delivery(&mut self, body: &str, delivery: &Delivery) -> Message {
        self.find(&format!("{body:?} to be {delivery:?}"), |change| {
            message(change, body).filter(|found| found.delivery == *delivery)
        })
        .await
    }

    /// Waits until a message that is in the window was sent. Prosody returns as undeliverable what a session had not confirmed that
    /// ended before its first question to the archive, where the message is all the same: then "Retry" is pressed, and true given
    /// back.
    pub async fn until_sent(&mut self, body: &str) -> bool {
        let mut was_returned = false;
        loop {
            let message = self
                .until_window(&format!("{body:?} to be sent"), |items| {
                    let messages = items.iter().filter_map(|item| match &item.kind {
                        ItemKind::Message(message) => Some(message),
                        _ => None,
                    });
                    let mut messages = messages.filter(|message| message.body == body);
                    let message = messages.find(|message| match &message.delivery {
                        Delivery::Sent => true,
                        delivery => is_returned(delivery) && !was_returned,
                    });
                    message.cloned()
                })
                .await;
            if !is_returned(&message.delivery) {
                return was_returned;
            }
            was_returned = true;
            let retry = AccountCommand::RetryMessage(message.conversation, message.id);
            assert_eq!(self.ask(retry).await, Ok(Reply::Done));
        }
    }

    /// Waits until the connection was lost, whatever was before. It may be there again: a page is told of what is so, and not of
    /// all that was so for a moment.
    pub async fn until_offline(&mut self) {
        self.until_so("the loss of the connection", |person| {
            person.was_lost().then_some(())
        })
        .await;
    }

    fn was_lost(&self) -> bool {
        let mut was_online = false;
        self.told.iter().any(|change| match change {
            Change::Account(row) => match row.connection {
                Connection::Waiting { .. } => true,
                Connection::Online => {
                    was_online = true;
                    false
                }
                _ => was_online,
            },
            _ => false,
        })
    }

    /// From now on only what happens later counts.
    pub async fn forget(&mut self) {
        // What is answered comes after all that was told before.
        let own = self.address();
        assert!(self.ask(AccountCommand::Resources(own)).await.is_ok());
        self.told.clear();
    }

    /// Waits, from now on, until the next attempt waits, and says for which problem.
    pub async fn until_waiting(&mut self) -> Problem {
        self.told.clear();
        self.find("an attempt to have failed", |change| match change {
            Change::Account(row) => match &row.connection {
                Connection::Waiting { problem, .. } => Some(problem.clone()),
                _ => None,
            },
            _ => None,
        })
        .await
    }

    /// Waits until only the user can help, and says why.
    pub async fn until_failed(&mut self) -> Problem {
        self.find("a failure for good", |change| match change {
            Change::Account(row) => match &row.connection {
                Connection::Failed(problem) => Some(problem.clone()),
                _ => None,
            },
            _ => None,
        })
        .await
    }

    /// Waits until the connection was lost and is there again, or only the user can help; says why then.
    pub async fn until_back_or_failed(&mut self) -> Option<Problem> {
        self.until_so("the connection or a failure for good", |person| {
            let mut was_lost = false;
            person.told.iter().find_map(|change| match change {
                Change::Account(row) => match &row.connection {
                    Connection::Failed(problem) => Some(Some(problem.clone())),
                    Connection::Online => was_lost.then_some(None),
                    _ => {
                        was_lost = true;
                        None
                    }
                },
                _ => None,
            })
        })
        .await
    }

    /// Waits until the connection is there, from now on.
    pub async fn until_online(&mut self) {
        self.told.clear();
        self.until("the connection", |change| match change {
            Change::Account(row) => row.connection == Connection::Online,
            _ => false,
        })
        .await;
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        // What a failure tells is the newest.
        while let Some(messages) = self.page.hear().now_or_never() {
            self.take(messages);
        }
    }
}

fn message(change: &Change, body: &str) -> Option<Message> {
    let Change::Timeline(_, change) = change else {
        return None;
    };
    change.put.iter().find_map(|item| match &item.kind {
        ItemKind::Message(message) if message.body == body => Some(message.clone()),
        _ => None,
    })
}

fn is_returned(delivery: &Delivery) -> bool {
    let Delivery::Failed(Problem::Refused { condition, .. }) = delivery else {
        return false;
    };
    condition == "recipient-unavailable"
}
