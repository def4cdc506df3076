//! Which two messages are one: live, stored, archived, sent twice.
//!
//! **Invariant:** an archive id that both carry decides alone. Without it the sender's own name for the message
//! decides (origin-id; stanza id and text together, since clients repeat stanza ids), within one conversation and
//! one direction. What was sent again in doubt is one message even where the archive has it twice: what our own devices wrote
//! under one origin-id, with one text; and what the other wrote under one origin-id and one stanza id, with one text. Only
//! who wrote a message can make it one with another of his own, and only one that says the same: nothing can be hidden so.
//! What came with no name at all (from behind a gateway, past a server that gives none) and what the archive has with none
//! but its own are one if text and time are.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::entity::message::{Delivery, Direction, Message, MessageIds};
use crate::store::Name;

/// How many messages of a session are remembered.
const REMEMBERED: usize = 8_192;

/// Whether two records of one conversation are the same message.
#[must_use]
pub fn same(one: &Message, other: &Message) -> bool {
    if one.id == other.id {
        return true;
    }
    if one.direction != other.direction || one.conversation != other.conversation {
        return false;
    }
    let both = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
    let again = both(&one.ids.origin, &other.ids.origin) && one.body == other.body;
    if again && (is_ours(one) || both(&one.ids.stanza, &other.ids.stanza)) {
        return true;
    }
    if let (Some(one), Some(other)) = (&one.ids.archive, &other.ids.archive) {
        return one == other;
    }
    both(&one.ids.origin, &other.ids.origin)
        || both(&one.ids.stanza, &other.ids.stanza) && one.body == other.body
}

/// Between when a message was heard and when it was archived lies no more than that, in milliseconds.
pub const APART: i64 = 60_000;

/// Whether nobody but an archive gave it a name.
#[must_use]
pub fn is_unnamed(message: &Message) -> bool {
    message.ids.origin.is_none() && message.ids.stanza.is_none()
}

/// Whether what the archive has is what came with no name at all.
#[must_use]
pub fn same_unnamed(stored: &Message, archived: &Message) -> bool {
    stored.ids == MessageIds::default()
        && is_unnamed(archived)
        && archived.ids.archive.is_some()
        && stored.direction == archived.direction
        && stored.conversation == archived.conversation
        && stored.body == archived.body
        && stored.time.0.abs_diff(archived.time.0) <= APART.unsigned_abs()
}

/// Whether the archive has it once more, at another place: it was sent again.
#[must_use]
pub fn is_repeated(known: &Message, copy: &Message) -> bool {
    let (known, copy) = (&known.ids.archive, &copy.ids.archive);
    known.is_some() && copy.is_some() && known != copy
}

/// Nobody else has written it (`xmpp::trust`).
fn is_ours(message: &Message) -> bool {
    message.direction == Direction::Outgoing
}

/// Learns from a copy what a stored message does not know: names, and that the server has it. True if that was
/// anything.
pub fn learn(stored: &mut Message, copy: &Message) -> bool {
    let before = (stored.ids.clone(), stored.delivery.clone());
    for (mine, theirs) in [
        (&mut stored.ids.archive, &copy.ids.archive),
        (&mut stored.ids.origin, &copy.ids.origin),
        (&mut stored.ids.stanza, &copy.ids.stanza),
    ] {
        if mine.is_none() {
            mine.clone_from(theirs);
        }
    }
    if stored.delivery == Delivery::Sending && copy.ids.archive.is_some() {
        stored.delivery = Delivery::Sent;
    }
    before != (stored.ids.clone(), stored.delivery.clone())
}

/// All names by which a copy of a message may be stored.
pub fn names(message: &Message) -> impl Iterator<Item = Name> {
    let ids = message.ids.clone();
    [
        ids.archive.map(Name::Archive),
        ids.origin.map(Name::Origin),
        ids.stanza.map(Name::Stanza),
    ]
    .into_iter()
    .flatten()
}

