//! The archive of the account (XEP-0313), as far as others need a word for it.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// How far we know the archive without a gap: everything up to here is stored.
///
/// The newest *contiguous* archive id, never that of the newest message seen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cursor {
    /// The archive id after which we go on; absent: from that time on ([`Cursor::BEGINNING`]: from the first one on, since
    /// the archive was empty).
    pub id: Option<String>,
    /// When that was archived: where to go on should the server have forgotten the id.
    pub time: Timestamp,
}

impl Cursor {
    /// Before everything: nothing was archived yet.
    pub const BEGINNING: Self = Self {
        id: None,
        time: Timestamp(0),
    };
}
