//! What a store does with messages.

use std::rc::Rc;

use super::{
    ACCOUNT, Place, address, at, batch, find, juliet, message, numbers, open, outgoing, put,
};
use crate::entity::id::ItemId;
use crate::entity::message::{Delivery, Message, MessageIds, Position};
use crate::entity::problem::Problem;
use crate::store::{Damaged, From, Name, Op, PageQuery, Snapshot, Store};

async fn page(store: &Rc<dyn Store>, from: From, count: u32) -> Vec<u64> {
    let query = PageQuery {
        conversation: juliet(),
        from,
        count,
    };
    numbers(&store.page(query).await.unwrap())
}

fn position(number: u64) -> Position {
    message(number).position
}

#[allow(missing_docs)]
pub async fn a_new_store_is_empty(place: &dyn Place) {
    let store = open(place).await;
    assert_eq!(store.load().await.unwrap(), Snapshot::default());
    assert!(page(&store, From::Newest, 10).await.is_empty());
    assert_eq!(store.count_unread(juliet(), None, 10).await.unwrap(), 0);
    store.commit(batch([])).await.unwrap();
}

#[allow(missing_docs)]
pub async fn a_batch_survives_reopening(place: &dyn Place) {
    let kept = Message {
        ids: MessageIds {
            stanza: Some("stanza".into()),
            origin: Some("origin".into()),
            archive: Some("archive".into()),
        },
        delivery: Delivery::Failed(Problem::Refused {
            condition: "forbidden".into(),
            text: Some("no".into()),
        }),
        body: "爱 \u{202e}\0<&".into(),
        ..outgoing(1, Delivery::Sending)
    };
    put(&open(place).await, [kept.clone(), message(2)]).await;
    let query = PageQuery {
        conversation: juliet(),
        from: From::Newest,
        count: 10,
    };
    let messages = open(place).await.page(query).await.unwrap();
    assert_eq!(messages, [kept, message(2)]);
}

#[allow(missing_docs)]
pub async fn a_batch_is_seen_whole_or_not_at_all(place: &dyn Place) {
    let store = open(place).await;
    let ops = (1..=50).map(|number| Op::PutMessage(message(number)));
    let (committed, seen, later) = futures::join!(
        store.commit(batch(ops)),
        page(&store, From::Newest, 100),
        store.count_unread(juliet(), None, 100),
    );
    committed.unwrap();
    assert!([0, 50].contains(&seen.len()), "{}", seen.len());
    assert!([0, 50].contains(&later.unwrap()));
    assert_eq!(page(&store, From::Newest, 100).await.len(), 50);
}

#[allow(missing_docs)]
pub async fn a_message_is_replaced_wherever_it_stood(place: &dyn Place) {
    let store = open(place).await;
    put(&store, (1..=3).map(message)).await;
    let moved = Message {
        id: ItemId(1),
        body: "moved".into(),
        ..message(5)
    };
    put(&store, [moved]).await;
    assert_eq!(page(&store, From::Newest, 10).await, [2, 3, 1]);
    // Twice in one batch: the last one stays.
    let last = Message {
        id: ItemId(1),
        ..message(0)
    };
    let first = Message {
        id: ItemId(1),
        ..message(9)
    };
    put(&store, [first, last]).await;
    assert_eq!(page(&store, From::Newest, 10).await, [1, 2, 3]);
}

#[allow(missing_docs)]
pub async fn a_page_is_oldest_first_and_its_bounds_are_exclusive(place: &dyn Place) {
    let store = open(place).await;
    // Written in disorder.
    put(&store, (0..20).map(|n| message((n * 7) % 20))).await;
    assert_eq!(page(&store, From::Newest, 3).await, [17, 18, 19]);
    assert_eq!(
        page(&store, From::Before(position(17)), 3).await,
        [14, 15, 16]
    );
    assert_eq!(page(&store, From::Before(position(2)), 10).await, [0, 1]);
    assert_eq!(page(&store, From::After(position(2)), 3).await, [3, 4, 5]);
    assert_eq!(page(&store, From::After(position(2)), 1).await, [3]);
    assert_eq!(page(&store, From::After(position(17)), 10).await, [18, 19]);
    assert_eq!(page(&store, From::After(position(17)), 2).await, [18, 19]);
    let all: Vec<_> = (0..20).collect();
    assert_eq!(page(&store, From::Newest, u32::MAX).await, all);
    assert_eq!(page(&store, From::After(at(0, 0)), u32::MAX).await, all);
    assert_eq!(page(&store, From::After(at(0, 0)), 20).await, all);
    // Between two messages.
    let between = Position {
        tie: 1,
        ..position(4)
    };
    assert_eq!(page(&store, From::Before(between), 2).await, [3, 4]);
    assert_eq!(page(&store, From::After(between), 2).await, [5, 6]);
}

