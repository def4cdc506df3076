//! The fold, from facts to changes.

use super::timeline::{Ends, Window};
use super::*;
use crate::boundary::change::{Edge, ItemKind};
use crate::boundary::command::Toward;
use crate::entity::contact::Subscription;
use crate::entity::conversation::Flagged;
use crate::entity::id::{ItemId, WindowId};
use crate::entity::message::{Delivery, Direction, Message, MessageIds, Position};
use crate::entity::presence::{Availability, Presence};
use crate::entity::time::Timestamp;
use crate::event::{PresenceEvent, RosterEvent};

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn juliet() -> Address {
    address("juliet@example.org")
}

fn contact(text: &str) -> Contact {
    Contact {
        address: address(text),
        name: None,
        groups: vec!["Verona".into(), "Family".into()],
        subscription: Subscription::Both,
        asked: false,
    }
}

fn message(number: u64, direction: Direction) -> Message {
    let time = Timestamp(i64::try_from(number).unwrap() * 1_000);
    Message {
        id: ItemId(number),
        position: Position { time, tie: number },
        conversation: juliet(),
        direction,
        time,
        body: format!("message {number}"),
        ids: MessageIds::default(),
        delivery: Delivery::Sent,
    }
}

fn incoming(number: u64) -> Event {
    Event::Message(MessageEvent::Received(message(number, Direction::Incoming)))
}

fn model() -> Model {
    let mut model = Model::new(
        AccountId(1),
        address("romeo@example.org"),
        Stored::default(),
    );
    model.drain();
    model
}

fn window(count: u32, older: Edge, newer: Edge) -> Window {
    Window::new(juliet(), count, Vec::new(), Ends { older, newer }, None)
}

const WATCH: Watch = Watch {
    page: 1,
    window: WindowId(1),
};

fn bodies(change: &TimelineChange) -> Vec<&str> {
    change
        .put
        .iter()
        .map(|item| match &item.kind {
            ItemKind::Message(message) => message.body.as_str(),
            ItemKind::Gap(_) => "gap",
        })
        .collect()
}

#[test]
fn two_thousand_messages_at_once_give_a_handful_of_changes() {
    let mut model = model();
    model
        .timelines
        .open(WATCH, window(50, Edge::End, Edge::End));
    model.drain();
    for number in 1..=2_000 {
        model.apply(&incoming(number));
    }
    let drained = model.drain();
    assert_eq!(drained.shared.len(), 1, "{:?}", drained.shared);
    assert_eq!(drained.windows.len(), 1);
    let change = &drained.windows[0].1;
    assert_eq!(change.put.len(), 400);
    assert_eq!(change.older, Edge::More);
    assert_eq!(change.newer, Edge::End);
    assert_eq!(bodies(change).last(), Some(&"message 2000"));
    assert_eq!(model.drain(), Drained::default());
}

#[test]
fn a_flood_of_presences_is_one_change() {
    let mut model = model();
    let contacts: Vec<_> = (0..300)
        .map(|n| contact(&format!("c{n}@example.org")))
        .collect();
    model.apply(&Event::Roster(RosterEvent::Loaded {
        contacts: contacts.clone(),
        version: None,
    }));
    model.drain();
    for availability in [Availability::Away, Availability::Online] {
        for contact in &contacts {
            let presence = Presence {
                availability,
                ..Presence::default()
            };
            model.apply(&Event::Presence(PresenceEvent::Changed(
                contact.address.clone(),
                presence,
            )));
        }
    }
    let drained = model.drain();
    let [Change::Presences { put, .. }] = &drained.shared[..] else {
        panic!("{:?}", drained.shared);
    };
    assert_eq!(put.len(), 300);
    assert!(
        put.iter()
            .all(|(_, presence)| presence.availability == Availability::Online)
    );
}

