//! Commands: the wishes of the user. Page → engine.

use serde::{Deserialize, Serialize};

use crate::entity::address::Address;
use crate::entity::id::{AccountId, ItemId, RequestId, WindowId};
use crate::entity::message::{Message, Position};
use crate::entity::presence::OwnPresence;
use crate::entity::secret::Secret;
use crate::entity::settings::Setting;
use crate::entity::time::Timestamp;

/// What a page sends: several of them to one `postMessage`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ToEngine {
    /// The first words of a page: its build's id, whether people see it, and what an engine that died cannot tell.
    Hello {
        /// See [`super::codec::BUILD`].
        build: String,
        /// Whether people can see it.
        attention: Attention,
        /// The accounts that it shows: those whose password only an engine knew that died wait for it, and are shown on.
        accounts: Vec<AccountId>,
        /// The fingerprints of the frames that were in hand when engines died: see [`super::deadly`].
        deadly: Vec<u64>,
    },
    /// A wish. With a request id other than zero it is answered by [`super::change::Change::Answer`].
    Do(RequestId, Command),
    /// The page goes away.
    Goodbye,
}

/// How much of a person's attention a page has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub enum Attention {
    /// In the background.
    #[default]
    Hidden,
    /// Seen, but another window has the keyboard.
    Visible,
    /// Has the keyboard.
    Focused,
}

/// A wish.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Answered by `Reply::Account` once online for the first time, else by the problem.
    LogIn(LogIn),
    /// Gives up a log-in that has not succeeded yet.
    CancelLogIn,
    /// Asks a server for its registration form (XEP-0077); answered by `Reply::Form`.
    RegistrationOpen(Server),
    /// Sends the form filled in: (field name, values); answered by `Reply::Registered` or the problem.
    RegistrationSubmit(Vec<(String, Vec<Secret>)>),
    /// Ends the registration.
    RegistrationCancel,
    /// Changes one setting; all pages see it.
    Set(Setting),
    /// The page's attention changed.
    Attention(Attention),
    /// The user did something (at most once every 20 seconds): not idle.
    Activity,
    /// The browser says that the network came (`true`) or went.
    Network(bool),
    /// Watches a window of a timeline; answered by changes only.
    Watch(WindowId, TimelineRequest),
    /// Asks for more of a watched window, beyond its oldest or newest item.
    Extend(WindowId, Toward),
    /// Asks for what is missing in a gap of a watched window, from its upper (`Older`) or its lower end (`Newer`) on;
    /// answered by changes only.
    Fill(WindowId, ItemId, Toward),
    /// Ends a watch.
    Unwatch(WindowId),
    /// Watches the log (and, with `console`, every frame of the streams), or stops.
    WatchDiagnostics {
        /// Log lines.
        log: bool,
        /// Frames, secrets removed.
        console: bool,
    },
    /// Somebody has logged out of an engine that could not read the device and is gone, and what that may still have of them is to
    /// go: their keys, or all (`true`). Done when it is; until then the answer is `Problem::LeftBehind`.
    LeaveBehind(Address, bool),
    /// A wish that concerns one account.
    Account(AccountId, AccountCommand),
}

impl Command {
    /// What is to be asked of an engine that comes in the place of one that died: what asked twice does no more than
    /// asked once.
    #[must_use]
    pub fn repeated(&self) -> Option<Self> {
        match self {
            Self::Account(account, AccountCommand::SendMessage { to, body, id, .. }) => {
                let message = AccountCommand::SendMessage {
                    to: to.clone(),
                    body: body.clone(),
                    id: *id,
                    again: true,
                };
                Some(Self::Account(*account, message))
            }
            Self::Set(_) => Some(self.clone()),
            _ => None,
        }
    }
}

/// A log-in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogIn {
    /// As typed: `romeo@example.org`. Empty local part with `anonymous`.
    pub address: String,
    /// As typed.
    pub password: Secret,
    /// The WebSocket address, typed or configured; discovered if absent.
    pub websocket: Option<String>,
    /// "Stay logged in".
    pub stay: bool,
    /// SASL ANONYMOUS (RFC 4505).
    pub anonymous: bool,
    /// The user confirmed, after `Problem::Downgrade`, that a weaker way than before will do.
    pub weaker: bool,
}

