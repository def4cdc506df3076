//! The schema: how what is kept becomes bytes, and how what older builds wrote is read.
//!
//! **Invariant:** every record begins with the version of its encoding. A record that cannot be read is skipped
//! and counted, and never stands in the way of the others. When an entity changes, [`RECORD`] goes up by one and
//! the entity gets an [`Record::upgrade`] from each version before; when the layout of a database changes,
//! [`SCHEMA`] goes up by one and the backend gets one more step. The tests below pin what was written before.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::AccountRecord;
use crate::entity::address::Address;
use crate::entity::archive::{Cursor, Gap, Gaps, OwnGap, Reach};
use crate::entity::contact::Contact;
use crate::entity::conversation::{Conversation, Displayed, History, Preview};
use crate::entity::id::ItemId;
use crate::entity::message::{Message, Position};
use crate::entity::presence::OwnPresence;
use crate::entity::settings::Settings;

/// The version of the layout: which tables there are, and how they are keyed.
pub const SCHEMA: u32 = 1;

/// The version of the records' encoding: what [`write()`] writes.
pub const RECORD: u8 = 3;

/// Why a record cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unreadable {
    /// A newer build wrote it.
    #[error("the record was written by a newer version")]
    Newer,
    /// It is no record, or half of one.
    #[error("the record is damaged")]
    Damaged,
}

/// What can be kept.
pub trait Record: Serialize + DeserializeOwned {
    /// Reads what an older build wrote: the version, and the bytes behind it. What was never different is read as it is.
    #[must_use]
    fn upgrade(version: u8, body: &[u8]) -> Option<Self> {
        (version > 0).then(|| whole(body)).flatten()
    }
}

impl Record for Message {}
impl Record for Conversation {
    fn upgrade(version: u8, body: &[u8]) -> Option<Self> {
        match version {
            1 => whole::<ConversationV1>(body).map(Self::from),
            _ => whole(body),
        }
    }
}
impl Record for Settings {}
impl Record for OwnPresence {}
impl Record for Cursor {}
impl Record for Gaps {
    fn upgrade(_: u8, body: &[u8]) -> Option<Self> {
        whole::<GapsV2>(body).map(Self::from)
    }
}
impl Record for Capabilities {}
impl Record for ContactChunk {}
impl Record for RosterHead {}
impl Record for AccountRow {}

/// A conversation before it was known how far our account says that it was read.
#[derive(serde::Deserialize)]
struct ConversationV1 {
    peer: Address,
    draft: String,
    read: Option<Position>,
    unread: u32,
    latest: Option<Preview>,
    history: History,
    open: bool,
}

impl From<ConversationV1> for Conversation {
    fn from(old: ConversationV1) -> Self {
        Self {
            peer: old.peer,
            draft: old.draft,
            read: old.read,
            unread: old.unread,
            latest: old.latest,
            history: old.history,
            open: old.open,
            displayed: Displayed::default(),
        }
    }
}

/// Gaps before it was known what may have been archived late, and what came live ahead of catch-up.
#[derive(serde::Deserialize)]
struct GapsV2 {
    all: ReachV2,
    own: Vec<OwnGapV2>,
    apart: Vec<(ItemId, Address)>,
}

#[derive(serde::Deserialize)]
struct ReachV2 {
    top: Option<Cursor>,
    gaps: Vec<Gap>,
}

#[derive(serde::Deserialize)]
struct OwnGapV2 {
    peer: Address,
    within: Option<ItemId>,
    gap: Gap,
    at: Position,
    floor: Option<Position>,
}

impl From<GapsV2> for Gaps {
    fn from(old: GapsV2) -> Self {
        let own = old.own.into_iter().map(|old| OwnGap {
            peer: old.peer,
            within: old.within,
            gap: old.gap,
            at: old.at,
            floor: old.floor,
            is_ahead: false,
        });
        Self {
            all: Reach {
                top: old.all.top,
                gaps: old.all.gaps,
                doubt: None,
            },
            own: own.collect(),
            apart: old.apart,
            told: 0,
        }
    }
}

/// Capabilities: a XEP-0115 verification string, and the features it stands for.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Capabilities {
    /// `hash` + `ver`.
    pub ver: String,
    /// The features.
    pub features: Vec<String>,
}

/// A part of the roster. A roster of thousands loads ten times as fast from chunks as from single records.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct ContactChunk {
    /// The contacts whose address falls into this chunk.
    pub contacts: Vec<Contact>,
}

/// What is kept of the roster beside its contacts.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct RosterHead {
    /// RFC 6121 §2.6.
    pub version: Option<String>,
    /// Into how many chunks the contacts are spread.
    pub chunks: u32,
}