#[test]
fn when_the_session_ends_nobodys_presence_is_known() {
    let mut model = model();
    let presence = Presence {
        availability: Availability::Online,
        ..Presence::default()
    };
    model.apply(&Event::Presence(PresenceEvent::Changed(juliet(), presence)));
    model.drain();
    model.apply(&Event::Presence(PresenceEvent::Forgotten));
    let drained = model.drain();
    let [Change::Presences { put, .. }] = &drained.shared[..] else {
        panic!("{:?}", drained.shared);
    };
    assert_eq!(put, &[(juliet(), Presence::default())]);
}

#[test]
fn a_large_roster_comes_in_pieces_after_the_conversations() {
    let stored = Stored {
        roster: Some(
            (0..5_000)
                .map(|n| contact(&format!("c{n}@example.org")))
                .collect(),
        ),
        conversations: vec![Conversation::new(juliet())],
        presence: OwnPresence::default(),
        gaps: crate::entity::archive::Gaps::default(),
    };
    let model = Model::new(AccountId(1), address("romeo@example.org"), stored);
    let snapshot = model.snapshot();
    assert!(matches!(&snapshot[0], Change::Account(row) if row.roster_known));
    assert!(matches!(&snapshot[1], Change::Conversations { put, .. } if put.len() == 1));
    assert_eq!(snapshot.len(), 2 + 13);
    for change in &snapshot[2..] {
        let Change::Contacts { put, gone, .. } = change else {
            panic!("{change:?}");
        };
        assert!(put.len() <= 400 && gone.is_empty());
        assert_eq!(put[0].groups, ["Family", "Verona"]);
    }
}

#[test]
fn a_removed_contact_loses_its_name_in_the_conversations() {
    let mut model = model();
    let named = Contact {
        name: Some("Juliet\u{202E}".into()),
        ..contact("juliet@example.org")
    };
    model.apply(&Event::Roster(RosterEvent::Updated {
        contact: named,
        version: None,
    }));
    model.apply(&incoming(1));
    let drained = model.drain();
    assert!(
        matches!(&drained.shared[0], Change::Conversations { put, .. }
        if put[0].name == "Juliet" && put[0].is_contact && put[0].unread == 1)
    );
    model.apply(&Event::Roster(RosterEvent::Removed {
        address: juliet(),
        version: None,
    }));
    let drained = model.drain();
    assert!(
        matches!(&drained.shared[0], Change::Conversations { put, .. }
        if put[0].name == "juliet@example.org" && !put[0].is_contact)
    );
    assert!(
        matches!(&drained.shared[1], Change::Contacts { gone, put, .. }
        if gone == &[juliet()] && put.is_empty())
    );
}

#[test]
fn unread_messages_are_counted_until_they_are_seen() {
    let mut model = model();
    for number in 1..=3 {
        model.apply(&incoming(number));
    }
    let unread = |model: &Model| model.conversations.of(&juliet()).unwrap().unread;
    assert_eq!(unread(&model), 3);
    let second = message(2, Direction::Incoming).position;
    assert!(
        model.conversations.mark_read(&juliet(), second),
        "must be counted"
    );
    model.conversations.set_unread(&juliet(), 1);
    let first = message(1, Direction::Incoming).position;
    assert!(!model.conversations.mark_read(&juliet(), first), "was seen");
    assert_eq!(unread(&model), 1);
    let third = message(3, Direction::Incoming).position;
    assert!(!model.conversations.mark_read(&juliet(), third));
    assert_eq!(unread(&model), 0);
    assert_eq!(model.conversations.of(&juliet()).unwrap().read, Some(third));
}

#[test]
fn who_answers_has_read() {
    let mut model = model();
    model.apply(&incoming(1));
    let answer = message(2, Direction::Outgoing);
    model.apply(&Event::Message(MessageEvent::Composed(answer)));
    assert_eq!(model.conversations.of(&juliet()).unwrap().unread, 0);
}

