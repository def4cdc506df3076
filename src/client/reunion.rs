//! What memory was told while the disk could not be opened, and what the disk holds, as one.
//!
//! **Invariant:** nothing that the disk holds and nothing that was shown is lost, and nothing is doubled: a message that the
//! disk has under one of its names keeps the disk's identity and place. The outcome is the same however often it is asked
//! for: a disk that fails in the middle is told all of it again.

use std::collections::{HashMap, HashSet};

use crate::entity::address::Address;
use crate::entity::archive::Gaps;
use crate::entity::conversation::{Conversation, Displayed, Flagged, History};
use crate::entity::id::ItemId;
use crate::entity::message::{Message, Position};
use crate::entity::presence::OwnPresence;
use crate::entity::time::Timestamp;
use crate::store::{Batch, Op, Snapshot, Store, StoreError};
use crate::xmpp::message::order::is_live;

use super::merge;

/// Where a conversation of which nothing was known counts as read, and how far it really was read since.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guess {
    /// The newest message of the first page: nobody can say what of it was missed.
    pub read: Position,
    /// As the user said.
    pub really: Option<Position>,
}

/// What is to be written to a disk that holds this much, so that it holds everything. The disk knows what of the guesses
/// is true.
///
/// # Errors
/// What the disk says; nothing was written.
pub async fn reunite(
    told: Batch,
    guesses: &HashMap<Address, Guess>,
    disk: &dyn Store,
    held: &Snapshot,
) -> Result<Batch, StoreError> {
    let mut known = known(&told, disk).await?;
    let has_roster = told.ops.iter().any(|op| matches!(op, Op::PutRoster(_)));
    let mut batch = Batch::default();
    let mut met: HashMap<Address, Met> = HashMap::new();
    let mut conversations = Vec::new();
    for op in told.ops {
        match op {
            Op::PutMessage(message) => {
                let met = met.entry(message.conversation.clone()).or_default();
                let told = (message.id, message.position, message.time);
                let (message, before) = unite(&mut known, message);
                met.note(told, (message.id, message.position), before, held);
                batch.push(Op::PutMessage(message));
            }
            Op::PutConversation(told) => conversations.push(told),
            // What was pushed is nothing without the roster that it changed: the server is asked for what is new since the
            // disk's.
            Op::PutContact(..) | Op::RemoveContact(..) if !has_roster => {}
            // Each session says it, whether or not it was chosen.
            Op::PutPresence(presence) if presence == OwnPresence::default() => {}
            // Memory began with nothing: what lies between the disk's cursor and its own, neither knows.
            Op::PutCursor(_) if held.cursor.is_some() => {}
            Op::PutGaps(told) => batch.push(Op::PutGaps(join_gaps(held, told))),
            Op::PutRoster(_)
            | Op::PutContact(..)
            | Op::RemoveContact(..)
            | Op::RemoveMessage(..)
            | Op::PutCaps(..)
            | Op::PutPresence(_)
            | Op::PutCursor(_)
            | Op::Trust(_) => batch.push(op),
        }
    }
    for mut told in conversations {
        let peer = told.peer.clone();
        let met = met.remove(&peer).unwrap_or_default();
        let mut before = held.conversations.iter();
        let before = before.find(|held| held.peer == peer).cloned();
        let guess = guesses.get(&peer).filter(|of| told.read == Some(of.read));
        if let Some(guess) = guess {
            told.read = guess.really;
        }
        let told = met.moved(told);
        let mut joined = match before {
            Some(before) => join(met.moved(before), told, &met),
            None => told,
        };
        if let (None, Some(guess)) = (joined.read, guess) {
            joined.read = match held.cursor {
                // What came before the disk's last session was not missed.
                Some(_) => met.seen(),
                None => Some(guess.read),
            };
        }
        batch.push(Op::PutConversation(joined));
    }
    Ok(batch)
}

/// What is to be written to a disk whose conversations we know, but which could not be asked for the messages that it has;
/// and with whom it has some of them under another identity.
///
/// # Errors
/// What the disk says; nothing was written.
pub async fn recognise(
    told: Batch,
    disk: &dyn Store,
) -> Result<(Batch, HashSet<Address>), StoreError> {
    let mut known = known(&told, disk).await?;
    let mut batch = Batch::default();
    let mut doubled = HashSet::new();
    for op in told.ops {
        batch.push(match op {
            Op::PutMessage(message) => {
                let id = message.id;
                let message = unite(&mut known, message).0;
                if message.id != id {
                    doubled.insert(message.conversation.clone());
                }
                Op::PutMessage(message)
            }
            op => op,
        });
    }
    Ok((batch, doubled))
}

