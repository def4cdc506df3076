//! What comes of a disk and a memory that have to become one.

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

#[test]
fn who_writes_while_the_disk_failed_has_read_nothing_of_it() {
    let own = Message {
        direction: Direction::Outgoing,
        ..message(7, 9)
    };
    let held = [message(1, 3), message(2, 4)].map(Op::PutMessage);
    let held = held
        .into_iter()
        .chain([Op::PutConversation(conversation(2, 4))]);
    let told = [Op::PutMessage(own), Op::PutConversation(conversation(9, 9))];
    let (_, after) = reunited(batch(held), batch(told));
    let after = &after.conversations[0];
    assert_eq!((after.read, after.unread), (Some(at(2)), 2));
}

#[test]
fn a_mark_just_before_a_message_goes_with_it() {
    let at_disk = Message {
        position: Position { tie: 0, ..at(5) },
        ..message(1, 5)
    };
    let told = Conversation {
        read: Some(crate::model::before(at(5))),
        unread: 1,
        ..conversation(0, 5)
    };
    let held = batch([
        Op::PutMessage(at_disk),
        Op::PutConversation(conversation(2, 5)),
    ]);
    let told = [Op::PutMessage(message(8, 5)), Op::PutConversation(told)];
    let (_, after) = reunited(held, batch(told));
    let after = &after.conversations[0];
    assert_eq!((after.read, after.unread), (Some(at(2)), 1));
}

#[test]
fn a_mark_of_a_clock_that_was_ahead_hides_nothing_of_what_came_since() {
    let time = at(90).time;
    let ahead = Position {
        time,
        tie: heard_at(time),
    };
    let held = [
        Op::PutMessage(Message {
            position: ahead,
            ..message(1, 5)
        }),
        Op::PutConversation(Conversation {
            read: Some(ahead),
            ..conversation(0, 5)
        }),
        Op::PutCursor(Cursor {
            id: None,
            time: at(5).time,
        }),
    ];
    let told = [
        Op::PutMessage(message(8, 7)),
        Op::PutConversation(Conversation {
            read: None,
            unread: 1,
            ..conversation(0, 7)
        }),
    ];
    let (_, after) = reunited(batch(held), batch(told));
    assert_eq!(
        after.conversations[0].unread, 2,
        "with the other, to be sure"
    );
}

#[test]
fn what_is_written_first_has_a_count_that_is_made_anew() {
    let disk = MemoryStore::default();
    let held = batch([
        Op::PutMessage(message(1, 5)),
        Op::PutConversation(Conversation {
            unread: 1,
            ..conversation(2, 5)
        }),
    ]);
    let told = Conversation {
        unread: 0,
        ..conversation(5, 5)
    };
    let guess = Guess {
        read: at(5),
        really: None,
    };
    let told = batch([Op::PutMessage(message(8, 5)), Op::PutConversation(told)]);
    block_on(async {
        disk.commit(held).await.unwrap();
        let held = disk.load().await.unwrap();
        let guesses = HashMap::from([(juliet(), guess)]);
        let written = reunite(told, &guesses, &disk, &held).await.unwrap();
        disk.commit(written).await.unwrap();
        let after = disk.load().await.unwrap();
        assert!(after.conversations[0].unread > 0);
    });
}