#[test]
fn history_is_not_unread_but_what_was_missed_is() {
    let mut model = model();
    let page = |numbers: std::ops::RangeInclusive<u64>| {
        Event::Archive(ArchiveEvent::Page {
            conversation: juliet(),
            messages: numbers
                .map(|number| message(number, Direction::Incoming))
                .collect(),
            history: crate::entity::conversation::History::Complete,
        })
    };
    model.apply(&page(1..=5));
    assert_eq!(model.conversations.of(&juliet()).unwrap().unread, 0);
    // Its first history makes it a conversation; more of it does not bring back one that was closed.
    assert!(model.conversations.of(&juliet()).unwrap().open);
    model.conversations.close(&juliet());
    model.apply(&page(6..=7));
    assert_eq!(model.conversations.of(&juliet()).unwrap().unread, 2);
    assert!(!model.conversations.of(&juliet()).unwrap().open);
}

#[test]
fn a_closed_conversation_comes_back_with_its_next_message() {
    let mut model = model();
    model.apply(&incoming(1));
    model.conversations.close(&juliet());
    let drained = model.drain();
    assert!(
        matches!(&drained.shared[..], [Change::Conversations { gone, put, .. }]
        if gone == &[juliet()] && put.is_empty())
    );
    model.apply(&incoming(2));
    assert!(
        matches!(&model.drain().shared[..], [Change::Conversations { put, .. }] if put.len() == 1)
    );
}

#[test]
fn a_message_shows_only_in_a_window_that_reaches_it() {
    let mut model = model();
    let past = Window::new(
        juliet(),
        10,
        vec![
            message(10, Direction::Incoming),
            message(20, Direction::Incoming),
        ],
        Ends {
            older: Edge::More,
            newer: Edge::More,
        },
        None,
    );
    model.timelines.open(WATCH, past);
    model.drain();
    for number in [5, 15, 25] {
        model.apply(&incoming(number));
    }
    let drained = model.drain();
    assert_eq!(bodies(&drained.windows[0].1), ["message 15"]);
    let window = model.timelines.window(WATCH).unwrap();
    window.extend(
        Toward::Newer,
        vec![message(25, Direction::Incoming)],
        Edge::End,
    );
    model.apply(&incoming(26));
    let drained = model.drain();
    assert_eq!(bodies(&drained.windows[0].1), ["message 25", "message 26"]);
}

#[test]
fn extending_at_one_end_lets_go_at_the_other() {
    let mut model = model();
    let newest = (901..=950)
        .map(|n| message(n, Direction::Incoming))
        .collect();
    let ends = Ends {
        older: Edge::More,
        newer: Edge::End,
    };
    model
        .timelines
        .open(WATCH, Window::new(juliet(), 50, newest, ends, None));
    model.drain();
    for page in (0..9_u64).rev() {
        let messages = (1..=50)
            .map(|n| message(450 + page * 50 + n, Direction::Incoming))
            .collect();
        let window = model.timelines.window(WATCH).unwrap();
        window.extend(Toward::Older, messages, Edge::More);
        let drained = model.drain();
        let change = &drained.windows[0].1;
        assert_eq!(change.put.len(), 50);
        let expected = if page < 2 { 50 } else { 0 };
        assert_eq!(change.gone.len(), expected, "page {page}");
        assert_eq!(change.newer, if page < 2 { Edge::More } else { Edge::End });
    }
}

#[test]
fn a_window_that_is_read_anew_tells_only_what_is_different() {
    let mut model = model();
    let ends = |older| Ends {
        older,
        newer: Edge::End,
    };
    let held = [3, 4].map(|n| message(n, Direction::Incoming)).to_vec();
    let window = Window::new(juliet(), 2, held, ends(Edge::End), None);
    model.timelines.open(WATCH, window);
    model.drain();
    let read = [1, 2, 4].map(|n| message(n, Direction::Incoming)).to_vec();
    let window = model.timelines.window(WATCH).unwrap();
    window.replace(
        read,
        ends(Edge::More),
        Some(message(2, Direction::Incoming).position),
    );
    assert_eq!(window.held(), 3);
    let drained = model.drain();
    let change = &drained.windows[0].1;
    assert!(!change.clear, "whoever reads stays where they are");
    assert_eq!(change.gone, [message(3, Direction::Incoming).id]);
    assert_eq!(bodies(change), ["message 1", "message 2"]);
    assert_eq!((&change.older, &change.newer), (&Edge::More, &Edge::End));
    assert!(change.unread_from.is_some());
    // It stays within its bound, as ever.
    let read = (1..=50).map(|n| message(n, Direction::Incoming)).collect();
    let window = model.timelines.window(WATCH).unwrap();
    window.replace(read, ends(Edge::End), None);
    assert_eq!(window.held(), 16);
    assert_eq!(window.ends(), &ends(Edge::More));
}