#[allow(missing_docs)]
pub async fn a_page_of_what_is_not_there_is_empty(place: &dyn Place) {
    let store = open(place).await;
    put(&store, (1..=3).map(message)).await;
    assert!(page(&store, From::Newest, 0).await.is_empty());
    assert!(page(&store, From::After(position(0)), 0).await.is_empty());
    assert!(page(&store, From::Before(position(1)), 5).await.is_empty());
    assert!(page(&store, From::After(position(3)), 5).await.is_empty());
    assert!(find(&store, vec![]).await.is_empty());
    assert!(find(&store, vec![Name::Item(ItemId(9))]).await.is_empty());
}

#[allow(missing_docs)]
pub async fn what_cannot_be_read_hides_nothing_beyond_it(place: &dyn Place) {
    let store = open(place).await;
    put(&store, (0..12).map(message)).await;
    let damaged = [2, 3, 4, 7, 11].map(ItemId).to_vec();
    place.damage(ACCOUNT, juliet(), damaged.clone()).await;
    let left = [0, 1, 5, 6, 8, 9, 10];
    assert_eq!(page(&store, From::Newest, 1).await, [10]);
    assert_eq!(page(&store, From::Newest, 4).await, [6, 8, 9, 10]);
    assert_eq!(page(&store, From::Newest, 7).await, left);
    assert_eq!(page(&store, From::Newest, u32::MAX).await, left);
    // Where nothing is bytes, nothing is damaged.
    let found = store.take_damaged();
    let is_right = |found: &Damaged| {
        let place = (found.conversation.clone(), found.position);
        damaged.contains(&found.id) && place == (juliet(), position(found.id.0))
    };
    assert!(found.iter().all(is_right), "{found:?}");
    assert!(store.take_damaged().is_empty());
    assert_eq!(page(&store, From::Before(position(5)), 1).await, [1]);
    assert_eq!(page(&store, From::Before(position(5)), 3).await, [0, 1]);
    assert_eq!(page(&store, From::After(position(1)), 1).await, [5]);
    assert_eq!(page(&store, From::After(position(1)), 3).await, [5, 6, 8]);
    assert_eq!(page(&store, From::After(position(6)), 9).await, [8, 9, 10]);
    assert_eq!(page(&store, From::After(at(0, 0)), 7).await, left);
    assert!(page(&store, From::After(position(10)), 5).await.is_empty());
    let unread = store.count_unread(juliet(), Some(position(1)), 4);
    assert_eq!(unread.await.unwrap(), 4);
    // More of them in a row than are read at a time.
    put(&store, (12..620).map(message)).await;
    place
        .damage(ACCOUNT, juliet(), (13..619).map(ItemId).collect())
        .await;
    assert_eq!(page(&store, From::Newest, 3).await, [10, 12, 619]);
    assert_eq!(page(&store, From::After(position(10)), 2).await, [12, 619]);
    let unread = store.count_unread(juliet(), Some(position(10)), 4);
    assert_eq!(unread.await.unwrap(), 2);
    // It is written anew as if nothing had been.
    put(&store, [message(7)]).await;
    assert_eq!(page(&store, From::Before(position(8)), 2).await, [6, 7]);
}

#[allow(missing_docs)]
pub async fn messages_of_the_same_time_keep_their_order(place: &dyn Place) {
    let store = open(place).await;
    let tied = |number: u64| Message {
        position: at(1_700_000_000_000, number),
        ..message(number)
    };
    put(&store, [3, 1, 4, 5, 2].map(tied)).await;
    let tie = |tie| at(1_700_000_000_000, tie);
    assert_eq!(page(&store, From::Newest, 10).await, [1, 2, 3, 4, 5]);
    assert_eq!(page(&store, From::Before(tie(3)), 10).await, [1, 2]);
    assert_eq!(page(&store, From::After(tie(3)), 10).await, [4, 5]);
    let unread = store.count_unread(juliet(), Some(tie(3)), 10);
    assert_eq!(unread.await.unwrap(), 2);
}

#[allow(missing_docs)]
pub async fn positions_of_any_size_are_ordered(place: &dyn Place) {
    let store = open(place).await;
    let positions = [
        at(i64::MIN, 0),
        at(-1, u64::MAX),
        at(0, 0),
        at(0, 1),
        at(255, 0),
        at(256, 0),
        at(i64::MAX, u64::MAX),
    ];
    let ids = [u64::MAX, 0, 1, 255, 256, 7, 3];
    let messages = positions.iter().zip(ids).map(|(&position, id)| Message {
        position,
        ..Message {
            id: ItemId(id),
            ..message(1)
        }
    });
    put(&store, messages.rev()).await;
    assert_eq!(page(&store, From::Newest, 10).await, ids);
    for (n, &position) in positions.iter().enumerate() {
        assert_eq!(page(&store, From::Before(position), 10).await, ids[..n]);
        assert_eq!(page(&store, From::After(position), 10).await, ids[n + 1..]);
    }
}

