//! What every version that was ever released wrote, byte by byte: what is read of it in any later one.
//!
//! **Invariant:** a row is never changed. When `RECORD` goes up, the version before gets its row here.

use crate::store::schema::{AccountRow, Capabilities, ContactChunk, RosterHead};

use crate::entity::archive::Cursor;
use crate::entity::contact::{Contact, Subscription};
use crate::entity::conversation::{Conversation, Displayed, History, Preview};
use crate::entity::id::{AccountId, ItemId};
use crate::entity::message::{Delivery, Direction, Message, MessageIds, Position};
use crate::entity::presence::{Availability, OwnPresence};
use crate::entity::settings::{Settings, Theme};
use crate::entity::time::Timestamp;
use crate::store::{AccountRecord, Standing};

use super::{address, juliet};

/// One record of each kind, as a version wrote it: hexadecimal.
#[derive(Clone, Copy, Debug)]
pub struct Released {
    /// The version.
    pub version: u8,
    /// [`message`].
    pub message: &'static str,
    /// [`conversation`].
    pub conversation: &'static str,
    /// [`chunk`].
    pub chunk: &'static str,
    /// [`head`].
    pub head: &'static str,
    /// [`caps`].
    pub caps: &'static str,
    /// [`presence`].
    pub presence: &'static str,
    /// [`cursor`].
    pub cursor: &'static str,
    /// [`settings`].
    pub settings: &'static str,
    /// [`account`].
    pub account: &'static str,
}

/// All versions before this one; the last may be this one.
pub const RELEASED: &[Released] = &[
    Released {
        version: 1,
        message: "010780a0abfef96203126a756c696574406578616d706c652e6f72670182a0abfef9620a5768657265666f72653f0101730001016102",
        conversation: "01126a756c696574406578616d706c652e6f726701640180a0abfef96203020180a0abfef962030a00017401017801",
        chunk: "0101126a756c696574406578616d706c652e6f726701014a0101670300",
        head: "0101017602",
        caps: "010176010166",
        presence: "0103010173",
        cursor: "0101016180a0abfef962",
        settings: "01020102656e0100",
        account: "01010911726f6d656f406578616d706c652e6f726700010201020000",
    },
    Released {
        version: 2,
        message: "020780a0abfef96203126a756c696574406578616d706c652e6f72670182a0abfef9620a5768657265666f72653f0101730001016102",
        conversation: "02126a756c696574406578616d706c652e6f726701640180a0abfef96203020180a0abfef962030a000174010178010000",
        chunk: "0201126a756c696574406578616d706c652e6f726701014a0101670300",
        head: "0201017602",
        caps: "020176010166",
        presence: "0203010173",
        cursor: "0201016180a0abfef962",
        settings: "02020102656e0100",
        account: "02010911726f6d656f406578616d706c652e6f726700010201020000",
    },
    Released {
        version: 3,
        message: "030780a0abfef96203126a756c696574406578616d706c652e6f72670182a0abfef9620a5768657265666f72653f0101730001016102",
        conversation: "03126a756c696574406578616d706c652e6f726701640180a0abfef96203020180a0abfef962030a000174010178010000",
        chunk: "0301126a756c696574406578616d706c652e6f726701014a0101670300",
        head: "0301017602",
        caps: "030176010166",
        presence: "0303010173",
        cursor: "0301016180a0abfef962",
        settings: "03020102656e0100",
        account: "03010911726f6d656f406578616d706c652e6f726700010201020000",
    },
];

/// The bytes of a record.
#[must_use]
pub fn bytes(hex: &str) -> Vec<u8> {
    let digits = (0..hex.len()).step_by(2);
    digits
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn place() -> Position {
    Position {
        time: Timestamp(1_700_000_000_000),
        tie: 3,
    }
}

/// What is read of a message.
#[must_use]
pub fn message() -> Message {
    Message {
        id: ItemId(7),
        position: place(),
        conversation: juliet(),
        direction: Direction::Outgoing,
        time: Timestamp(1_700_000_000_001),
        body: "Wherefore?".into(),
        ids: MessageIds {
            stanza: Some("s".into()),
            origin: None,
            archive: Some("a".into()),
        },
        delivery: Delivery::Delivered,
    }
}

/// What is read of a conversation.
#[must_use]
pub fn conversation() -> Conversation {
    Conversation {
        peer: juliet(),
        draft: "d".into(),
        read: Some(place()),
        unread: 2,
        latest: Some(Preview {
            position: place(),
            time: Timestamp(5),
            direction: Direction::Incoming,
            text: "t".into(),
        }),
        history: History::Before("x".into()),
        open: true,
        displayed: Displayed::default(),
    }
}

/// What is read of a part of the roster.
#[must_use]
pub fn chunk() -> ContactChunk {
    ContactChunk {
        contacts: vec![Contact {
            address: juliet(),
            name: Some("J".into()),
            groups: vec!["g".into()],
            subscription: Subscription::Both,
            asked: false,
        }],
    }
}

/// What is read beside it.
#[must_use]
pub fn head() -> RosterHead {
    RosterHead {
        version: Some("v".into()),
        chunks: 2,
    }
}

/// What is read of capabilities.
#[must_use]
pub fn caps() -> Capabilities {
    Capabilities {
        ver: "v".into(),
        features: vec!["f".into()],
    }
}

/// What is read of our own presence.
#[must_use]
pub fn presence() -> OwnPresence {
    OwnPresence {
        availability: Availability::Away,
        status: Some("s".into()),
    }
}

/// What is read of the cursor.
#[must_use]
pub fn cursor() -> Cursor {
    Cursor {
        id: Some("a".into()),
        time: Timestamp(1_700_000_000_000),
    }
}

/// What is read of the settings.
#[must_use]
pub fn settings() -> Settings {
    Settings {
        theme: Theme::Dark,
        language: Some("en".into()),
        notifications: true,
        notification_preview: false,
    }
}

/// What is read of an account; its credentials are no sealed ones.
#[must_use]
pub fn account() -> AccountRow {
    AccountRow {
        place: 1,
        account: AccountRecord {
            id: AccountId(9),
            address: address("romeo@example.org"),
            websocket: None,
            credentials: Some(vec![1, 2]),
            mechanism: None,
            standing: Standing::Here,
        },
    }
}
