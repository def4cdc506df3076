//! What survives: one store per account, and a depot that holds the accounts themselves.
//!
//! **Invariant:** everything is read by typed queries and written by [`Store::commit`]: one batch is one
//! transaction, all or nothing. No backend is visible outside `platform`.

pub mod batch;
pub mod key;
pub mod memory;
pub mod schema;
pub mod suite;
#[cfg(test)]
mod variants;

use futures::future::LocalBoxFuture;

use crate::entity::address::Address;
use crate::entity::archive::{Cursor, Gaps};
use crate::entity::contact::Contact;
use crate::entity::conversation::Conversation;
use crate::entity::id::{AccountId, ItemId};
use crate::entity::message::{Message, Position};
use crate::entity::presence::OwnPresence;
use crate::entity::settings::Settings;

pub use batch::{Batch, Op};

/// Why the store failed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk, or our share of it, is full.
    #[error("storage is full")]
    Full,
    /// Storage is not available, or was taken away.
    #[error("storage is not available: {0}")]
    Unavailable(String),
    /// A newer build wrote it.
    #[error("storage was written by a newer version")]
    Newer,
    /// What is there was never read, and nothing is written over it.
    #[error("storage was not read yet")]
    Unread,
    /// Somebody has removed all that was stored: it is not to be made anew under their hands.
    #[error("storage was removed")]
    Removed,
}

/// The result of a store's operation.
pub type Stored<'a, T> = LocalBoxFuture<'a, Result<T, StoreError>>;

/// How many messages [`Store::find`] gives at most by one name.
pub const FIND_LIMIT: u32 = 32;

/// One account's store.
pub trait Store {
    /// Everything but the messages, read once when the account starts.
    fn load(&self) -> Stored<'_, Snapshot>;
    /// Messages of a conversation, at most `count`, always oldest first.
    fn page(&self, query: PageQuery) -> Stored<'_, Vec<Message>>;
    /// The messages of a conversation that carry any of these names: each once, oldest first. By each name at most
    /// [`FIND_LIMIT`], those of the lowest `ItemId`: a peer who gives one name to all messages slows nobody down.
    fn find(&self, conversation: Address, names: Vec<Name>) -> Stored<'_, Vec<Message>>;
    /// How many incoming messages of a conversation are newer than `after`, counted up to `limit`.
    fn count_unread(
        &self,
        conversation: Address,
        after: Option<Position>,
        limit: u32,
    ) -> Stored<'_, u32>;
    /// Writes a batch: all of it, or nothing.
    fn commit(&self, batch: Batch) -> Stored<'_, ()>;
    /// The messages that no [`Store::page`] could read since this was asked last: some of them twice, perhaps.
    fn take_damaged(&self) -> Vec<Damaged> {
        Vec::new()
    }
}

/// A message of which nothing is known any more but where it stood.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Damaged {
    /// In which conversation.
    pub conversation: Address,
    /// Its identity.
    pub id: ItemId,
    /// Its place.
    pub position: Position,
}

/// The accounts and settings of this device.
pub trait Depot {
    /// Reads them.
    fn load(&self) -> Stored<'_, Device>;
    /// Adds or replaces an account.
    fn put_account(&self, account: AccountRecord) -> Stored<'_, ()>;
    /// Removes an account's record and secrets; its store stays.
    fn remove_account(&self, id: AccountId) -> Stored<'_, ()>;
    /// Replaces the settings.
    fn put_settings(&self, settings: Settings) -> Stored<'_, ()>;
    /// Opens (or makes) an account's store.
    fn open(&self, id: AccountId) -> Stored<'_, std::rc::Rc<dyn Store>>;
    /// Destroys an account's store.
    fn erase(&self, id: AccountId) -> Stored<'_, ()>;
}

/// What the depot holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Device {
    /// The accounts, in the order in which they were added.
    pub accounts: Vec<AccountRecord>,
    /// The settings.
    pub settings: Settings,
    /// How many records could not be read, and were left out.
    pub skipped: u32,
}

/// An account as it is kept.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AccountRecord {
    /// Which.
    pub id: AccountId,
    /// Its bare JID.
    pub address: Address,
    /// The WebSocket address that was typed or configured.
    pub websocket: Option<String>,
    /// Kept keys (never the password); a backend that persists seals them. Absent unless the user stays logged in.
    pub credentials: Option<Vec<u8>>,
    /// The SASL mechanism of the last log-in: nothing weaker will do at the next one.
    pub mechanism: Option<String>,
    /// Whether it is still here.
    pub standing: Standing,
}

/// How an account stands on this device. (In place of the two first ones there was a `bool` once, which is written alike.)
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub enum Standing {
    /// Logged in; without credentials it waits for the password.
    #[default]
    Here,
    /// Logged out: the history was kept, and shows again at the next log-in with the same address.
    LoggedOut,
    /// Logged out, and not to be known here any more: what it stored goes, and this record last.
    Erased,
}

impl std::fmt::Debug for AccountRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountRecord")
            .field("id", &self.id)
            .field("standing", &self.standing)
            .finish_non_exhaustive()
    }
}

/// Everything but the messages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Snapshot {
    /// The roster; absent if it was never loaded.
    pub roster: Option<Roster>,
    /// All conversations.
    pub conversations: Vec<Conversation>,
    /// Own messages whose delivery is `Sending`, oldest first.
    pub outbox: Vec<Message>,
    /// Known capabilities: (ver, features).
    pub caps: Vec<(String, Vec<String>)>,
    /// What the user chose for themselves.
    pub presence: OwnPresence,
    /// How far the archive is known without a gap; absent if it was never asked.
    pub cursor: Option<Cursor>,
    /// Messages were removed, and what conversations say of their history may not be so ([`Op::Trust`]).
    pub doubted: bool,
    /// Where messages may be missing.
    pub gaps: Gaps,
    /// How many records could not be read, and were left out.
    pub skipped: u32,
}

/// The roster as it is kept.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Roster {
    /// RFC 6121 §2.6; absent where the server has no versions.
    pub version: Option<String>,
    /// All contacts, in no order.
    pub contacts: Vec<Contact>,
}

/// Which messages to read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageQuery {
    /// Of which conversation.
    pub conversation: Address,
    /// From where.
    pub from: From,
    /// How many at most.
    pub count: u32,
}

/// Where a page of messages lies. Bounds are exclusive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum From {
    /// The newest ones.
    Newest,
    /// Those just before.
    Before(Position),
    /// Those just after.
    After(Position),
}

/// A name by which a message can be found.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Name {
    /// Our own identity of it.
    Item(ItemId),
    /// `MessageIds::archive`.
    Archive(String),
    /// `MessageIds::origin`.
    Origin(String),
    /// `MessageIds::stanza`.
    Stanza(String),
}

impl Message {
    /// All names by which this message can be found.
    pub fn names(&self) -> impl Iterator<Item = Name> {
        let ids = self.ids.clone();
        [
            Some(Name::Item(self.id)),
            ids.archive.map(Name::Archive),
            ids.origin.map(Name::Origin),
            ids.stanza.map(Name::Stanza),
        ]
        .into_iter()
        .flatten()
    }
}