/// The names of the messages of this session: what comes twice in it is noticed without asking the store.
#[derive(Debug, Default)]
pub struct Seen {
    /// Hash of a name → hash of the archive id, or zero.
    young: HashMap<u64, u64>,
    old: HashMap<u64, u64>,
}

impl Seen {
    /// Notes a message. False if it, or a copy of it, was noted before.
    pub fn note(&mut self, message: &Message) -> bool {
        let (keys, archive) = keys(message);
        let [again, ..] = keys;
        if again.is_some_and(|key| self.of(key).is_some()) {
            return false;
        }
        let known = keys.iter().flatten().any(|key| {
            self.of(*key)
                .is_some_and(|other| archive == 0 || other == 0 || other == archive)
        });
        if known {
            return false;
        }
        for key in keys.into_iter().flatten() {
            self.young.insert(key, archive);
        }
        if self.young.len() > REMEMBERED.saturating_mul(2) {
            self.old = std::mem::take(&mut self.young);
        }
        true
    }

    /// A message is not stored any more: if it comes again, it is new.
    pub fn forget(&mut self, message: &Message) {
        for key in keys(message).0.into_iter().flatten() {
            self.young.remove(&key);
            self.old.remove(&key);
        }
    }

    fn of(&self, key: u64) -> Option<u64> {
        self.young.get(&key).or_else(|| self.old.get(&key)).copied()
    }
}