#[test]
fn an_item_keeps_its_identity_from_echo_to_read() {
    let mut model = model();
    model
        .timelines
        .open(WATCH, window(10, Edge::End, Edge::End));
    let own = Message {
        delivery: Delivery::Sending,
        ..message(1, Direction::Outgoing)
    };
    model.apply(&Event::Message(MessageEvent::Composed(own.clone())));
    model.drain();
    for delivery in [Delivery::Sent, Delivery::Read] {
        model.apply(&Event::Message(MessageEvent::Delivery {
            conversation: juliet(),
            id: own.id,
            delivery: delivery.clone(),
        }));
        let drained = model.drain();
        let [item] = &drained.windows[0].1.put[..] else {
            panic!("{drained:?}");
        };
        assert_eq!((item.id, item.position), (own.id, own.position));
        assert!(matches!(&item.kind, ItemKind::Message(m) if m.delivery == delivery));
    }
    model.apply(&Event::Message(MessageEvent::Deleted {
        conversation: juliet(),
        id: own.id,
    }));
    assert_eq!(model.drain().windows[0].1.gone, [own.id]);
}

#[test]
fn what_is_read_here_is_owed_until_the_account_says_it() {
    let mut model = model();
    let at = |number| message(number, Direction::Incoming).position;
    let flagged = |number: u64| Flagged {
        id: format!("a{number}"),
        position: at(number),
    };
    for number in 1..=4 {
        model.apply(&incoming(number));
    }
    let owed = |model: &Model| !model.conversations.owed().is_empty();
    let read = |model: &Model| model.conversations.of(&juliet()).unwrap().read;
    assert!(!owed(&model));
    // Elsewhere.
    assert!(model.conversations.flag(&juliet(), flagged(2)));
    assert_eq!((owed(&model), read(&model)), (false, Some(at(2))));
    // What the account says already is not owed; what is behind it moves nothing.
    assert!(!model.conversations.mark_read(&juliet(), at(2)));
    assert!(!model.conversations.flag(&juliet(), flagged(1)));
    assert_eq!((owed(&model), read(&model)), (false, Some(at(2))));
    // Here.
    let _ = model.conversations.mark_read(&juliet(), at(3));
    assert!(owed(&model));
    model.conversations.settle(&juliet(), at(2));
    assert!(owed(&model), "that was not all");
    // What another device says meanwhile settles it only as far as it goes.
    let _ = model.conversations.flag(&juliet(), flagged(2));
    assert!(owed(&model));
    let _ = model.conversations.flag(&juliet(), flagged(4));
    assert_eq!((owed(&model), read(&model)), (false, Some(at(4))));
    // Of whom nothing is known, nothing is known.
    let mallory = address("mallory@example.org");
    assert!(!model.conversations.flag(&mallory, flagged(9)));
    assert_eq!(model.conversations.of(&mallory), None);
}

#[test]
fn the_latest_message_may_move_and_another_may_become_it() {
    let mut model = model();
    for number in 1..=3 {
        model.apply(&incoming(number));
    }
    let moved = |number: u64, to: i64| {
        let from = message(number, Direction::Incoming).position;
        let message = Message {
            position: Position {
                time: Timestamp(to),
                tie: 5,
            },
            ..message(number, Direction::Incoming)
        };
        Event::Message(MessageEvent::Moved { message, from })
    };
    let latest = |model: &Model| {
        let known = model.conversations.of(&juliet()).unwrap().clone();
        known.latest.unwrap().position.time.0
    };
    model.apply(&moved(3, 5_000));
    assert_eq!(latest(&model), 5_000);
    model.apply(&moved(1, 6_000));
    assert_eq!(latest(&model), 6_000);
}

