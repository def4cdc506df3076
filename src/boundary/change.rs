//! Changes: the differences that the view understands. Engine → page.
//!
//! **Invariant:** every change is idempotent and says what *is*, by key: applying one twice does nothing more
//! than once. The snapshot that a page gets when it attaches is a list of changes, beginning with [`Change::Clear`].

use serde::{Deserialize, Serialize};

use crate::entity::account::Connection;
use crate::entity::address::Address;
use crate::entity::contact::{Subscription, SubscriptionRequest};
use crate::entity::conversation::Preview;
use crate::entity::form::Form;
use crate::entity::id::{AccountId, ItemId, RequestId, WindowId};
use crate::entity::message::{Message, Position};
use crate::entity::presence::{OwnPresence, Presence, Resource};
use crate::entity::problem::Problem;
use crate::entity::settings::Settings;
use crate::entity::time::Timestamp;

/// What the engine sends: several changes to one `postMessage`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ToPage {
    /// The builds fit; a snapshot follows.
    Welcome,
    /// The engine is of another build: the page must be loaded anew (or the other tabs, if they are older).
    OtherBuild(String),
    /// Changes, in order.
    Changes(Vec<Change>),
    /// Another engine serves the accounts, for pages of another address on this origin.
    Elsewhere,
}

/// A difference.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Change {
    /// Forget everything; a snapshot follows.
    Clear,
    /// The snapshot is complete.
    Ready,
    /// An account is there, or is different.
    Account(AccountRow),
    /// An account is gone.
    AccountGone(AccountId),
    /// Contacts that are there, different, or gone.
    Contacts {
        /// Whose.
        account: AccountId,
        /// There, or different.
        put: Vec<ContactRow>,
        /// Gone.
        gone: Vec<Address>,
    },
    /// Presences alone: (contact, presence). Cheaper than whole rows, and by far the commonest.
    Presences {
        /// Whose contacts.
        account: AccountId,
        /// What they are now.
        put: Vec<(Address, Presence)>,
    },
    /// Everybody who waits for our permission, in order.
    Requests {
        /// Whose.
        account: AccountId,
        /// All of them.
        all: Vec<SubscriptionRequest>,
    },
    /// Conversations that are there, different, or gone.
    Conversations {
        /// Whose.
        account: AccountId,
        /// There, or different.
        put: Vec<ConversationRow>,
        /// Gone.
        gone: Vec<Address>,
    },
    /// A watched window.
    Timeline(WindowId, TimelineChange),
    /// The addresses of accounts that are kept here but not logged in: logged out, or not to "stay logged in" when
    /// the engine started. The newest first: the log-in form offers them.
    Remembered(Vec<Address>),
    /// The settings.
    Settings(Settings),
    /// The answer to a request of this page.
    Answer(RequestId, Result<Reply, Problem>),
    /// Something to notify the user of; sent to one page only.
    Notify(Notification),
    /// Something is wrong with this device, or no longer (`None`).
    Device(Option<Problem>),
    /// Lines of the log, for pages that watch it.
    Log(Vec<LogLine>),
    /// Frames of the streams, for pages that watch them.
    Console(Vec<ConsoleFrame>),
}

/// An account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AccountRow {
    /// Which.
    pub id: AccountId,
    /// Its bare JID.
    pub address: Address,
    /// How it is connected.
    pub connection: Connection,
    /// What the user chose.
    pub presence: OwnPresence,
    /// The roster was loaded, from the store or the server: an empty list means no contacts.
    pub roster_known: bool,
    /// Why the server's roster could not be had; the stored one, if there is one, may be outdated.
    pub roster_problem: Option<Problem>,
    /// The address of the connection, and the server's software, once known.
    pub server: ServerRow,
}

