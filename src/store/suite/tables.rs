//! What a store does with all that it loads at the start: roster, conversations, capabilities, own presence.

use super::{Place, address, at, batch, juliet, message, open};
use crate::entity::archive::{Cursor, Gap, Gaps, OwnGap, Reach};
use crate::entity::contact::{Contact, Subscription};
use crate::entity::conversation::{Conversation, Displayed, Flagged, History, Preview};
use crate::entity::id::ItemId;
use crate::entity::message::Direction;
use crate::entity::presence::{Availability, OwnPresence};
use crate::entity::time::Timestamp;
use crate::store::{Op, Roster, Store};

fn contact(number: u32) -> Contact {
    Contact {
        address: address(&format!("contact{number:04}@example.org")),
        name: number
            .is_multiple_of(2)
            .then(|| format!("Contact {number}")),
        groups: vec![format!("Group {}", number % 20)],
        subscription: Subscription::Both,
        asked: false,
    }
}

fn roster(contacts: impl IntoIterator<Item = Contact>, version: &str) -> Roster {
    Roster {
        version: Some(version.into()),
        contacts: contacts.into_iter().collect(),
    }
}

async fn load(store: &dyn Store) -> Option<(Option<String>, Vec<Contact>)> {
    let mut roster = store.load().await.unwrap().roster?;
    roster.contacts.sort_by(|a, b| a.address.cmp(&b.address));
    Some((roster.version, roster.contacts))
}

#[allow(missing_docs)]
pub async fn the_roster_is_replaced_and_changed(place: &dyn Place) {
    let store = open(place).await;
    let version = |version: &str| Some(version.to_owned());
    let commit = async |ops: Vec<Op>| store.commit(batch(ops)).await.unwrap();
    // A push can come before any roster was stored.
    commit(vec![Op::PutContact(contact(9), None)]).await;
    assert_eq!(load(&*store).await, Some((None, vec![contact(9)])));

    commit(vec![Op::PutRoster(roster((1..=3).map(contact), "v1"))]).await;
    let loaded = load(&*open(place).await).await;
    assert_eq!(
        loaded,
        Some((version("v1"), (1..=3).map(contact).collect()))
    );

    let renamed = Contact {
        name: Some("Juliet".into()),
        ..contact(2)
    };
    commit(vec![Op::PutContact(renamed.clone(), version("v2"))]).await;
    commit(vec![
        Op::RemoveContact(contact(1).address, version("v3")),
        Op::RemoveContact(address("nobody@example.org"), version("v4")),
    ])
    .await;
    let loaded = load(&*store).await;
    assert_eq!(loaded, Some((version("v4"), vec![renamed, contact(3)])));

    // In one batch, in order; what came before a whole roster is forgotten.
    commit(vec![
        Op::PutContact(contact(7), version("v5")),
        Op::PutRoster(roster([contact(4)], "v6")),
        Op::PutContact(contact(5), version("v7")),
        Op::RemoveContact(contact(5).address, version("v8")),
        Op::PutContact(contact(6), version("v9")),
    ])
    .await;
    let loaded = load(&*store).await;
    assert_eq!(loaded, Some((version("v9"), vec![contact(4), contact(6)])));

    // An empty roster is known to be empty.
    commit(vec![Op::PutRoster(Roster::default())]).await;
    assert_eq!(load(&*store).await, Some((None, vec![])));
}

#[allow(missing_docs)]
pub async fn a_large_roster_is_whole(place: &dyn Place) {
    let store = open(place).await;
    let whole = Op::PutRoster(roster((0..5_000).map(contact), "v"));
    store.commit(batch([whole])).await.unwrap();
    let removals = (0..100).map(|n| Op::RemoveContact(contact(n).address, Some("w".into())));
    store.commit(batch(removals)).await.unwrap();
    let (version, contacts) = load(&*open(place).await).await.unwrap();
    assert_eq!(version.as_deref(), Some("w"));
    let mut expected: Vec<_> = (100..5_000).map(contact).collect();
    expected.sort_by(|a, b| a.address.cmp(&b.address));
    assert!(contacts == expected, "{} contacts", contacts.len());
}

#[allow(missing_docs)]
pub async fn contacts_changed_at_the_same_time_are_all_kept(place: &dyn Place) {
    let store = open(place).await;
    let whole = Op::PutRoster(roster((0..10).map(contact), "v"));
    store.commit(batch([whole])).await.unwrap();
    let put = |number| store.commit(batch([Op::PutContact(contact(number), None)]));
    let all = futures::future::join_all((10..20).map(put)).await;
    assert!(all.iter().all(Result::is_ok));
    let (_, contacts) = load(&*store).await.unwrap();
    assert_eq!(contacts, (0..20).map(contact).collect::<Vec<_>>());
}