/// A message that memory was told, as the disk is to have it; and where the disk had it, if it did.
fn unite(
    known: &mut HashMap<Address, Vec<Message>>,
    message: Message,
) -> (Message, Option<Position>) {
    let known = known.get_mut(&message.conversation);
    let known = known.and_then(|known| {
        let is_it = known.iter().position(|known| known.id == message.id);
        let at = is_it.or_else(|| known.iter().position(|known| merge::same(known, &message)));
        at.and_then(|at| known.get_mut(at))
    });
    match known {
        // Asked for once more by a page: what memory knows of it is newer.
        Some(known) if known.id == message.id => (message, Some(known.position)),
        Some(known) => {
            let before = known.position;
            merge::learn(known, &message);
            // A page of the archive has told of it meanwhile.
            if is_live(before) && !is_live(message.position) {
                known.position = message.position;
            }
            (known.clone(), Some(before))
        }
        None => (message, None),
    }
}

/// What memory's messages of one conversation tell of what the disk knew of it.
#[derive(Debug, Default)]
struct Met {
    /// Where memory begins.
    oldest: Option<Position>,
    /// Some of them were the disk's, too.
    overlaps: bool,
    /// The first of these that memory did not have from the disk.
    held: Option<Position>,
    /// Those that the disk did not have, and that were there before its cursor.
    old: Vec<Position>,
    /// Where messages were, on the disk and in memory, and where they are now.
    moved: Vec<(Position, Position)>,
}

impl Met {
    /// Of one message: what memory was told, what the disk is to have, and where it had it before.
    fn note(
        &mut self,
        (id, position, time): (ItemId, Position, Timestamp),
        (new, to): (ItemId, Position),
        before: Option<Position>,
        held: &Snapshot,
    ) {
        let least =
            |known: Option<Position>, at: Position| Some(known.map_or(at, |known| known.min(at)));
        self.oldest = least(self.oldest, to);
        self.overlaps |= before.is_some();
        if new != id {
            self.held = least(self.held, position);
        } else if held.cursor.as_ref().is_some_and(|known| time <= known.time) {
            self.old.push(position);
        }
        let places = before.into_iter().chain([position]);
        let moved = places.filter(|from| *from != to);
        self.moved.extend(moved.map(|from| (from, to)));
    }

    /// How far a conversation that was never read counts as read: up to the newest of what was there before the disk's last
    /// session, and before what the disk knew to be unread.
    fn seen(&self) -> Option<Position> {
        let is_before = |at: &&Position| self.held.is_none_or(|held| **at < held);
        self.old.iter().filter(is_before).max().copied()
    }

    /// The conversation, its marks where its messages are now.
    fn moved(&self, mut known: Conversation) -> Conversation {
        let latest = known.latest.as_mut().map(|latest| &mut latest.position);
        let flagged = known.displayed.flagged.as_mut();
        let flagged = flagged.map(|flagged| &mut flagged.position);
        for at in [known.read.as_mut(), latest, flagged].into_iter().flatten() {
            if let Some((_, to)) = self.moved.iter().find(|(from, _)| from == at) {
                *at = *to;
            }
        }
        known
    }
}

/// The conversations that were written, with their unread messages counted anew: neither could count them all.
///
/// # Errors
/// What the disk says.
pub async fn recount(written: &Batch, disk: &dyn Store, limit: u32) -> Result<Batch, StoreError> {
    let mut batch = Batch::default();
    for op in &written.ops {
        if let Op::PutConversation(joined) = op {
            let count = disk.count_unread(joined.peer.clone(), joined.read, limit);
            let unread = count.await?;
            batch.push(Op::PutConversation(Conversation {
                unread,
                ..joined.clone()
            }));
        }
    }
    Ok(batch)
}

/// What the disk has under any name of what memory was told.
async fn known(
    told: &Batch,
    disk: &dyn Store,
) -> Result<HashMap<Address, Vec<Message>>, StoreError> {
    let mut names: HashMap<Address, Vec<_>> = HashMap::new();
    for message in messages(told) {
        let names = names.entry(message.conversation.clone()).or_default();
        names.extend(message.names());
    }
    let mut known = HashMap::new();
    for (conversation, names) in names {
        let found = disk.find(conversation.clone(), names).await?;
        known.insert(conversation, found);
    }
    Ok(known)
}

fn messages(told: &Batch) -> impl Iterator<Item = &Message> {
    told.ops.iter().filter_map(|op| match op {
        Op::PutMessage(message) => Some(message),
        _ => None,
    })
}