#[allow(missing_docs)]
pub async fn conversations_never_share(place: &dyn Place) {
    let store = open(place).await;
    let peers = ["a@b", "a@bc", "aa@b", "b", "a@b.c"];
    for (peer, number) in peers.iter().zip(1..) {
        let theirs = Message {
            conversation: address(peer),
            // The same item id in every conversation.
            id: ItemId(7),
            ids: MessageIds {
                stanza: Some("same".into()),
                ..MessageIds::default()
            },
            ..message(number)
        };
        put(&store, [theirs]).await;
    }
    for (peer, number) in peers.iter().zip(1..) {
        let body = format!("message {number}");
        let query = |from| PageQuery {
            conversation: address(peer),
            from,
            count: 10,
        };
        for from in [
            From::Newest,
            From::After(at(0, 0)),
            From::Before(position(100)),
        ] {
            let page = store.page(query(from)).await.unwrap();
            assert_eq!(page.len(), 1, "{peer}");
            assert_eq!(page[0].body, body);
        }
        for name in [Name::Stanza("same".into()), Name::Item(ItemId(7))] {
            let found = store.find(address(peer), vec![name]).await.unwrap();
            assert_eq!(found.len(), 1, "{peer}");
            assert_eq!(found[0].body, body);
        }
        let unread = store.count_unread(address(peer), None, 10);
        assert_eq!(unread.await.unwrap(), 1);
    }
}

#[allow(missing_docs)]
pub async fn a_removed_message_is_gone(place: &dyn Place) {
    let store = open(place).await;
    put(&store, (1..=3).map(message)).await;
    let remove = |peer, number| Op::RemoveMessage(peer, ItemId(number));
    let ops = [
        remove(juliet(), 2),
        remove(juliet(), 9),
        remove(address("mallory@example.org"), 1),
    ];
    store.commit(batch(ops)).await.unwrap();
    assert_eq!(page(&store, From::Newest, 10).await, [1, 3]);
    assert!(find(&store, vec![Name::Item(ItemId(2))]).await.is_empty());
    // In one batch, in order.
    let ops = [Op::PutMessage(message(4)), remove(juliet(), 4)];
    store.commit(batch(ops)).await.unwrap();
    let ops = [remove(juliet(), 1), Op::PutMessage(message(1))];
    store.commit(batch(ops)).await.unwrap();
    assert_eq!(page(&store, From::Newest, 10).await, [1, 3]);
}

#[allow(missing_docs)]
pub async fn the_outbox_holds_what_is_being_sent(place: &dyn Place) {
    let store = open(place).await;
    let to_mallory = Message {
        conversation: address("mallory@example.org"),
        ..outgoing(2, Delivery::Sending)
    };
    put(
        &store,
        [
            outgoing(3, Delivery::Sending),
            to_mallory,
            outgoing(1, Delivery::Delayed(Problem::ServerFull)),
            outgoing(4, Delivery::Sent),
            outgoing(5, Delivery::Failed(Problem::TooLong)),
            message(6),
        ],
    )
    .await;
    let outbox = open(place).await.load().await.unwrap().outbox;
    assert_eq!(numbers(&outbox), [1, 2, 3]);
    put(&store, [outgoing(1, Delivery::Sent)]).await;
    let gone = Op::RemoveMessage(juliet(), ItemId(3));
    store.commit(batch([gone])).await.unwrap();
    assert_eq!(numbers(&store.load().await.unwrap().outbox), [2]);
}

#[allow(missing_docs)]
pub async fn unread_messages_are_counted_up_to_a_limit(place: &dyn Place) {
    let store = open(place).await;
    put(&store, (1..=600).map(message)).await;
    put(&store, (601..=610).map(|n| outgoing(n, Delivery::Sent))).await;
    let count = async |after, limit| store.count_unread(juliet(), after, limit).await.unwrap();
    assert_eq!(count(None, 1000).await, 600);
    assert_eq!(count(None, 99).await, 99);
    assert_eq!(count(None, 0).await, 0);
    assert_eq!(count(Some(position(590)), 1000).await, 10);
    assert_eq!(count(Some(position(590)), 10).await, 10);
    assert_eq!(count(Some(position(590)), 3).await, 3);
    assert_eq!(count(Some(position(600)), 10).await, 0);
    assert_eq!(count(Some(position(700)), 10).await, 0);
    assert_eq!(count(Some(position(0)), 1000).await, 600);
}

#[allow(missing_docs)]
pub async fn thousands_of_messages_are_one_batch(place: &dyn Place) {
    let store = open(place).await;
    put(&store, (0..2_000).map(message)).await;
    assert_eq!(page(&store, From::Newest, 5_000).await.len(), 2_000);
    assert_eq!(page(&store, From::Newest, 2).await, [1_998, 1_999]);
    // And all of them again, in a batch that replaces them.
    put(&store, (0..2_000).rev().map(message)).await;
    assert_eq!(page(&store, From::Newest, 5_000).await.len(), 2_000);
}