/// Where to register.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Server {
    /// As typed: `example.org`.
    pub domain: String,
    /// The WebSocket address, typed or configured; discovered if absent.
    pub websocket: Option<String>,
}

/// A wish that concerns one account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AccountCommand {
    /// Connects anew at once, whatever the back-off says.
    Reconnect,
    /// Logs in again with a password, after `PasswordNeeded` or `WrongPassword`.
    ProvidePassword(Secret),
    /// Ends the session, removes the secrets, and the history if wished.
    LogOut {
        /// Remove what is stored, too.
        erase: bool,
    },
    /// The site's WebSocket address is another now: an account that came in by the one before goes there from now on;
    /// any other stays.
    ReplaceWebSocket {
        /// The address before.
        from: String,
        /// The address now.
        to: String,
    },
    /// Own availability and status text.
    SetPresence(OwnPresence),
    /// Asks the server for the roster once more, after it could not be had.
    LoadRoster,
    /// Adds a contact and asks to see their presence. The address as typed. Answered by `Reply::Address`. Who is a
    /// contact already keeps their name, if none is given, and their groups.
    AddContact {
        /// As typed.
        address: String,
        /// The name to give, if any.
        name: Option<String>,
        /// The groups to put it in.
        groups: Vec<String>,
        /// Words to go with the request.
        text: Option<String>,
    },
    /// Changes name or groups; what is `None` stays as it is.
    UpdateContact {
        /// Whom.
        address: Address,
        /// The name; empty takes it away.
        name: Option<String>,
        /// The groups, all of them.
        groups: Option<Vec<String>>,
    },
    /// Removes from the roster, and ends both subscriptions (RFC 6121 §2.5).
    RemoveContact(Address),
    /// Lets somebody see our presence, and asks to see theirs if `also_ask`.
    AcceptSubscription {
        /// Who asked.
        address: Address,
        /// Asks in return.
        also_ask: bool,
    },
    /// Declines, or takes back what was accepted.
    DeclineSubscription(Address),
    /// Asks (again) to see somebody's presence.
    RequestSubscription(Address),
    /// Every resource of a contact; answered by `Reply::Resources`.
    Resources(Address),
    /// Opens a conversation with an address as typed; answered by `Reply::Address`.
    OpenConversation(String),
    /// Takes a conversation out of the list; its history stays.
    CloseConversation(Address),
    /// Sends a message. Answered by `Reply::Done` once it is stored.
    SendMessage {
        /// To whom.
        to: Address,
        /// Plain text.
        body: String,
        /// What it is to be called, at random: however often the same is asked, it is sent once.
        id: ItemId,
        /// Another engine may have been asked before. What is new is not looked for in the store: that takes longer
        /// than all the rest.
        again: bool,
    },
    /// Sends a failed message again.
    RetryMessage(Address, ItemId),
    /// Removes a failed message from this device.
    DeleteMessage(Address, ItemId),
    /// Keeps the text not sent yet.
    SaveDraft {
        /// With whom.
        conversation: Address,
        /// Empty removes it.
        text: String,
    },
    /// Looks for the first message of a conversation at or after a time, also in the archive; answered by `Reply::Found`.
    FindDate {
        /// With whom.
        conversation: Address,
        /// From when on.
        from: Timestamp,
    },
    /// Everything up to a message was seen. It stood there then: pages of the archive may have moved it since.
    MarkRead(Address, ItemId, Position),
}

impl AccountCommand {
    /// Everything up to that message was seen.
    #[must_use]
    pub fn mark_read(message: &Message) -> Self {
        Self::MarkRead(message.conversation.clone(), message.id, message.position)
    }
}

/// Which part of which timeline a page watches.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TimelineRequest {
    /// Whose.
    pub account: AccountId,
    /// The other's address.
    pub conversation: Address,
    /// Around what.
    pub anchor: Anchor,
    /// How many items at first, and with each extension. The window never holds more than eight times
    /// that: extending at one end lets go at the other.
    pub count: u32,
}

/// Around what a window lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Anchor {
    /// The newest items.
    Newest,
    /// The first unread item, or the newest if there is none.
    Unread,
    /// Around a place.
    At(Position),
}

/// A direction in a timeline.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Toward {
    /// Into the past.
    Older,
    /// Into the present.
    Newer,
}