/// One conversation, as both knew it.
fn join(held: Conversation, told: Conversation, met: &Met) -> Conversation {
    let has_read = met.oldest <= told.read;
    let at = |conversation: &Conversation| {
        let latest = conversation.latest.as_ref();
        latest.map(|latest| latest.position)
    };
    let is_newer = at(&told) >= at(&held);
    Conversation {
        open: told.open || held.open,
        draft: if told.draft.is_empty() {
            held.draft
        } else {
            told.draft
        },
        // Where memory begins, everything before counts as read there: but it did not know what was before.
        read: if has_read {
            told.read.max(held.read)
        } else {
            held.read.or(told.read)
        },
        latest: if is_newer { told.latest } else { held.latest },
        history: match told.history {
            History::Unknown => held.history,
            // Without a gap between them the archive goes on where the disk ends; else where memory ends, and what the disk
            // has is found there once more.
            History::Before(_) if met.overlaps => held.history,
            history => history,
        },
        displayed: Displayed {
            flagged: newer(told.displayed.flagged, held.displayed.flagged.as_ref()),
            owed: told.displayed.owed || held.displayed.owed,
        },
        ..told
    }
}

/// The gaps of both. Memory began with nothing: those of the whole archive that it knows lie between the disk's cursor and
/// its own, and are met again from the disk's on.
fn join_gaps(held: &Snapshot, told: Gaps) -> Gaps {
    let mut joined = held.gaps.clone();
    if held.cursor.is_none() {
        joined.all = told.all;
    }
    let own = told.own.into_iter().filter(|own| own.within.is_none());
    for own in own {
        if joined.own.iter().all(|known| known.gap.id != own.gap.id) {
            joined.own.push(own);
        }
    }
    joined
}

