//! A conversation: what is kept about the talk with one contact (or, later, in one room).

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::message::{Direction, Position};
use super::time::Timestamp;

/// What is kept about a conversation beside its messages.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Conversation {
    /// The other's bare JID.
    pub peer: Address,
    /// The text not sent yet.
    pub draft: String,
    /// The newest message that the user has seen.
    pub read: Option<Position>,
    /// How many incoming messages are newer than `read`.
    pub unread: u32,
    /// The newest message, in short.
    pub latest: Option<Preview>,
    /// What is known of the archive before the oldest stored message.
    pub history: History,
    /// Shown in the list of conversations; a closed one comes back with its next message.
    pub open: bool,
    /// How far our account says that it was read (XEP-0490).
    pub displayed: Displayed,
}

impl Conversation {
    /// A conversation of which nothing is known yet.
    #[must_use]
    pub fn new(peer: Address) -> Self {
        Self {
            peer,
            draft: String::new(),
            read: None,
            unread: 0,
            latest: None,
            history: History::Unknown,
            open: true,
            displayed: Displayed::default(),
        }
    }
}

/// How far our account says that a conversation was read, for all of its devices (XEP-0490).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Displayed {
    /// The newest message that is known to be flagged, by whichever device.
    pub flagged: Option<Flagged>,
    /// The user has read on here since, and our account was not told.
    pub owed: bool,
}

/// A message up to which all was displayed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Flagged {
    /// Its name in the archive.
    pub id: String,
    /// Its place.
    pub position: Position,
}

/// The newest message, in short.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Preview {
    /// Where the message stands.
    pub position: Position,
    /// When it was sent.
    pub time: Timestamp,
    /// Who wrote it.
    pub direction: Direction,
    /// The beginning of its text, one line, at most 120 characters.
    pub text: String,
}

/// What is known of the archive (XEP-0313) before the oldest stored message of a conversation. It is stored by its place in
/// this list: a new one comes last.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum History {
    /// Never asked.
    #[default]
    Unknown,
    /// There may be more before this archive id.
    Before(String),
    /// The archive holds nothing older.
    Complete,
    /// The server keeps no archive.
    Unsupported,
}