#[allow(missing_docs)]
pub async fn conversations_caps_and_presence_are_kept(place: &dyn Place) {
    let store = open(place).await;
    let conversation = Conversation {
        draft: "But soft".into(),
        read: Some(at(5, 6)),
        unread: 3,
        latest: Some(Preview {
            position: at(7, 8),
            time: Timestamp(9),
            direction: Direction::Outgoing,
            text: "what light".into(),
        }),
        history: History::Before("archive".into()),
        open: false,
        displayed: Displayed {
            flagged: Some(Flagged {
                id: "archive".into(),
                position: at(5, 6),
            }),
            owed: true,
        },
        ..Conversation::new(juliet())
    };
    let presence = OwnPresence {
        availability: Availability::DoNotDisturb,
        status: Some("in the orchard".into()),
    };
    let features = |feature: &str| vec![feature.to_owned(), "urn:xmpp:ping".to_owned()];
    store
        .commit(batch([
            Op::PutConversation(Conversation::new(juliet())),
            Op::PutConversation(conversation.clone()),
            Op::PutConversation(Conversation::new(address("mallory@example.org"))),
            Op::PutCaps("sha-1 a".into(), features("old")),
            Op::PutCaps("sha-1 a".into(), features("new")),
            Op::PutCaps("sha-1 b".into(), vec![]),
            Op::PutPresence(OwnPresence::default()),
            Op::PutPresence(presence.clone()),
        ]))
        .await
        .unwrap();
    let mut snapshot = open(place).await.load().await.unwrap();
    snapshot.conversations.sort_by(|a, b| a.peer.cmp(&b.peer));
    snapshot.caps.sort();
    let mallory = Conversation::new(address("mallory@example.org"));
    assert_eq!(snapshot.conversations, [conversation, mallory]);
    let caps = [
        ("sha-1 a".to_owned(), features("new")),
        ("sha-1 b".to_owned(), vec![]),
    ];
    assert_eq!(snapshot.caps, caps);
    assert_eq!(snapshot.presence, presence);
    assert_eq!(snapshot.roster, None);
    assert_eq!(snapshot.skipped, 0);
}

#[allow(missing_docs)]
pub async fn the_cursor_is_kept_with_the_messages_up_to_it(place: &dyn Place) {
    let store = open(place).await;
    let cursor = |id: &str| Cursor {
        id: Some(id.to_owned()),
        time: Timestamp(1_700_000_000_000),
    };
    let loaded = async || open(place).await.load().await.unwrap().cursor;
    assert_eq!(
        loaded().await,
        None,
        "a database of a build without catch-up"
    );
    let empty = Op::PutCursor(Cursor::BEGINNING);
    store.commit(batch([empty])).await.unwrap();
    assert_eq!(loaded().await, Some(Cursor::BEGINNING));
    let page = [
        Op::PutMessage(message(1)),
        Op::PutCursor(cursor("old")),
        Op::PutMessage(message(2)),
        Op::PutConversation(Conversation::new(juliet())),
        Op::PutCursor(cursor("new")),
    ];
    store.commit(batch(page)).await.unwrap();
    assert_eq!(loaded().await, Some(cursor("new")));
    let unread = store.count_unread(juliet(), None, 10);
    assert_eq!(unread.await.unwrap(), 2);
}

#[allow(missing_docs)]
pub async fn a_history_is_trusted_until_it_is_doubted(place: &dyn Place) {
    let store = open(place).await;
    let is_doubted = async || open(place).await.load().await.unwrap().doubted;
    assert!(!is_doubted().await);
    let message = message(1);
    let removal = Op::RemoveMessage(message.conversation.clone(), message.id);
    let put = Op::PutMessage(message);
    store.commit(batch([put])).await.unwrap();
    let doubt = batch([Op::Trust(false), removal]);
    store.commit(doubt).await.unwrap();
    assert!(is_doubted().await);
    store.commit(batch([Op::Trust(true)])).await.unwrap();
    assert!(!is_doubted().await);
}

#[allow(missing_docs)]
pub async fn gaps_are_kept_with_the_messages_around(place: &dyn Place) {
    let store = open(place).await;
    let loaded = async || open(place).await.load().await.unwrap().gaps;
    assert_eq!(
        loaded().await,
        Gaps::default(),
        "a database of a build that knew no gaps"
    );
    let cursor = |id: &str, time| Cursor {
        id: Some(id.to_owned()),
        time: Timestamp(time),
    };
    let gap = |id, is_lost| Gap {
        id: ItemId(id),
        after: cursor("a", 1),
        before: cursor("b", 9),
        ties: (0, 9),
        is_lost,
    };
    let gaps = Gaps {
        all: Reach {
            top: Some(cursor("t", 12)),
            gaps: vec![gap(1, true), gap(2, false)],
            doubt: Some(Timestamp(3)),
        },
        own: vec![OwnGap {
            peer: juliet(),
            within: Some(ItemId(2)),
            gap: gap(2, false),
            at: message(1).position,
            floor: None,
            is_ahead: true,
        }],
        apart: vec![(ItemId(2), juliet())],
        told: 7,
    };
    let page = [
        Op::PutMessage(message(1)),
        Op::PutGaps(gaps.clone()),
        Op::PutCursor(cursor("a", 1)),
    ];
    store.commit(batch(page)).await.unwrap();
    assert_eq!(loaded().await, gaps);
    let closed = [Op::PutMessage(message(2)), Op::PutGaps(Gaps::default())];
    store.commit(batch(closed)).await.unwrap();
    assert_eq!(loaded().await, Gaps::default());
}