/// An account as a backend keeps it.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct AccountRow {
    /// Orders the accounts as they were added.
    pub place: u32,
    /// The account, its credentials sealed.
    pub account: AccountRecord,
}

/// Encodes a record: its version, then `postcard`.
#[must_use]
pub fn write<T: Record>(record: &T) -> Vec<u8> {
    // Serialising our own plain types into memory has no way to fail.
    postcard::to_extend(record, vec![RECORD]).unwrap_or_default()
}

/// Decodes a record of this or of any older version.
///
/// # Errors
/// [`Unreadable`]; the caller skips the record and counts it.
pub fn read<T: Record>(bytes: &[u8]) -> Result<T, Unreadable> {
    match bytes.split_first() {
        Some((&RECORD, body)) => whole(body).ok_or(Unreadable::Damaged),
        Some((&version, _)) if version > RECORD => Err(Unreadable::Newer),
        Some((&version, body)) => T::upgrade(version, body).ok_or(Unreadable::Damaged),
        None => Err(Unreadable::Damaged),
    }
}

/// What these bytes are, and nothing besides.
fn whole<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    match postcard::take_from_bytes(body) {
        Ok((record, [])) => Some(record),
        _ => None,
    }
}

/// How many chunks a roster of so many contacts is spread over: about a hundred contacts to each.
#[must_use]
pub fn chunks_for(contacts: usize) -> u32 {
    u32::try_from(contacts.div_ceil(100))
        .unwrap_or(u32::MAX)
        .clamp(1, 256)
}