/// Under what a message is noted, and its archive id. Names and text together (the first) decide; else they leave the last
/// word to the archive id.
fn keys(message: &Message) -> ([Option<u64>; 4], u64) {
    let is_ours = is_ours(message);
    let scope = (&message.conversation, !is_ours);
    let ids = &message.ids;
    let archive = ids.archive.as_ref().map_or(0, |id| hash(&(scope, 1, id)));
    let named = ids.origin.as_ref().zip(match is_ours {
        true => Some(""),
        false => ids.stanza.as_deref(),
    });
    let keys = [
        named.map(|names| hash(&(scope, 4, names, &message.body))),
        ids.archive.as_ref().map(|_| archive),
        ids.origin.as_ref().map(|id| hash(&(scope, 2, id))),
        ids.stanza
            .as_ref()
            .map(|id| hash(&(scope, 3, id, &message.body))),
    ];
    (keys, archive)
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::address::Address;
    use crate::entity::id::ItemId;
    use crate::entity::message::Position;
    use crate::entity::time::Timestamp;

    fn message(id: u64, body: &str, ids: [&str; 3]) -> Message {
        let name = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Message {
            id: ItemId(id),
            position: Position::default(),
            conversation: Address::parse("juliet@example.org").unwrap(),
            direction: Direction::Incoming,
            time: Timestamp(0),
            body: body.into(),
            ids: MessageIds {
                archive: name(ids[0]),
                origin: name(ids[1]),
                stanza: name(ids[2]),
            },
            delivery: Delivery::Sent,
        }
    }

    fn check(one: &Message, other: &Message, expected: bool) {
        assert_eq!(same(one, other), expected, "{one:?} {other:?}");
        assert_eq!(same(other, one), expected);
        let mut seen = Seen::default();
        assert!(seen.note(one));
        assert_eq!(seen.note(other), !expected, "{one:?} {other:?}");
    }

    #[test]
    fn the_archive_id_decides_alone() {
        let one = message(1, "a", ["x", "o", "s"]);
        check(&one, &message(2, "b", ["x", "", ""]), true);
        // A repeated name under another archive id is another message: nobody can hide one behind an old name.
        check(&one, &message(2, "b", ["y", "o", "s"]), false);
        check(&one, &message(2, "a", ["y", "o", ""]), false);
        check(&one, &message(2, "a", ["y", "", "s"]), false);
    }

    #[test]
    fn what_they_sent_twice_is_one_message_if_all_that_they_chose_is_the_same() {
        let one = message(1, "a", ["x", "o", "s"]);
        let again = message(2, "a", ["y", "o", "s"]);
        check(&one, &again, true);
        assert!(is_repeated(&one, &again));
        assert!(!is_repeated(&one, &message(2, "a", ["x", "o", "s"])));
        assert!(!is_repeated(&one, &message(2, "a", ["", "o", "s"])));
        check(&one, &message(2, "a", ["y", "p", "s"]), false);
        check(&one, &message(2, "a", ["y", "o", "t"]), false);
        // Nobody makes another's message one with his own.
        let mallory = Message {
            conversation: Address::parse("mallory@example.org").unwrap(),
            ..again
        };
        check(&one, &mallory, false);
    }

    #[test]
    fn what_we_sent_twice_is_one_message() {
        let ours = |id, body, ids| Message {
            direction: Direction::Outgoing,
            ..message(id, body, ids)
        };
        let one = ours(1, "a", ["x", "o", "o"]);
        check(&one, &ours(2, "a", ["y", "o", "o"]), true);
        // Another client of ours may be careless with its names.
        check(&one, &ours(2, "b", ["y", "o", "o"]), false);
        check(&one, &ours(2, "a", ["y", "p", "o"]), false);
    }

    #[test]
    fn without_it_the_senders_names_decide() {
        let one = message(1, "a", ["x", "o", "s"]);
        check(&one, &message(2, "b", ["", "o", ""]), true);
        check(&one, &message(2, "a", ["", "", "s"]), true);
        check(&one, &message(2, "b", ["", "", "s"]), false);
        check(&one, &message(2, "a", ["", "", ""]), false);
    }

    #[test]
    fn without_any_name_text_and_time_decide() {
        let live = message(1, "a", ["", "", ""]);
        let archived = message(2, "a", ["x", "", ""]);
        assert!(same_unnamed(&live, &archived));
        for other in [
            message(2, "b", ["x", "", ""]),
            message(2, "a", ["x", "o", ""]),
            message(2, "a", ["x", "", "s"]),
            message(2, "a", ["", "", ""]),
            Message {
                time: Timestamp(APART + 1),
                ..archived.clone()
            },
            Message {
                direction: Direction::Outgoing,
                ..archived.clone()
            },
        ] {
            assert!(!same_unnamed(&live, &other), "{other:?}");
        }
        assert!(!same_unnamed(&archived, &archived), "it has its name");
    }

    #[test]
    fn the_other_direction_is_another_message() {
        let one = message(1, "a", ["", "o", "s"]);
        let other = Message {
            direction: Direction::Outgoing,
            ..message(2, "a", ["", "o", "s"])
        };
        check(&one, &other, false);
    }

    #[test]
    fn a_copy_teaches_names_and_arrival() {
        let mut own = Message {
            delivery: Delivery::Sending,
            ..message(1, "a", ["", "o", ""])
        };
        assert!(learn(&mut own, &message(2, "a", ["x", "o", "s"])));
        assert_eq!(own.delivery, Delivery::Sent);
        assert_eq!(own.ids, message(1, "a", ["x", "o", "s"]).ids);
        assert!(!learn(&mut own, &message(2, "a", ["x", "o", "s"])));
    }

    #[test]
    fn what_was_removed_is_new_when_it_comes_again() {
        let mut seen = Seen::default();
        let one = message(1, "a", ["x", "o", "s"]);
        assert!(seen.note(&one));
        assert!(!seen.note(&one));
        seen.forget(&one);
        assert!(seen.note(&one));
    }

    #[test]
    fn memory_is_bounded() {
        let mut seen = Seen::default();
        for number in 0..100_000 {
            assert!(seen.note(&message(number, "a", [&number.to_string(), "", ""])));
        }
        assert!(seen.young.len() + seen.old.len() <= 4 * REMEMBERED + 8);
        assert!(!seen.note(&message(0, "a", ["99999", "", ""])));
    }
}
