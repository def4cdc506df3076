//! The depot on IndexedDB: accounts with sealed credentials, settings, and the accounts' stores.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use futures::FutureExt;
use indexed_db_futures::database::Database;
use indexed_db_futures::error::Error;
use indexed_db_futures::object_store::ObjectStore;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::{TransactionDurability, TransactionMode, TransactionOptions};
use wasm_bindgen::prelude::*;
use web_sys::CryptoKey;

use super::layout::{self, ACCOUNT, ACCOUNTS, DEVICE, DEVICE_STEPS};
use super::link::{self, Link};
use super::row::{self, readable};
use super::seal::{Sealer, make_key};
use super::store::IndexedDbStore;
use crate::entity::few::Few;
use crate::entity::id::AccountId;
use crate::entity::order;
use crate::entity::settings::Settings;
use crate::store::schema::AccountRow;
use crate::store::{AccountRecord, Depot, Device, Store, StoreError, Stored};

const SETTINGS: &str = "settings";
const KEY: &str = "key";

/// The depot on IndexedDB.
pub struct IndexedDbDepot {
    name: String,
    link: Link,
    sealer: RefCell<Option<Sealer>>,
    open: RefCell<Few<AccountId, Weak<IndexedDbStore>>>,
}

impl IndexedDbDepot {
    /// The databases of this name: `waxwing`, and `waxwing-<AccountId>` for each account. They are opened, or made,
    /// when something is asked of them: then it is [`StoreError::Unavailable`] where the browser keeps nothing, or does
    /// not answer within some seconds, and [`StoreError::Newer`] if a newer build was here.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            link: Link::new(name.to_owned(), layout::version(), &DEVICE_STEPS),
            sealer: RefCell::default(),
            open: RefCell::default(),
        }
    }

    fn name_of(&self, id: AccountId) -> String {
        format!("{}-{id}", self.name)
    }

    async fn load_device(&self) -> Result<Device, StoreError> {
        let (mut rows, settings, mut skipped) = self.link.with(read_device).await?;
        order::sort_by(&mut rows, |a, b| a.place.cmp(&b.place));
        let mut accounts = Vec::new();
        for AccountRow { mut account, .. } in rows {
            if let Some(sealed) = account.credentials.take() {
                account.credentials = self.unseal(account.id, &sealed).await?;
                // The account is still there; the password must be typed again.
                skipped += u32::from(account.credentials.is_none());
            }
            accounts.push(account);
        }
        Ok(Device {
            accounts,
            settings: settings.unwrap_or_default(),
            skipped,
        })
    }

    /// What was sealed; absent if it does not open.
    async fn unseal(&self, id: AccountId, sealed: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let opened = match self.sealer().await? {
            Some(sealer) => sealer.open(id, sealed).await.ok(),
            None => None,
        };
        if opened.is_none() {
            tracing::warn!("kept credentials do not open");
        }
        Ok(opened)
    }

    async fn put(&self, mut account: AccountRecord) -> Result<(), StoreError> {
        if let Some(secret) = account.credentials.take() {
            // Before the transaction: it would not outlive the wait.
            account.credentials = match self.sealer().await? {
                Some(sealer) => sealer.seal(account.id, &secret).await.ok(),
                None => None,
            };
            if account.credentials.is_none() {
                tracing::warn!("credentials cannot be sealed, so they are not kept");
            }
        }
        self.link
            .with(async |database| put_account(database, &account).await)
            .await
    }

    /// The sealer; its key is made when it is needed first. Absent where the browser has none: that it cannot be read now is
    /// another thing, and no reason to write that there are no credentials.
    async fn sealer(&self) -> Result<Option<Sealer>, StoreError> {
        if let Some(sealer) = &*self.sealer.borrow() {
            return Ok(Some(sealer.clone()));
        }
        let key = match self.link.with(kept_key).await? {
            Some(key) => key,
            None => {
                let Ok(made) = make_key().await else {
                    return Ok(None);
                };
                let keep = async |database: &Database| keep_key(database, &made).await;
                self.link.with(keep).await?
            }
        };
        let sealer = Sealer::new(key).ok();
        self.sealer.borrow_mut().clone_from(&sealer);
        Ok(sealer)
    }

    async fn open_store(&self, id: AccountId) -> Result<Rc<dyn Store>, StoreError> {
        let known = self.open.borrow().get(&id).and_then(Weak::upgrade);
        if let Some(store) = known {
            return Ok(store);
        }
        let link = Link::new(self.name_of(id), layout::version(), &ACCOUNT);
        let link = Rc::new(link);
        let store = Rc::new(IndexedDbStore::new(Rc::clone(&link)));
        self.open.borrow_mut().insert(id, Rc::downgrade(&store));
        // One that opens, but does not answer, is not open.
        link.with(link::answers).await?;
        Ok(store)
    }
}

