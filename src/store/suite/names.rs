//! What a store does with the names of messages.

use super::{Place, find, message, open, put};
use crate::entity::id::ItemId;
use crate::entity::message::{Message, MessageIds};
use crate::store::{FIND_LIMIT, Name};

#[allow(missing_docs)]
pub async fn a_replaced_message_loses_its_old_names(place: &dyn Place) {
    let store = open(place).await;
    let named = |name: &str| Message {
        ids: MessageIds {
            stanza: Some(name.into()),
            ..MessageIds::default()
        },
        ..message(1)
    };
    put(&store, [named("old")]).await;
    put(&store, [named("new")]).await;
    assert_eq!(find(&store, vec![Name::Stanza("new".into())]).await, [1]);
    assert!(
        find(&store, vec![Name::Stanza("old".into())])
            .await
            .is_empty()
    );
}

#[allow(missing_docs)]
pub async fn a_message_is_found_by_each_of_its_names(place: &dyn Place) {
    let store = open(place).await;
    let named = |number: u64| Message {
        ids: MessageIds {
            stanza: Some(format!("s{number}")),
            origin: Some(format!("o{number}")),
            archive: Some(format!("a{number}")),
        },
        ..message(number)
    };
    put(&store, (1..=3).map(named)).await;
    let found = find(&store, vec![Name::Item(ItemId(2))]);
    assert_eq!(found.await, [2]);
    assert_eq!(find(&store, vec![Name::Stanza("s2".into())]).await, [2]);
    assert_eq!(find(&store, vec![Name::Origin("o2".into())]).await, [2]);
    assert_eq!(find(&store, vec![Name::Archive("a2".into())]).await, [2]);
    // A name is one of its kind only.
    assert!(
        find(&store, vec![Name::Origin("s2".into())])
            .await
            .is_empty()
    );
    // Several names of several messages: each once, oldest first.
    let several = vec![
        Name::Origin("o3".into()),
        Name::Stanza("s1".into()),
        Name::Archive("a3".into()),
        Name::Stanza("none".into()),
        Name::Item(ItemId(3)),
    ];
    assert_eq!(find(&store, several).await, [1, 3]);
    // Two messages may claim one name; both are told.
    let claims = Message {
        ids: named(2).ids,
        ..message(4)
    };
    put(&store, [claims]).await;
    assert_eq!(find(&store, vec![Name::Origin("o2".into())]).await, [2, 4]);
}

#[allow(missing_docs)]
pub async fn a_name_that_many_claim_finds_a_few(place: &dyn Place) {
    let store = open(place).await;
    let limit = u64::from(FIND_LIMIT);
    let claim = |number| Message {
        ids: MessageIds {
            stanza: Some("same".into()),
            ..MessageIds::default()
        },
        ..message(number)
    };
    put(&store, (0..limit * 3).rev().map(claim)).await;
    let found = find(&store, vec![Name::Stanza("same".into())]).await;
    assert_eq!(found, (0..limit).collect::<Vec<_>>());
}

#[allow(missing_docs)]
pub async fn names_of_any_length_are_told_apart(place: &dyn Place) {
    let store = open(place).await;
    let long = |end: &str| format!("{}{end}", "x".repeat(9_000));
    let names = [
        String::new(),
        "\0".into(),
        "\u{202e}".into(),
        long("1"),
        long("2"),
    ];
    let messages = names.iter().zip(1..).map(|(name, number)| Message {
        ids: MessageIds {
            stanza: Some(name.clone()),
            ..MessageIds::default()
        },
        ..message(number)
    });
    put(&store, messages).await;
    for (name, number) in names.iter().zip(1..) {
        assert_eq!(
            find(&store, vec![Name::Stanza(name.clone())]).await,
            [number]
        );
    }
}