/// What was flagged last.
fn newer(told: Option<Flagged>, held: Option<&Flagged>) -> Option<Flagged> {
    let at = |flagged: Option<&Flagged>| flagged.map(|flagged| flagged.position);
    if at(told.as_ref()) >= at(held) {
        told
    } else {
        held.cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::archive::Cursor;
    use crate::entity::contact::{Contact, Subscription};
    use crate::entity::conversation::Preview;
    use crate::entity::id::ItemId;
    use crate::entity::message::{Delivery, Direction, MessageIds};
    use crate::entity::presence::Availability;
    use crate::entity::time::Timestamp;
    use crate::store::memory::MemoryStore;
    use crate::store::{From, PageQuery, Roster};
    use crate::xmpp::message::order::heard_at;
    use futures::executor::block_on;

    fn juliet() -> Address {
        Address::parse("juliet@example.org").unwrap()
    }

    fn at(second: u64) -> Position {
        let time = Timestamp(i64::try_from(second).unwrap() * 1000);
        Position { time, tie: 1 }
    }

    /// `number` tells when it was sent, and its name in the archive.
    fn message(id: u64, number: u64) -> Message {
        Message {
            id: ItemId(id),
            position: at(number),
            conversation: juliet(),
            direction: Direction::Incoming,
            time: at(number).time,
            body: number.to_string(),
            ids: MessageIds {
                archive: Some(number.to_string()),
                ..MessageIds::default()
            },
            delivery: Delivery::Sent,
        }
    }

    fn conversation(read: u64, latest: u64) -> Conversation {
        let of = message(0, latest);
        Conversation {
            read: Some(at(read)),
            latest: Some(Preview {
                position: of.position,
                time: of.time,
                direction: of.direction,
                text: of.body,
            }),
            ..Conversation::new(juliet())
        }
    }

    fn batch(ops: impl IntoIterator<Item = Op>) -> Batch {
        Batch {
            ops: ops.into_iter().collect(),
        }
    }

    /// The disk after it was told, and told again.
    fn reunited(held: Batch, told: Batch) -> (MemoryStore, Snapshot) {
        reunited_with(HashMap::new(), held, told)
    }

    fn reunited_with(
        guesses: HashMap<Address, Guess>,
        held: Batch,
        told: Batch,
    ) -> (MemoryStore, Snapshot) {
        let disk = MemoryStore::default();
        block_on(async {
            disk.commit(held).await.unwrap();
            let mut before = None;
            for _ in 0..2 {
                let held = disk.load().await.unwrap();
                let ops = reunite(told.clone(), &guesses, &disk, &held).await.unwrap();
                disk.commit(ops.clone()).await.unwrap();
                let counted = recount(&ops, &disk, 100).await.unwrap();
                disk.commit(counted).await.unwrap();
                let after = disk.load().await.unwrap();
                assert_eq!(*before.get_or_insert_with(|| after.clone()), after);
            }
            let after = disk.load().await.unwrap();
            (disk, after)
        })
    }

    fn joined(held: Conversation, told: Conversation, messages: &[Message]) -> Conversation {
        let messages = messages.iter().cloned().map(Op::PutMessage);
        let ops = messages.chain([Op::PutConversation(told)]);
        let (_, after) = reunited(batch([Op::PutConversation(held)]), batch(ops));
        after.conversations[0].clone()
    }

    #[test]
    fn a_message_that_both_have_keeps_the_identity_of_the_disk_and_learns() {
        let own = |id, delivery| Message {
            direction: Direction::Outgoing,
            delivery,
            ids: MessageIds {
                origin: Some("o".into()),
                ..MessageIds::default()
            },
            ..message(id, 1)
        };
        let copy = Message {
            ids: MessageIds {
                archive: Some("x".into()),
                origin: Some("o".into()),
                stanza: None,
            },
            ..own(7, Delivery::Sent)
        };
        let held = batch([
            Op::PutMessage(own(1, Delivery::Sending)),
            Op::PutMessage(message(2, 2)),
        ]);
        let told = [copy.clone(), message(8, 2), message(9, 3)];
        let (disk, after) = reunited(held, batch(told.map(Op::PutMessage)));
        assert_eq!(after.outbox, []);
        let query = PageQuery {
            conversation: juliet(),
            from: From::Newest,
            count: 10,
        };
        let learnt = Message {
            id: ItemId(1),
            ..copy
        };
        assert_eq!(
            block_on(disk.page(query)).unwrap(),
            [learnt, message(2, 2), message(9, 3)]
        );
    }

    #[test]
    fn where_memory_begins_is_not_where_somebody_has_read() {
        // Nothing before its first message is known to memory.
        let guess = Conversation {
            read: Some(crate::model::before(at(5))),
            unread: 1,
            ..conversation(0, 5)
        };
        let after = joined(conversation(2, 4), guess, &[message(5, 5)]);
        assert_eq!((after.read, after.unread), (Some(at(2)), 1));
        assert_eq!(after.latest.unwrap().position, at(5));
        // Somebody has seen that message, and so what came before it.
        let after = joined(conversation(2, 4), conversation(5, 5), &[message(5, 5)]);
        assert_eq!((after.read, after.unread), (Some(at(5)), 0));
        // The disk is ahead: another message of the same moment was read before.
        let after = joined(conversation(9, 9), conversation(5, 5), &[message(5, 5)]);
        assert_eq!(after.read, Some(at(9)));
        assert_eq!(after.latest.unwrap().position, at(9));
    }

    #[test]
    fn what_the_disk_knew_to_be_unread_is_not_read_because_memory_knew_nothing() {
        let never = |latest| Conversation {
            read: None,
            ..conversation(0, latest)
        };
        let cursor = Cursor {
            id: None,
            time: at(9).time,
        };
        let read_after = |held: &[Message], told: &[Message], latest| {
            let put = |messages: &[Message]| messages.iter().cloned().map(Op::PutMessage).collect();
            let (mut held, mut told): (Vec<Op>, Vec<Op>) = (put(held), put(told));
            held.extend([
                Op::PutConversation(never(latest)),
                Op::PutCursor(cursor.clone()),
            ]);
            told.push(Op::PutConversation(conversation(5, 5)));
            let (read, really) = (at(5), None);
            let guesses = HashMap::from([(juliet(), Guess { read, really })]);
            let (_, after) = reunited_with(guesses, batch(held), batch(told));
            let [after] = &after.conversations[..] else {
                panic!("{after:?}");
            };
            (after.read, after.unread)
        };
        let (four, five) = (message(1, 4), message(2, 5));
        let page = [message(7, 3), message(8, 4), message(9, 5)];
        // Both came live in the disk's last session; what was before them is history.
        assert_eq!(
            read_after(&[four, five.clone()], &page, 5),
            (Some(at(3)), 2)
        );
        assert_eq!(
            read_after(std::slice::from_ref(&five), &page[2..], 5),
            (None, 1)
        );
        // Nothing of what memory was told was known.
        assert_eq!(read_after(&[], &page, 5), (Some(at(5)), 0));
    }

    #[test]
    fn where_a_message_goes_the_mark_goes_that_was_read_with_it() {
        let time = at(90).time;
        let heard = Message {
            position: Position {
                time,
                tie: heard_at(time),
            },
            ..message(1, 5)
        };
        let mut held = conversation(0, 0);
        held.read = Some(heard.position);
        held.latest.as_mut().unwrap().position = heard.position;
        let held = batch([Op::PutMessage(heard), Op::PutConversation(held)]);
        let told = [
            Op::PutMessage(message(8, 5)),
            Op::PutMessage(message(9, 6)),
            Op::PutConversation(conversation(5, 6)),
        ];
        let (_, after) = reunited(held, batch(told));
        let after = &after.conversations[0];
        assert_eq!((after.read, after.unread), (Some(at(5)), 1));
        assert_eq!(after.latest.as_ref().unwrap().position, at(6));
    }

    #[test]
    fn what_was_read_while_the_disk_failed_is_read_where_the_disk_has_it() {
        let at_disk = Message {
            position: Position { tie: 9, ..at(5) },
            ..message(1, 5)
        };
        let mut held = conversation(2, 5);
        held.latest.as_mut().unwrap().position = at_disk.position;
        let held = batch([Op::PutMessage(at_disk.clone()), Op::PutConversation(held)]);
        let told = [
            Op::PutMessage(message(8, 5)),
            Op::PutConversation(conversation(5, 5)),
        ];
        let (_, after) = reunited(held, batch(told));
        let after = &after.conversations[0];
        assert_eq!((after.read, after.unread), (Some(at_disk.position), 0));
    }

    #[test]
    fn what_the_account_says_last_counts_and_what_it_is_owed_is_not_forgotten() {
        let displayed = |number: u64, owed| Conversation {
            displayed: Displayed {
                flagged: (number > 0).then(|| Flagged {
                    id: number.to_string(),
                    position: at(number),
                }),
                owed,
            },
            ..conversation(9, 9)
        };
        for (held, told, expected) in [
            ((2, false), (3, false), (3, false)),
            ((3, true), (2, false), (3, true)),
            ((0, false), (2, true), (2, true)),
            ((2, false), (0, false), (2, false)),
        ] {
            let after = joined(displayed(held.0, held.1), displayed(told.0, told.1), &[]);
            assert_eq!(after.displayed, displayed(expected.0, expected.1).displayed);
        }
    }

    #[test]
    fn the_archive_goes_on_where_the_disk_ends_unless_there_is_a_gap() {
        let with = |history: &History| Conversation {
            history: history.clone(),
            ..conversation(9, 9)
        };
        let (before, of_memory) = (History::Before("1".into()), History::Before("5".into()));
        let check = |held: &History, told: &History, common: bool, expected: &History| {
            let held = batch([
                Op::PutMessage(message(1, if common { 5 } else { 4 })),
                Op::PutConversation(with(held)),
            ]);
            let told = [
                Op::PutMessage(message(8, 5)),
                Op::PutConversation(with(told)),
            ];
            let (_, after) = reunited(held, batch(told));
            assert_eq!(after.conversations[0].history, *expected);
        };
        check(&before, &of_memory, true, &before);
        check(&before, &of_memory, false, &of_memory);
        check(&History::Complete, &of_memory, false, &of_memory);
        check(
            &History::Complete,
            &History::Unknown,
            false,
            &History::Complete,
        );
        check(&before, &History::Complete, false, &History::Complete);
    }

    #[test]
    fn a_push_without_its_roster_and_a_presence_that_nobody_chose_change_nothing() {
        let contact = Contact {
            address: juliet(),
            name: None,
            groups: Vec::new(),
            subscription: Subscription::Both,
            asked: false,
        };
        let roster = Roster {
            version: Some("1".into()),
            contacts: vec![contact.clone()],
        };
        let away = OwnPresence {
            availability: Availability::Away,
            status: None,
        };
        let held = batch([Op::PutRoster(roster.clone()), Op::PutPresence(away.clone())]);
        let pushed = Op::RemoveContact(juliet(), Some("9".into()));
        let said = Op::PutPresence(OwnPresence::default());
        let (_, after) = reunited(held.clone(), batch([pushed.clone(), said]));
        assert_eq!(after.roster, Some(roster.clone()));
        assert_eq!(after.presence, away);
        let (_, after) = reunited(held, batch([Op::PutRoster(roster), pushed]));
        assert_eq!(after.roster.map(|roster| roster.contacts), Some(Vec::new()));
    }

    #[test]
    fn a_cursor_never_jumps_over_what_the_disk_does_not_know() {
        let cursor = |id: &str| Cursor {
            id: Some(id.into()),
            time: Timestamp(1),
        };
        let put = |id: &str| Batch {
            ops: vec![Op::PutCursor(cursor(id))],
        };
        let (_, kept) = reunited(put("old"), put("new"));
        assert_eq!(kept.cursor, Some(cursor("old")));
        let (_, kept) = reunited(Batch::default(), put("new"));
        assert_eq!(kept.cursor, Some(cursor("new")));
    }
}