/// The chunk that a contact's address falls into (FNV-1a: the same in every build).
#[must_use]
pub fn chunk_of(address: &str, chunks: u32) -> u32 {
    let hash = address.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    hash.checked_rem(chunks).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::contact::Subscription;
    use crate::entity::conversation::Flagged;
    use crate::entity::id::AccountId;
    use crate::entity::message::{Delivery, Direction, MessageIds};
    use crate::entity::presence::Availability;
    use crate::entity::settings::Theme;
    use crate::entity::time::Timestamp;
    use crate::store::Standing;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn message() -> Message {
        Message {
            id: ItemId(7),
            position: Position {
                time: Timestamp(1_700_000_000_000),
                tie: 3,
            },
            conversation: address("juliet@example.org"),
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

    fn gap() -> Gap {
        Gap {
            id: ItemId(5),
            after: Cursor {
                id: None,
                time: Timestamp(1),
            },
            before: Cursor {
                id: Some("b".into()),
                time: Timestamp(7),
            },
            ties: (2, 3),
            is_lost: true,
        }
    }

    fn gaps(doubt: Option<Timestamp>, is_ahead: bool, told: u64) -> Gaps {
        Gaps {
            all: Reach {
                top: Some(Cursor {
                    id: Some("t".into()),
                    time: Timestamp(9),
                }),
                gaps: vec![gap()],
                doubt,
            },
            own: vec![OwnGap {
                peer: address("juliet@example.org"),
                within: Some(ItemId(5)),
                gap: gap(),
                at: message().position,
                floor: None,
                is_ahead,
            }],
            apart: vec![(ItemId(5), address("juliet@example.org"))],
            told,
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Pins the bytes of a record: what a build wrote, every later build must read.
    fn pinned<T: Record + PartialEq + std::fmt::Debug>(record: &T, bytes: &str) {
        assert_eq!(
            hex(&write(record)),
            bytes,
            "the encoding of {record:?} changed: raise RECORD, and upgrade from the version before"
        );
        assert_eq!(read::<T>(&write(record)).as_ref(), Ok(record));
    }

    fn conversation() -> Conversation {
        Conversation {
            peer: address("juliet@example.org"),
            draft: "d".into(),
            read: Some(message().position),
            unread: 2,
            latest: Some(Preview {
                position: message().position,
                time: Timestamp(5),
                direction: Direction::Incoming,
                text: "t".into(),
            }),
            history: History::Before("x".into()),
            open: true,
            displayed: Displayed::default(),
        }
    }

    #[test]
    fn the_encoding_is_pinned() {
        pinned(
            &message(),
            "030780a0abfef96203126a756c696574406578616d706c652e6f72670182a0abfef9620a5768657265666f72653f0101730001016102",
        );
        pinned(
            &Conversation {
                displayed: Displayed {
                    flagged: Some(Flagged {
                        id: "f".into(),
                        position: message().position,
                    }),
                    owed: true,
                },
                ..conversation()
            },
            "03126a756c696574406578616d706c652e6f726701640180a0abfef96203020180a0abfef962030a0001740101780101016680a0abfef9620301",
        );
        pinned(
            &ContactChunk {
                contacts: vec![Contact {
                    address: address("juliet@example.org"),
                    name: Some("J".into()),
                    groups: vec!["g".into()],
                    subscription: Subscription::Both,
                    asked: false,
                }],
            },
            "0301126a756c696574406578616d706c652e6f726701014a0101670300",
        );
        pinned(
            &RosterHead {
                version: Some("v".into()),
                chunks: 2,
            },
            "0301017602",
        );
        pinned(
            &Capabilities {
                ver: "v".into(),
                features: vec!["f".into()],
            },
            "030176010166",
        );
        pinned(
            &OwnPresence {
                availability: Availability::Away,
                status: Some("s".into()),
            },
            "0303010173",
        );
        pinned(
            &Cursor {
                id: Some("a".into()),
                time: Timestamp(1_700_000_000_000),
            },
            "0301016180a0abfef962",
        );
        pinned(
            &gaps(Some(Timestamp(8)), true, 3),
            "030101017412010500020101620e020301011001126a756c696574406578616d706c652e6f726701050500020101620e02030180a0abfef9620300010105126a756c696574406578616d706c652e6f726703",
        );
        pinned(
            &Settings {
                theme: Theme::Dark,
                language: Some("en".into()),
                notifications: true,
                notification_preview: false,
            },
            "03020102656e0100",
        );
        for (standing, last) in [
            (Standing::Here, "00"),
            (Standing::LoggedOut, "01"),
            (Standing::Erased, "02"),
        ] {
            let account = AccountRecord {
                id: AccountId(9),
                address: address("romeo@example.org"),
                websocket: None,
                credentials: Some(vec![1, 2]),
                mechanism: None,
                standing,
            };
            let bytes = "03010911726f6d656f406578616d706c652e6f7267000102010200";
            pinned(&AccountRow { place: 1, account }, &[bytes, last].concat());
        }
    }

    #[test]
    fn what_every_released_version_wrote_is_read() {
        use crate::store::suite::released::{self, RELEASED, bytes};
        let known: Vec<_> = RELEASED.iter().map(|released| released.version).collect();
        assert!(
            (1..RECORD).all(|version| known.contains(&version)),
            "what the version before wrote is to be kept in `store::suite::released`"
        );
        for old in RELEASED {
            assert_eq!(read(&bytes(old.message)), Ok(released::message()));
            assert_eq!(read(&bytes(old.conversation)), Ok(released::conversation()));
            assert_eq!(read(&bytes(old.chunk)), Ok(released::chunk()));
            assert_eq!(read(&bytes(old.head)), Ok(released::head()));
            assert_eq!(read(&bytes(old.caps)), Ok(released::caps()));
            assert_eq!(read(&bytes(old.presence)), Ok(released::presence()));
            assert_eq!(read(&bytes(old.cursor)), Ok(released::cursor()));
            assert_eq!(read(&bytes(old.settings)), Ok(released::settings()));
            assert_eq!(read(&bytes(old.account)), Ok(released::account()));
            for record in [old.message, old.conversation, old.account] {
                assert_eq!(bytes(record)[0], old.version);
            }
        }
    }

    #[test]
    fn gaps_of_the_version_before_are_read() {
        let old = "020101017412010500020101620e02030101126a756c696574406578616d706c652e6f726701050500020101620e02030180a0abfef96203000105126a756c696574406578616d706c652e6f7267";
        let read = read(&crate::store::suite::released::bytes(old));
        assert_eq!(read, Ok(gaps(None, false, 0)));
    }

    #[test]
    fn garbage_and_newer_records_are_told_apart_and_never_panic() {
        let good = write(&message());
        assert_eq!(read::<Message>(&[]), Err(Unreadable::Damaged));
        // There was no version 0.
        assert_eq!(read::<Message>(&[0, 1, 2]), Err(Unreadable::Damaged));
        assert_eq!(read::<Message>(&[RECORD + 1]), Err(Unreadable::Newer));
        assert_eq!(
            read::<Message>(&good[..good.len() - 1]),
            Err(Unreadable::Damaged)
        );
        let mut long = good.clone();
        long.push(0);
        assert_eq!(read::<Message>(&long), Err(Unreadable::Damaged));
        for at in 0..good.len() {
            for byte in [0, 0x7f, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[at] = byte;
                let _ = read::<Message>(&bytes);
            }
        }
    }

    #[test]
    fn contacts_spread_evenly_over_the_chunks() {
        let chunks = chunks_for(5_000);
        let mut sizes = vec![0_u32; chunks as usize];
        for n in 0..5_000 {
            sizes[chunk_of(&format!("contact{n}@example.org"), chunks) as usize] += 1;
        }
        assert!(
            sizes.iter().all(|size| (40..200).contains(size)),
            "{sizes:?}"
        );
        assert_eq!(chunks_for(0), 1);
        assert_eq!(chunk_of("romeo@example.org", 0), 0);
    }
}