impl Depot for IndexedDbDepot {
    fn load(&self) -> Stored<'_, Device> {
        self.load_device().boxed_local()
    }

    fn put_account(&self, account: AccountRecord) -> Stored<'_, ()> {
        self.put(account).boxed_local()
    }

    fn remove_account(&self, id: AccountId) -> Stored<'_, ()> {
        async move {
            let work = async |database: &Database| remove_account(database, id).await;
            self.link.with(work).await
        }
        .boxed_local()
    }

    fn put_settings(&self, settings: Settings) -> Stored<'_, ()> {
        async move {
            let work = async |database: &Database| put_settings(database, &settings).await;
            self.link.with(work).await
        }
        .boxed_local()
    }

    fn open(&self, id: AccountId) -> Stored<'_, Rc<dyn Store>> {
        self.open_store(id).boxed_local()
    }

    fn erase(&self, id: AccountId) -> Stored<'_, ()> {
        async move {
            let open = self.open.borrow_mut().remove(&id);
            match open.and_then(|store| store.upgrade()) {
                Some(store) => store.destroy().await,
                None => link::destroy(&self.name_of(id)).await,
            }
        }
        .boxed_local()
    }
}

/// Makes the databases of a device with one account in a layout, as the builds did that told the browser nothing else, for
/// the tests of upgrades.
///
/// # Errors
/// As with every use of the depot.
pub async fn make_version(name: &str, version: u32, account: AccountId) -> Result<(), StoreError> {
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    let account = format!("{name}-{account}");
    for (name, steps) in [(name, &DEVICE_STEPS), (&account, &ACCOUNT)] {
        match steps.get(..version) {
            // Version 0 is no database.
            Some(steps) if !steps.is_empty() => {
                let version = u32::try_from(steps.len()).unwrap_or(u32::MAX);
                let link = Link::new(name.to_owned(), version, steps);
                link.database().await?.close();
            }
            _ => {}
        }
    }
    Ok(())
}

async fn read_device(
    database: &Database,
) -> Result<(Vec<AccountRow>, Option<Settings>, u32), Error> {
    let transaction = database.transaction([ACCOUNTS, DEVICE]).build()?;
    let accounts = transaction.object_store(ACCOUNTS)?;
    let device = transaction.object_store(DEVICE)?;
    let accounts = accounts.get_all::<JsValue>().primitive()?;
    let settings = device.get::<JsValue, _, _>(SETTINGS).primitive()?;
    let mut skipped = 0;
    let accounts = readable(accounts.await?, &mut skipped, row::read)?;
    let settings = settings.await?.into_iter().map(Ok);
    let settings = readable(settings, &mut skipped, row::read)?;
    Ok((accounts, settings.into_iter().next(), skipped))
}

/// The key that is kept, if there is one.
async fn kept_key(database: &Database) -> Result<Option<CryptoKey>, Error> {
    let transaction = database.transaction(DEVICE).build()?;
    key_in(&transaction.object_store(DEVICE)?).await
}

/// Keeps a key, unless there is one: two engines that start at once must agree. Tells the one that counts.
async fn keep_key(database: &Database, made: &CryptoKey) -> Result<CryptoKey, Error> {
    let transaction = write(database, DEVICE)?;
    let device = transaction.object_store(DEVICE)?;
    let kept = key_in(&device).await?;
    if kept.is_none() {
        let put = device.put(JsValue::from(made)).with_key(KEY);
        put.without_key_type().primitive()?;
    }
    row::commit(transaction).await?;
    Ok(kept.unwrap_or_else(|| made.clone()))
}

async fn key_in(device: &ObjectStore<'_>) -> Result<Option<CryptoKey>, Error> {
    let kept = device.get::<JsValue, _, _>(KEY).primitive()?.await?;
    Ok(kept.and_then(|key| key.dyn_into::<CryptoKey>().ok()))
}

async fn put_account(database: &Database, account: &AccountRecord) -> Result<(), Error> {
    let transaction = write(database, ACCOUNTS)?;
    let table = transaction.object_store(ACCOUNTS)?;
    let rows = table.get_all::<JsValue>().primitive()?.await?;
    let known: Vec<AccountRow> = readable(rows, &mut 0, row::read)?;
    let same = known.iter().find(|row| row.account.id == account.id);
    let last = known.iter().map(|row| row.place).max();
    let row = AccountRow {
        place: same.map_or(last.map_or(0, |last| last + 1), |row| row.place),
        account: account.clone(),
    };
    let put = table
        .put(row::record(&row))
        .with_key(account.id.to_string());
    put.without_key_type().primitive()?;
    row::commit(transaction).await
}

async fn remove_account(database: &Database, id: AccountId) -> Result<(), Error> {
    let transaction = write(database, ACCOUNTS)?;
    let table = transaction.object_store(ACCOUNTS)?;
    table.delete::<String, _>(id.to_string()).primitive()?;
    row::commit(transaction).await
}

async fn put_settings(database: &Database, settings: &Settings) -> Result<(), Error> {
    let transaction = write(database, DEVICE)?;
    let table = transaction.object_store(DEVICE)?;
    let put = table.put(row::record(settings)).with_key(SETTINGS);
    put.without_key_type().primitive()?;
    row::commit(transaction).await
}

/// A transaction that writes to one table, and is done when the disk has it: these writes are few, and matter.
fn write<'a>(
    database: &'a Database,
    table: &str,
) -> Result<indexed_db_futures::transaction::Transaction<'a>, Error> {
    database
        .transaction(table)
        .with_mode(TransactionMode::Readwrite)
        .with_options(TransactionOptions::new().with_durability(TransactionDurability::Strict))
        .build()
}