#[test]
fn in_a_window_a_message_moves_and_stays_the_same_item() {
    let mut model = model();
    let end = Edge::End;
    let ends = Ends {
        older: end.clone(),
        newer: end,
    };
    let watch = timeline::Watch {
        page: 1,
        window: WindowId(1),
    };
    let window = Window::new(juliet(), 5, Vec::new(), ends, None);
    model.timelines.open(watch, window);
    (1..=3).for_each(|number| model.apply(&incoming(number)));
    model.drain();
    let old = message(1, Direction::Incoming);
    let message = Message {
        position: Position {
            tie: 9,
            ..message(2, Direction::Incoming).position
        },
        ..old.clone()
    };
    let from = old.position;
    model.apply(&Event::Message(MessageEvent::Moved { message, from }));
    let drained = model.drain();
    let change = &drained.windows[0].1;
    assert_eq!((change.gone.len(), change.put.len()), (0, 1));
    let window = model.timelines.window(watch).unwrap();
    let order: Vec<_> = window.messages().map(|message| message.id.0).collect();
    assert_eq!(order, [2, 1, 3]);
}

#[test]
fn what_a_page_of_history_has_of_what_was_missed_is_not_read() {
    use crate::entity::archive::{Cursor, Gap, Reach};
    use crate::entity::conversation::History;
    let cursor = |second: i64| Cursor {
        id: None,
        time: Timestamp(second * 1_000),
    };
    let page = || {
        Event::Archive(ArchiveEvent::Page {
            conversation: juliet(),
            messages: (1..=5)
                .map(|number| message(number, Direction::Incoming))
                .collect(),
            history: History::Complete,
        })
    };
    let mut gone = model();
    gone.gaps.set_reach(&Reach {
        top: Some(cursor(9)),
        gaps: vec![Gap {
            id: ItemId(7),
            after: cursor(3),
            before: cursor(6),
            ties: (0, 9),
            is_lost: false,
        }],
        doubt: None,
    });
    gone.apply(&page());
    let known = gone.conversations.of(&juliet()).unwrap();
    // Of the time up to which all is known, the page may have more: that is not read.
    let second = message(2, Direction::Incoming).position;
    assert_eq!((known.read, known.unread), (Some(second), 3));
    // Who knows all up to the top has missed nothing.
    let mut here = model();
    here.apply(&page());
    assert_eq!(here.conversations.of(&juliet()).unwrap().unread, 0);
}

#[test]
fn a_window_whose_messages_all_move_keeps_them_and_is_read_anew() {
    let mut model = model();
    let ends = Ends {
        older: Edge::More,
        newer: Edge::End,
    };
    let watch = timeline::Watch {
        page: 1,
        window: WindowId(1),
    };
    let held = (1..=3).map(|number| message(number, Direction::Incoming));
    let window = Window::new(juliet(), 5, held.collect(), ends, None);
    model.timelines.open(watch, window);
    model.drain();
    for number in 1..=3 {
        let old = message(number, Direction::Incoming);
        let mut message = old.clone();
        message.position.time.0 -= 1;
        let from = old.position;
        model.apply(&Event::Message(MessageEvent::Moved { message, from }));
    }
    let drained = model.drain();
    let change = &drained.windows[0].1;
    assert_eq!((change.gone.len(), change.put.len()), (0, 3));
    let window = model.timelines.window(watch).unwrap();
    assert!(
        window.take_stale(),
        "what lies before the first may be another"
    );
    assert!(!window.take_stale());
}

#[test]
fn nobody_has_read_beyond_the_last_message() {
    let mut model = model();
    model.apply(&incoming(1));
    let last = message(1, Direction::Incoming).position;
    let ahead = Position {
        time: Timestamp(last.time.0 + 3_600_000),
        ..last
    };
    let is_recounted = model.conversations.mark_read(&juliet(), ahead);
    assert!(!is_recounted, "all of it is read");
    model.apply(&incoming(2));
    let known = model.conversations.of(&juliet()).unwrap();
    assert_eq!((known.read, known.unread), (Some(last), 1));
}
