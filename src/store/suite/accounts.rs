//! What a depot does with accounts, settings and whole stores.

use super::{ACCOUNT, Place, address, batch, juliet, message, open, put};
use crate::entity::id::AccountId;
use crate::entity::settings::{Settings, Theme};
use crate::store::{AccountRecord, Device, From, Op, PageQuery, Snapshot, Standing, StoreError};

fn record(number: u64, name: &str) -> AccountRecord {
    AccountRecord {
        id: AccountId(number),
        address: address(name),
        websocket: Some("wss://example.org/ws".into()),
        credentials: Some(b"proof of the sealed kind".to_vec()),
        mechanism: Some("SCRAM-SHA-256".into()),
        standing: Standing::Here,
    }
}

fn everything() -> PageQuery {
    PageQuery {
        conversation: juliet(),
        from: From::Newest,
        count: 100,
    }
}

#[allow(missing_docs)]
pub async fn settings_are_kept(place: &dyn Place) {
    let depot = place.depot().await;
    assert_eq!(depot.load().await.unwrap(), Device::default());
    let settings = Settings {
        theme: Theme::Contrast,
        language: Some("zh-CN".into()),
        notifications: true,
        notification_preview: false,
    };
    depot.put_settings(Settings::default()).await.unwrap();
    depot.put_settings(settings.clone()).await.unwrap();
    let device = place.depot().await.load().await.unwrap();
    assert_eq!(device.settings, settings);
}

#[allow(missing_docs)]
pub async fn accounts_are_kept_in_order(place: &dyn Place) {
    let depot = place.depot().await;
    // The order is that in which they were added, not that of their ids.
    let records = [
        record(u64::MAX, "romeo@example.org"),
        record(0, "juliet@example.org"),
        record(7, "mallory@example.org"),
    ];
    for record in &records {
        depot.put_account(record.clone()).await.unwrap();
    }
    let changed = AccountRecord {
        credentials: None,
        websocket: None,
        standing: Standing::LoggedOut,
        ..records[0].clone()
    };
    depot.put_account(changed.clone()).await.unwrap();
    let accounts = place.depot().await.load().await.unwrap().accounts;
    assert!(accounts == [changed.clone(), records[1].clone(), records[2].clone()]);

    depot.remove_account(AccountId(0)).await.unwrap();
    depot.remove_account(AccountId(99)).await.unwrap();
    depot.put_account(records[1].clone()).await.unwrap();
    let accounts = place.depot().await.load().await.unwrap().accounts;
    assert!(accounts == [changed, records[2].clone(), records[1].clone()]);
}

#[allow(missing_docs)]
pub async fn a_removed_account_keeps_its_store(place: &dyn Place) {
    let depot = place.depot().await;
    depot
        .put_account(record(ACCOUNT.0, "romeo@example.org"))
        .await
        .unwrap();
    put(&open(place).await, [message(1)]).await;
    depot.remove_account(ACCOUNT).await.unwrap();
    assert!(depot.load().await.unwrap().accounts.is_empty());
    let kept = open(place).await.page(everything()).await.unwrap();
    assert_eq!(kept, [message(1)]);
}

#[allow(missing_docs)]
pub async fn two_accounts_never_share(place: &dyn Place) {
    let depot = place.depot().await;
    let ids = [0, 1, 0x10, u64::MAX].map(AccountId);
    for (id, number) in ids.into_iter().zip(1..) {
        let store = depot.open(id).await.unwrap();
        let caps = Op::PutCaps(id.to_string(), vec![]);
        let ops = [Op::PutMessage(message(number)), caps];
        store.commit(batch(ops)).await.unwrap();
    }
    for (id, number) in ids.into_iter().zip(1..) {
        let store = depot.open(id).await.unwrap();
        assert_eq!(store.page(everything()).await.unwrap(), [message(number)]);
        let caps = store.load().await.unwrap().caps;
        assert_eq!(caps, [(id.to_string(), vec![])]);
    }
}

#[allow(missing_docs)]
pub async fn an_erased_store_is_empty_and_says_so(place: &dyn Place) {
    let depot = place.depot().await;
    let other = depot.open(AccountId(2)).await.unwrap();
    put(&other, [message(2)]).await;
    let store = depot.open(ACCOUNT).await.unwrap();
    put(&store, [message(1)]).await;
    depot.erase(ACCOUNT).await.unwrap();
    // Whoever still holds it is told.
    let refused = |result: Result<(), StoreError>| {
        assert!(
            matches!(result, Err(StoreError::Unavailable(_))),
            "{result:?}"
        );
    };
    refused(store.page(everything()).await.map(drop));
    refused(store.load().await.map(drop));
    refused(store.commit(batch([Op::PutMessage(message(1))])).await);
    // Opened anew it is empty, and works.
    let store = depot.open(ACCOUNT).await.unwrap();
    assert_eq!(store.load().await.unwrap(), Snapshot::default());
    assert!(store.page(everything()).await.unwrap().is_empty());
    put(&store, [message(3)]).await;
    assert_eq!(store.page(everything()).await.unwrap(), [message(3)]);
    assert_eq!(other.page(everything()).await.unwrap(), [message(2)]);
    // What was never there is erased as well.
    depot.erase(AccountId(77)).await.unwrap();
}
