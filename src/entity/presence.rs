//! Presence (RFC 6121 §4): several resources reduced to one availability.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// Whether somebody can be reached. The order is that of reachability, and it is stored by its place: a new one needs another
/// `RECORD`.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub enum Availability {
    /// We may not know, or do not know yet.
    #[default]
    Unknown,
    /// Known to be gone.
    Offline,
    /// `xa`: away for an extended period.
    ExtendedAway,
    /// `away`.
    Away,
    /// `dnd`: does not want to be disturbed.
    DoNotDisturb,
    /// Available.
    Online,
    /// `chat`: actively wants to talk.
    FreeToChat,
}

/// What is known of somebody's presence.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Presence {
    /// Of the most reachable resource.
    pub availability: Availability,
    /// The status text of that resource.
    pub status: Option<String>,
    /// When that person last did something (XEP-0319), or went offline (XEP-0203).
    pub last_seen: Option<Timestamp>,
}

/// What the user chose for themselves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnPresence {
    /// `Offline` shows us offline though connected.
    pub availability: Availability,
    /// The status text, if any.
    pub status: Option<String>,
}

impl Default for OwnPresence {
    fn default() -> Self {
        Self {
            availability: Availability::Online,
            status: None,
        }
    }
}

/// One resource of a contact, for the details pane.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Resource {
    /// The resource part; hostile text.
    pub name: String,
    /// −128 to 127.
    pub priority: i8,
    /// Its presence.
    pub presence: Presence,
    /// The software it says it is (XEP-0115 node or XEP-0092), a claim.
    pub client: Option<String>,
}