/// What is known of an account's server, for the diagnostics.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ServerRow {
    /// The WebSocket address in use.
    pub url: Option<String>,
    /// The mechanism that proved who we are.
    pub mechanism: Option<String>,
    /// Full JID of this session.
    pub bound: Option<String>,
    /// What the server says that it can do (XEP-0030 features), sorted.
    pub features: Vec<String>,
}

/// A contact.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ContactRow {
    /// Bare JID.
    pub address: Address,
    /// What to call it. Hostile text.
    pub name: String,
    /// That is the name that the user gave, and not a part of the address.
    pub is_named: bool,
    /// Its groups, sorted.
    pub groups: Vec<String>,
    /// Who sees whom.
    pub subscription: Subscription,
    /// Our request is not answered yet.
    pub asked: bool,
    /// Its presence.
    pub presence: Presence,
}

/// A conversation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ConversationRow {
    /// The other's bare JID.
    pub peer: Address,
    /// What to call it. Hostile text.
    pub name: String,
    /// The other is in the roster.
    pub is_contact: bool,
    /// The newest message.
    pub latest: Option<Preview>,
    /// How many are unread.
    pub unread: u32,
    /// The text not sent yet.
    pub draft: String,
}

/// What is different in a window. Apply in the order of the fields.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TimelineChange {
    /// Forget what the window held.
    pub clear: bool,
    /// Items no longer in the window.
    pub gone: Vec<ItemId>,
    /// Items that are in the window, or different; each stands at its position.
    pub put: Vec<Item>,
    /// What lies before the oldest item.
    pub older: Edge,
    /// What lies after the newest item.
    pub newer: Edge,
    /// The first message that was unread when the window was opened.
    pub unread_from: Option<Position>,
}

/// What lies beyond an end of a window.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Edge {
    /// More, to be had by `Extend`.
    #[default]
    More,
    /// More is on its way.
    Loading,
    /// Nothing: the beginning, or the present.
    End,
    /// Perhaps more, but it cannot be had now.
    Failed(Problem),
}

/// One item of a timeline.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Item {
    /// Its identity.
    pub id: ItemId,
    /// Its place.
    pub position: Position,
    /// What it is.
    pub kind: ItemKind,
}

/// What an item is. Days and the line "New messages" are the view's own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly every item is a message: a box would only cost"
)]
pub enum ItemKind {
    /// A message.
    Message(Message),
    /// Messages may be missing here.
    Gap(GapState),
}

/// What becomes of filling a gap.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum GapState {
    /// Nobody has asked: to be had by `Fill`.
    #[default]
    Unknown,
    /// It is being filled.
    Loading,
    /// It could not be filled now.
    Failed(Problem),
    /// The server does not have what is missing, or does not give it.
    Lost,
}

/// The answer to a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Reply {
    /// It was done.
    Done,
    /// It was done, for this account.
    Account(AccountId),
    /// It was done, for this address.
    Address(Address),
    /// It stands there, if there is one.
    Found(Option<Position>),
    /// A form to fill in.
    Form(Form),
    /// The account exists now; its address, ready to log in.
    Registered(Address),
    /// The resources of a contact, most reachable first.
    Resources(Vec<Resource>),
}

/// Something to notify the user of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Notification {
    /// Where a click leads.
    pub account: AccountId,
    /// Where a click leads.
    pub conversation: Address,
    /// Who, one line.
    pub title: String,
    /// What, if it may be shown; one line.
    pub body: Option<String>,
}

/// A line of the log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogLine {
    /// When.
    pub time: Timestamp,
    /// How grave.
    pub level: Level,
    /// From where in the code.
    pub target: String,
    /// What.
    pub text: String,
}

/// How grave a log line is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something odd.
    Warn,
    /// Something notable.
    Info,
    /// Details.
    Debug,
}

/// A frame of a stream, secrets removed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ConsoleFrame {
    /// Whose.
    pub account: AccountId,
    /// When.
    pub time: Timestamp,
    /// Sent by us.
    pub sent: bool,
    /// The text.
    pub xml: String,
}
