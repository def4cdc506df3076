//! Keys whose bytes sort as what they stand for, for backends that are tables of bytes.
//!
//! **Invariant:** a conversation's keys begin with its length-prefixed address, so that no address can reach into
//! another's keys; and places are inverted, so that the newest come first when a table is read forwards.

use sha2::{Digest, Sha256};

use super::Name;
use crate::entity::address::Address;
use crate::entity::id::ItemId;
use crate::entity::message::Position;
use crate::entity::time::Timestamp;

/// The longest name that is kept as it is; a longer one by its hash.
const LONGEST_NAME: usize = 64;

/// The key of a message: its conversation and its identity.
#[must_use]
pub fn item(conversation: &Address, id: ItemId) -> Vec<u8> {
    let mut key = prefix(conversation);
    key.extend(id.0.to_be_bytes());
    key
}

/// The place of a message in its conversation: newest first.
#[must_use]
pub fn place(conversation: &Address, position: Position, id: ItemId) -> Vec<u8> {
    let mut key = at(conversation, position);
    key.extend((!id.0).to_be_bytes());
    key
}

/// Which message has that [`place`], and where.
#[must_use]
pub fn placed(place: &[u8]) -> Option<(Position, ItemId)> {
    let (_, place) = place.split_at_checked(place.len().checked_sub(24)?)?;
    let mut numbers = place.chunks_exact(8).map(|number| {
        let number = number.try_into().map(u64::from_be_bytes);
        number.map(|number| !number).ok()
    });
    let time = numbers.next()?? ^ (1 << 63);
    let tie = numbers.next()??;
    let position = Position {
        time: Timestamp(time.cast_signed()),
        tie,
    };
    Some((position, ItemId(numbers.next()??)))
}

/// The place of a message among those of all conversations: oldest first.
#[must_use]
pub fn moment(position: Position, id: ItemId) -> Vec<u8> {
    let mut key = Vec::with_capacity(24);
    key.extend(time(position).to_be_bytes());
    key.extend(position.tie.to_be_bytes());
    key.extend(id.0.to_be_bytes());
    key
}

/// A name of a message.
#[must_use]
pub fn name(conversation: &Address, name: &Name) -> Vec<u8> {
    let mut key = prefix(conversation);
    let (kind, text) = match name {
        Name::Item(id) => {
            key.push(0);
            key.extend(id.0.to_be_bytes());
            return key;
        }
        Name::Archive(text) => (1, text),
        Name::Origin(text) => (2, text),
        Name::Stanza(text) => (3, text),
    };
    if text.len() > LONGEST_NAME {
        key.push(kind | 0x80);
        key.extend(Sha256::digest(text.as_bytes()));
    } else {
        key.push(kind);
        key.extend(text.as_bytes());
    }
    key
}

/// Bounds of places, both exclusive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Places {
    /// Below all of them.
    pub lower: Vec<u8>,
    /// Above all of them.
    pub upper: Vec<u8>,
}

impl Places {
    /// All places of a conversation.
    #[must_use]
    pub fn all(conversation: &Address) -> Self {
        let lower = prefix(conversation);
        let mut upper = lower.clone();
        upper.extend([0xff; 26]);
        Self { lower, upper }
    }

    /// Those before a position.
    #[must_use]
    pub fn before(conversation: &Address, position: Position) -> Self {
        let mut lower = at(conversation, position);
        lower.extend([0xff; 9]);
        Self {
            lower,
            ..Self::all(conversation)
        }
    }

    /// Those after a position.
    #[must_use]
    pub fn after(conversation: &Address, position: Position) -> Self {
        Self {
            upper: at(conversation, position),
            ..Self::all(conversation)
        }
    }
}

fn prefix(conversation: &Address) -> Vec<u8> {
    let text = conversation.as_str().as_bytes();
    // RFC 7622: an address has at most 2,047 bytes.
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let mut key = Vec::with_capacity(text.len() + 26);
    key.extend(length.to_be_bytes());
    key.extend(text);
    key
}

fn at(conversation: &Address, position: Position) -> Vec<u8> {
    let mut key = prefix(conversation);
    key.extend((!time(position)).to_be_bytes());
    key.extend((!position.tie).to_be_bytes());
    key
}

/// The time as a number without a sign, in the same order.
fn time(position: Position) -> u64 {
    position.time.0.cast_unsigned() ^ (1 << 63)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn position() -> impl Strategy<Value = Position> {
        let time = prop_oneof![any::<i64>(), -2..2_i64];
        let tie = prop_oneof![any::<u64>(), 0..3_u64];
        (time, tie).prop_map(|(time, tie)| Position {
            time: Timestamp(time),
            tie,
        })
    }

    proptest! {
        #[test]
        fn places_sort_from_the_newest(a in position(), b in position(), m in any::<u64>(), n in any::<u64>()) {
            let juliet = address("juliet@example.org");
            let (m, n) = (ItemId(m), ItemId(n));
            prop_assert_eq!(place(&juliet, a, m).cmp(&place(&juliet, b, n)), (b, n).cmp(&(a, m)));
            prop_assert_eq!(moment(a, m).cmp(&moment(b, n)), (a, m).cmp(&(b, n)));
        }

        #[test]
        fn a_place_says_which_message_it_is_of(a in position(), m in any::<u64>()) {
            let key = place(&address("juliet@example.org"), a, ItemId(m));
            prop_assert_eq!(placed(&key), Some((a, ItemId(m))));
            prop_assert_eq!(placed(&key[key.len() - 23..]), None);
        }

        #[test]
        fn bounds_hold_exactly_what_lies_within(a in position(), b in position(), id in any::<u64>()) {
            let juliet = address("juliet@example.org");
            let key = place(&juliet, a, ItemId(id));
            let holds = |places: Places| places.lower < key && key < places.upper;
            prop_assert!(holds(Places::all(&juliet)));
            prop_assert_eq!(holds(Places::before(&juliet, b)), a < b);
            prop_assert_eq!(holds(Places::after(&juliet, b)), a > b);
            let other = address("juliet@example.or");
            prop_assert!(!holds(Places::all(&other)));
        }
    }

    #[test]
    fn names_of_other_kinds_and_conversations_differ() {
        let long = "x".repeat(LONGEST_NAME + 1);
        let peers = ["a@b", "a@bc", "b"].map(address);
        let mut keys = std::collections::BTreeSet::new();
        for peer in &peers {
            for text in ["", "a", "c", "ab", &long] {
                for kind in [Name::Archive, Name::Origin, Name::Stanza] {
                    assert!(keys.insert(name(peer, &kind(text.into()))));
                }
            }
            assert!(keys.insert(name(peer, &Name::Item(ItemId(0)))));
        }
        assert!(keys.iter().all(|key| key.len() < 100));
    }
}
