//! The store suite on IndexedDB, in a worker of a real browser, and what only a browser can do to a database.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use waxwing::entity::address::Address;
use waxwing::entity::contact::{Contact, Subscription};
use waxwing::entity::conversation::Conversation;
use waxwing::entity::id::{AccountId, ItemId};
use waxwing::entity::message::{Delivery, Direction, Message, MessageIds, Position};
use waxwing::entity::presence::OwnPresence;
use waxwing::entity::time::Timestamp;
use waxwing::platform::web::indexed_db::{IndexedDbDepot, make_version};
use waxwing::store::key;
use waxwing::store::schema::{RECORD, SCHEMA};
use waxwing::store::suite::released::{self, RELEASED};
use waxwing::store::suite::{self, Place};
use waxwing::store::{
    AccountRecord, Batch, Damaged, Depot, From, Op, PageQuery, Roster, Standing, Store, StoreError,
};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Databases of a name that no other check has.
struct Disk(String);

impl Disk {
    fn new() -> Self {
        thread_local!(static COUNT: Cell<u32> = const { Cell::new(0) });
        let count = COUNT.with(|count| count.replace(count.get() + 1));
        let now = js_sys::Date::now();
        Self(format!("test-{now}-{count}"))
    }
}

impl Place for Disk {
    fn depot(&self) -> LocalBoxFuture<'_, Rc<dyn Depot>> {
        async { Rc::new(IndexedDbDepot::new(&self.0)) as Rc<dyn Depot> }.boxed_local()
    }

    fn damage(
        &self,
        account: AccountId,
        conversation: Address,
        ids: Vec<ItemId>,
    ) -> LocalBoxFuture<'_, ()> {
        let keys = ids.into_iter().map(|id| key::item(&conversation, id));
        let keys: Array = keys.map(|key| Uint8Array::from(&key[..])).collect();
        let body = format!(
            "{PROMISE}
            const database = await done(indexedDB.open(a));
            const table = database.transaction('messages', 'readwrite').objectStore('messages');
            const old = await Promise.all(b.map(key => done(table.get(key))));
            await Promise.all(b.map((key, at) => done(table.put({{...old[at], v: c}}, key))));
            database.close();"
        );
        let database = format!("{}-{account}", self.0);
        let half = Uint8Array::from(&[RECORD, 7][..]);
        async move {
            script(&body, [database.into(), keys.into(), half.into()]).await;
        }
        .boxed_local()
    }
}

macro_rules! on_indexed_db {
    ($($name:ident)*) => {
        $(
            #[wasm_bindgen_test]
            async fn $name() {
                suite::$name(&Disk::new()).await;
            }
        )*
    };
}

waxwing::for_each_store_check!(on_indexed_db);

// What only a browser can do.

const ACCOUNT: AccountId = AccountId(1);
const SECRET: &[u8] = b"a secret of romeo's that nobody may read";

/// Runs a script with arguments `a`, `b` and `c`; it may await.
async fn script(body: &str, arguments: [JsValue; 3]) -> JsValue {
    let body = format!("return (async () => {{ {body} }})()");
    let function = js_sys::Function::new_with_args("a,b,c", &body);
    let [a, b, c] = arguments;
    let promise = function.call3(&JsValue::NULL, &a, &b, &c).unwrap();
    JsFuture::from(promise.unchecked_into::<js_sys::Promise>())
        .await
        .unwrap()
}

const PROMISE: &str = "const done = request => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
});";

/// Overwrites a value behind the store's back.
async fn overwrite(database: &str, table: &str, value: JsValue) {
    let body = format!(
        "{PROMISE}
        const database = await done(indexedDB.open(a));
        const table = database.transaction(b, 'readwrite').objectStore(b);
        const [key] = await done(table.getAllKeys());
        const old = await done(table.get(key));
        await done(table.put(old.v ? {{...old, v: c}} : c, key));
        database.close();"
    );
    script(&body, [database.into(), table.into(), value]).await;
}

/// All values of a table.
async fn values(database: &str, table: &str) -> Array {
    let body = format!(
        "{PROMISE}
        const database = await done(indexedDB.open(a));
        const values = await done(database.transaction(b).objectStore(b).getAll());
        database.close();
        return values;"
    );
    let values = script(&body, [database.into(), table.into(), JsValue::NULL]).await;
    values.unchecked_into()
}

/// Replaces a property of something that tests share, until it is dropped.
struct Patch(Object, &'static str, JsValue);

impl Patch {
    fn new(holder: &str, name: &'static str, code: &str) -> Self {
        let holder: Object = js_sys::eval(holder).unwrap().unchecked_into();
        let old = Reflect::get_own_property_descriptor(&holder, &name.into()).unwrap();
        let function = js_sys::Function::new_with_args("old", code);
        let original = Reflect::get(&holder, &name.into()).unwrap_or(JsValue::UNDEFINED);
        let new = function.call1(&JsValue::NULL, &original).unwrap();
        let descriptor = Object::new();
        Reflect::set(&descriptor, &"value".into(), &new).unwrap();
        Reflect::set(&descriptor, &"configurable".into(), &true.into()).unwrap();
        Reflect::set(&descriptor, &"writable".into(), &true.into()).unwrap();
        Object::define_property(&holder, &name.into(), &descriptor);
        Self(holder, name, old)
    }
}

impl Drop for Patch {
    fn drop(&mut self) {
        if self.2.is_undefined() {
            // It was inherited.
            Reflect::delete_property(&self.0, &self.1.into()).unwrap();
        } else {
            Object::define_property(&self.0, &self.1.into(), self.2.unchecked_ref());
        }
    }
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn message(number: u64) -> Message {
    Message {
        id: ItemId(number),
        position: Position {
            time: Timestamp(1_700_000_000_000),
            tie: number,
        },
        conversation: address("juliet@example.org"),
        direction: Direction::Incoming,
        time: Timestamp(0),
        body: format!("message {number}"),
        ids: MessageIds::default(),
        delivery: Delivery::Sent,
    }
}

fn messages(numbers: Range<u64>) -> Batch {
    Batch {
        ops: numbers.map(|n| Op::PutMessage(message(n))).collect(),
    }
}

fn contact(number: u64) -> Contact {
    Contact {
        address: address(&format!("contact{number}@example.org")),
        name: None,
        groups: vec![],
        subscription: Subscription::Both,
        asked: false,
    }
}

async fn newest(store: &Rc<dyn Store>) -> Result<Vec<u64>, StoreError> {
    let query = PageQuery {
        conversation: address("juliet@example.org"),
        from: From::Newest,
        count: 100,
    };
    let messages = store.page(query).await?;
    Ok(messages.iter().map(|message| message.id.0).collect())
}

fn romeo() -> AccountRecord {
    AccountRecord {
        id: ACCOUNT,
        address: address("romeo@example.org"),
        websocket: None,
        mechanism: None,
        credentials: Some(SECRET.to_vec()),
        standing: Standing::Here,
    }
}

#[wasm_bindgen_test]
async fn credentials_are_sealed_by_a_key_that_cannot_be_read() {
    let disk = Disk::new();
    disk.depot().await.put_account(romeo()).await.unwrap();

    let rows = values(&disk.0, "accounts").await;
    let row = Uint8Array::from(rows.get(0)).to_vec();
    assert!(row.windows(17).any(|part| part == b"romeo@example.org"));
    for part in SECRET.windows(8) {
        assert!(!row.windows(8).any(|window| window == part));
    }
    let keys = values(&disk.0, "device").await;
    let key = keys.get(0).unchecked_into::<web_sys::CryptoKey>();
    assert!(!key.extractable());

    let kept = disk.depot().await.load().await.unwrap();
    assert!(kept.accounts == [romeo()]);
    assert_eq!(kept.skipped, 0);
}

#[wasm_bindgen_test]
async fn credentials_sealed_for_another_account_do_not_open() {
    let disk = Disk::new();
    let depot = disk.depot().await;
    depot.put_account(romeo()).await.unwrap();
    // The same row, but of another account: its id is the first number of the record.
    let row = Uint8Array::from(values(&disk.0, "accounts").await.get(0)).to_vec();
    assert_eq!(row[..3], [RECORD, 0, 1], "version, place, id");
    let mut moved = row.clone();
    moved[2] = 2;
    overwrite(&disk.0, "accounts", Uint8Array::from(&moved[..]).into()).await;
    let device = disk.depot().await.load().await.unwrap();
    assert_eq!(device.accounts[0].id, AccountId(2));
    assert_eq!(device.accounts[0].credentials, None);
    assert_eq!(device.skipped, 1);
}

#[wasm_bindgen_test]
async fn a_record_that_cannot_be_read_is_skipped_and_counted() {
    let disk = Disk::new();
    let database = format!("{}-{ACCOUNT}", disk.0);
    let depot = disk.depot().await;
    depot.put_account(romeo()).await.unwrap();
    depot
        .put_account(AccountRecord {
            id: AccountId(2),
            ..romeo()
        })
        .await
        .unwrap();
    let store = depot.open(ACCOUNT).await.unwrap();
    let peers = ["a@example.org", "b@example.org"].map(address);
    let roster = Roster {
        version: Some("v".into()),
        contacts: (0..1000).map(contact).collect(),
    };
    let mut batch = messages(0..3);
    batch.ops.extend([
        Op::PutConversation(Conversation::new(peers[0].clone())),
        Op::PutConversation(Conversation::new(peers[1].clone())),
        Op::PutRoster(roster),
        Op::PutCaps("a".into(), vec![]),
        Op::PutCaps("b".into(), vec![]),
        Op::PutPresence(OwnPresence::default()),
    ]);
    store.commit(batch).await.unwrap();

    let garbage = || JsValue::from(Uint8Array::from(&[1, 0xff, 0xff, 0xff][..]));
    let newer = || JsValue::from(Uint8Array::from(&[200, 1][..]));
    overwrite(&database, "conversations", garbage()).await;
    overwrite(&database, "roster", newer()).await;
    overwrite(&database, "caps", "not even bytes".into()).await;
    overwrite(&database, "messages", newer()).await;
    overwrite(&disk.0, "accounts", garbage()).await;

    let snapshot = store.load().await.unwrap();
    assert_eq!(snapshot.conversations.len(), 1);
    assert_eq!(snapshot.caps.len(), 1);
    assert_eq!(snapshot.skipped, 3);
    let roster = snapshot.roster.unwrap();
    assert!((800..1000).contains(&roster.contacts.len()));
    // So the server sends all of it again.
    assert_eq!(roster.version, None);
    assert_eq!(newest(&store).await.unwrap(), [1, 2]);
    // What a newer version can read is left alone.
    assert_eq!(store.take_damaged(), []);
    let juliet = address("juliet@example.org");
    disk.damage(ACCOUNT, juliet.clone(), vec![ItemId(1)]).await;
    assert_eq!(newest(&store).await.unwrap(), [2]);
    let damaged = Damaged {
        conversation: juliet,
        id: ItemId(1),
        position: message(1).position,
    };
    assert_eq!(store.take_damaged(), [damaged]);
    assert_eq!(store.take_damaged(), []);
    let device = disk.depot().await.load().await.unwrap();
    assert_eq!(device.accounts.len(), 1);
    assert_eq!(device.skipped, 1);
}

#[wasm_bindgen_test]
async fn a_newer_layout_is_left_alone() {
    let disk = Disk::new();
    let newer = format!("{PROMISE} (await done(indexedDB.open(a, 1000))).close();");
    let database = format!("{}-{ACCOUNT}", disk.0);
    script(&newer, [database.into(), JsValue::NULL, JsValue::NULL]).await;
    let refused = disk.depot().await.open(ACCOUNT).await.err();
    assert_eq!(refused, Some(StoreError::Newer));
    script(&newer, [(&disk.0).into(), JsValue::NULL, JsValue::NULL]).await;
    let refused = IndexedDbDepot::new(&disk.0).load().await.err();
    assert_eq!(refused, Some(StoreError::Newer));
}

/// The layout is the same, but some of the records say more than we know: not one of them is skipped, or written over.
#[wasm_bindgen_test]
async fn newer_records_are_left_alone() {
    let disk = Disk::new();
    let depot = disk.depot().await;
    depot.put_account(romeo()).await.unwrap();
    let store = depot.open(ACCOUNT).await.unwrap();
    store.commit(messages(0..3)).await.unwrap();
    let one_more = format!(
        "{PROMISE} const database = await done(indexedDB.open(a)), next = database.version + 1;
        database.close(); (await done(indexedDB.open(a, next))).close(); return next;"
    );
    for name in [format!("{}-{ACCOUNT}", disk.0), disk.0.clone()] {
        let next = script(&one_more, [name.into(), JsValue::NULL, JsValue::NULL]).await;
        assert_eq!(next, JsValue::from(SCHEMA * 256 + u32::from(RECORD) + 1));
    }
    let depot = disk.depot().await;
    assert_eq!(depot.load().await.err(), Some(StoreError::Newer));
    let refused = depot.put_account(romeo()).await;
    assert_eq!(refused, Err(StoreError::Newer));
    assert_eq!(depot.open(ACCOUNT).await.err(), Some(StoreError::Newer));
}

#[wasm_bindgen_test]
async fn every_older_layout_is_upgraded() {
    for version in 0..=SCHEMA {
        let disk = Disk::new();
        make_version(&disk.0, version, ACCOUNT).await.unwrap();
        suite::it_behaves_like_the_reference(&disk).await;
        suite::accounts_are_kept_in_order(&disk).await;
    }
}

#[wasm_bindgen_test]
async fn what_every_released_version_wrote_is_read() {
    let put = format!(
        "{PROMISE}
        const database = await done(indexedDB.open(a));
        for (const [table, key, value] of b) {{
            const rows = database.transaction(table, 'readwrite').objectStore(table);
            const old = await done(rows.get(key));
            await done(rows.put(old?.v ? {{...old, v: value}} : value, key));
        }}
        database.close();"
    );
    for old in RELEASED {
        let disk = Disk::new();
        make_version(&disk.0, 1, AccountId(9)).await.unwrap();
        let depot = disk.depot().await;
        let store = depot.open(AccountId(9)).await.unwrap();
        // Where a message stands, and by what it is found, is told beside it.
        let message = Op::PutMessage(released::message());
        let ops = vec![message];
        store.commit(Batch { ops }).await.unwrap();
        let item = waxwing::store::key::item(&released::message().conversation, ItemId(7));
        let row = |table: &str, key: JsValue, hex: &str| {
            let value = Uint8Array::from(&released::bytes(hex)[..]);
            Array::of3(&table.into(), &key, &value)
        };
        let rows = Array::new();
        rows.push(&row(
            "messages",
            Uint8Array::from(&item[..]).into(),
            old.message,
        ));
        rows.push(&row(
            "conversations",
            "juliet@example.org".into(),
            old.conversation,
        ));
        rows.push(&row("roster", 0.into(), old.chunk));
        rows.push(&row("caps", "v".into(), old.caps));
        for (key, hex) in [
            ("roster", old.head),
            ("presence", old.presence),
            ("cursor", old.cursor),
        ] {
            rows.push(&row("meta", key.into(), hex));
        }
        let database = format!("{}-{}", disk.0, AccountId(9));
        script(&put, [database.into(), rows.into(), JsValue::NULL]).await;
        let rows = Array::of2(
            &row("accounts", AccountId(9).to_string().into(), old.account),
            &row("device", "settings".into(), old.settings),
        );
        script(&put, [(&disk.0).into(), rows.into(), JsValue::NULL]).await;

        let held = disk.depot().await.open(AccountId(9)).await.unwrap();
        let held = (held.load().await.unwrap(), newest(&held).await.unwrap());
        let (snapshot, messages) = held;
        assert_eq!(messages, [7]);
        assert_eq!(snapshot.skipped, 0);
        assert_eq!(snapshot.conversations, [released::conversation()]);
        let roster = snapshot.roster.unwrap();
        assert_eq!(roster.version, released::head().version);
        assert_eq!(roster.contacts, released::chunk().contacts);
        let caps = released::caps();
        assert_eq!(snapshot.caps, [(caps.ver, caps.features)]);
        assert_eq!(snapshot.presence, released::presence());
        assert_eq!(snapshot.cursor, Some(released::cursor()));
        let device = disk.depot().await.load().await.unwrap();
        assert_eq!(device.settings, released::settings());
        assert_eq!(
            device.accounts[0].address,
            released::account().account.address
        );
        // Nobody sealed these credentials here.
        assert_eq!(
            (device.accounts[0].credentials.clone(), device.skipped),
            (None, 1)
        );
    }
}

/// What exists nowhere else is brought to the disk itself, not only handed to the system; for all else that is too slow.
#[wasm_bindgen_test]
async fn what_is_on_its_way_out_is_flushed() {
    let record = "self.durabilities = []; return function(names, mode, options) {
        if (mode === 'readwrite') self.durabilities.push(options?.durability);
        return old.apply(this, arguments);
    }";
    let _patch = Patch::new("IDBDatabase.prototype", "transaction", record);
    let written = || {
        let written = js_sys::eval("self.durabilities.splice(0).join()").unwrap();
        written.as_string().unwrap()
    };
    let disk = Disk::new();
    let store = disk.depot().await.open(ACCOUNT).await.unwrap();
    written();
    store.commit(messages(0..3)).await.unwrap();
    assert_eq!(written(), "relaxed");
    let ours = Message {
        direction: Direction::Outgoing,
        delivery: Delivery::Sending,
        ..message(3)
    };
    let ops = vec![Op::PutMessage(ours)];
    store.commit(Batch { ops }).await.unwrap();
    // It is behind this one in the same table.
    store.load().await.unwrap();
    assert_eq!(written(), "relaxed,strict");
}

#[wasm_bindgen_test]
async fn a_database_of_a_build_that_never_made_room_is_looked_through_once() {
    let disk = Disk::new();
    let store = disk.depot().await.open(ACCOUNT).await.unwrap();
    assert!(!store.load().await.unwrap().doubted);
    let forget = format!(
        "{PROMISE}
        const database = await done(indexedDB.open(a));
        await done(database.transaction('meta', 'readwrite').objectStore('meta').delete('trusted'));
        database.close();"
    );
    let database = format!("{}-{ACCOUNT}", disk.0);
    script(&forget, [database.into(), JsValue::NULL, JsValue::NULL]).await;
    assert!(store.load().await.unwrap().doubted);
}

/// Whoever removes a database is not held up, and it is not made anew.
#[wasm_bindgen_test]
async fn a_database_that_somebody_removes_stays_removed() {
    let names = "return (await indexedDB.databases()).map(database => database.name).includes(a)";
    for with_event in [true, false] {
        let opened = "self.opened = []; return function(...args) {
            const request = old.apply(this, args);
            request.addEventListener('success', () => self.opened.push(request.result));
            return request;
        }";
        let _patch = Patch::new("IDBFactory.prototype", "open", opened);
        let disk = Disk::new();
        let database = JsValue::from(format!("{}-{ACCOUNT}", disk.0));
        let store = disk.depot().await.open(ACCOUNT).await.unwrap();
        store.commit(messages(0..3)).await.unwrap();
        let remove = if with_event {
            // By a page.
            format!("{PROMISE} await done(indexedDB.deleteDatabase(a));")
        } else {
            // By the browser, which closes it first.
            format!(
                "{PROMISE} const last = self.opened.at(-1); last.onversionchange = null; last.close();
                await done(indexedDB.deleteDatabase(a)); last.dispatchEvent(new Event('close'));"
            )
        };
        script(&remove, [database.clone(), JsValue::NULL, JsValue::NULL]).await;
        for _ in 0..2 {
            assert_eq!(newest(&store).await, Err(StoreError::Removed));
            let refused = store.commit(messages(3..4)).await;
            assert_eq!(refused, Err(StoreError::Removed));
        }
        let is_there = script(names, [database, JsValue::NULL, JsValue::NULL]).await;
        assert_eq!(is_there, JsValue::FALSE);
        // Another engine begins anew.
        let store = disk.depot().await.open(ACCOUNT).await.unwrap();
        assert_eq!(newest(&store).await, Ok(vec![]));
    }
}

/// A window that does not let go, of a page that sleeps or is of somebody else.
#[wasm_bindgen_test]
async fn a_database_that_another_window_holds_is_given_up_within_five_seconds() {
    let disk = Disk::new();
    let database = JsValue::from(format!("{}-{ACCOUNT}", disk.0));
    let hold = format!(
        "{PROMISE} self.holding = await done(indexedDB.open(a, 1));
        // It is to be removed, and waits for who holds it; and everybody waits for that.
        self.removal = indexedDB.deleteDatabase(a);
        await new Promise(blocked => {{ self.removal.onblocked = blocked; }});"
    );
    script(&hold, [database, JsValue::NULL, JsValue::NULL]).await;
    let start = js_sys::Date::now();
    let depot = disk.depot().await;
    let refused = depot.open(ACCOUNT).await.err();
    let waited = js_sys::Date::now() - start;
    assert!(
        matches!(refused, Some(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    assert!(waited < 5_500.0, "{waited}");
    // So is what is to be erased.
    let start = js_sys::Date::now();
    assert!(depot.erase(ACCOUNT).await.is_err());
    let waited = js_sys::Date::now() - start;
    assert!(waited < 6_000.0, "{waited}");
    script(
        "self.holding.close()",
        [JsValue::NULL, JsValue::NULL, JsValue::NULL],
    )
    .await;
    let store = disk.depot().await.open(ACCOUNT).await.unwrap();
    assert_eq!(newest(&store).await, Ok(vec![]));
}

/// Another engine that is asleep in the middle of a transaction, and goes on one day.
#[wasm_bindgen_test]
async fn who_waits_for_a_transaction_of_somebody_else_gives_up_and_goes_on_when_it_is_over() {
    let disk = Disk::new();
    let depot = disk.depot().await;
    depot.put_account(romeo()).await.unwrap();
    let store = depot.open(ACCOUNT).await.unwrap();
    store.commit(messages(0..3)).await.unwrap();
    let hold = format!(
        "{PROMISE} const database = await done(indexedDB.open(a));
        self.held ??= [];
        const holder = {{ goes: true }};
        self.held.push(holder);
        const table = database.transaction(b, 'readwrite').objectStore(b);
        const hold = () => {{
            if (holder.goes) table.get('nothing').onsuccess = hold; else database.close();
        }};
        await new Promise(held => {{ table.get('nothing').onsuccess = () => {{ hold(); held(); }}; }});"
    );
    let database = format!("{}-{ACCOUNT}", disk.0);
    for (name, table) in [(&database, "messages"), (&disk.0, "accounts")] {
        script(&hold, [name.into(), table.into(), JsValue::NULL]).await;
    }
    let start = js_sys::Date::now();
    let (read, written, known) = futures::join!(
        newest(&store),
        store.commit(messages(3..5)),
        disk.depot().then(async |depot| depot.load().await),
    );
    let waited = js_sys::Date::now() - start;
    assert!((9_000.0..14_000.0).contains(&waited), "{waited}");
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    assert!(
        matches!(written, Err(StoreError::Unavailable(_))),
        "{written:?}"
    );
    assert!(
        matches!(known, Err(StoreError::Unavailable(_))),
        "{known:?}"
    );
    // Whoever asks now is told at once.
    let start = js_sys::Date::now();
    assert!(newest(&store).await.is_err());
    assert!(store.commit(messages(3..6)).await.is_err());
    let waited = js_sys::Date::now() - start;
    assert!(waited < 1_000.0, "{waited}");
    js_sys::eval("self.held.forEach(holder => { holder.goes = false; })").unwrap();
    let mut again = store.commit(messages(3..7)).await;
    while again.is_err() && js_sys::Date::now() - start < 10_000.0 {
        script(
            "await new Promise(done => setTimeout(done, 20))",
            [JsValue::NULL, JsValue::NULL, JsValue::NULL],
        )
        .await;
        again = store.commit(messages(3..7)).await;
    }
    assert_eq!(again, Ok(()));
    assert_eq!(newest(&store).await.unwrap(), [0, 1, 2, 3, 4, 5, 6]);
    assert!(disk.depot().await.load().await.unwrap().accounts == [romeo()]);
}

#[wasm_bindgen_test]
async fn a_connection_that_was_taken_away_is_opened_anew() {
    let opened = "self.opened = []; return function(...args) {
        const request = old.apply(this, args);
        request.addEventListener('success', () => self.opened.push(request.result));
        return request;
    }";
    let _patch = Patch::new("IDBFactory.prototype", "open", opened);
    let disk = Disk::new();
    let store = disk.depot().await.open(ACCOUNT).await.unwrap();
    store.commit(messages(0..3)).await.unwrap();
    // Closed, and nobody was told: the next transaction fails.
    js_sys::eval("self.opened.at(-1).close()").unwrap();
    assert_eq!(newest(&store).await.unwrap(), [0, 1, 2]);
    js_sys::eval("self.opened.at(-1).close()").unwrap();
    store.commit(messages(3..5)).await.unwrap();
    // Closed by the browser, with an event.
    js_sys::eval(
        "const last = self.opened.at(-1); last.close(); last.dispatchEvent(new Event('close'))",
    )
    .unwrap();
    assert_eq!(newest(&store).await.unwrap(), [0, 1, 2, 3, 4]);
}

#[wasm_bindgen_test]
async fn a_database_that_another_build_wants_is_given_up() {
    let disk = Disk::new();
    let database = format!("{}-{ACCOUNT}", disk.0);
    let store = disk.depot().await.open(ACCOUNT).await.unwrap();
    let newer = format!("{PROMISE} (await done(indexedDB.open(a, 1000))).close();");
    // It is not blocked by us.
    script(&newer, [database.into(), JsValue::NULL, JsValue::NULL]).await;
    let refused = newest(&store).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
}

#[wasm_bindgen_test]
async fn a_full_disk_leaves_nothing_half_written() {
    let disk = Disk::new();
    let store = disk.depot().await.open(ACCOUNT).await.unwrap();
    store.commit(messages(0..2)).await.unwrap();
    {
        let full = "let count = 0; return function(...args) {
            if (++count > 10) throw new DOMException('full', 'QuotaExceededError');
            return old.apply(this, args);
        }";
        let _patch = Patch::new("IDBObjectStore.prototype", "put", full);
        let refused = store.commit(messages(2..50)).await;
        assert_eq!(refused, Err(StoreError::Full));
    }
    assert_eq!(newest(&store).await.unwrap(), [0, 1]);
    {
        // Aborted only when all is written, with no error of any request.
        let full = "return function() {
            Object.defineProperty(this, 'error', {
                value: new DOMException('full', 'QuotaExceededError'),
            });
            this.abort();
        }";
        let _patch = Patch::new("IDBTransaction.prototype", "commit", full);
        let refused = store.commit(messages(2..50)).await;
        assert_eq!(refused, Err(StoreError::Full));
    }
    store.commit(messages(2..3)).await.unwrap();
    assert_eq!(newest(&store).await.unwrap(), [0, 1, 2]);
}

#[wasm_bindgen_test]
async fn a_browser_that_keeps_nothing_is_told_at_once() {
    let _patch = Patch::new("self", "indexedDB", "return undefined");
    let refused = IndexedDbDepot::new("test").load().await.err();
    assert!(
        matches!(refused, Some(StoreError::Unavailable(_))),
        "{refused:?}"
    );
}

#[wasm_bindgen_test]
async fn a_browser_that_refuses_is_told_at_once() {
    let refuses = "return () => { throw new DOMException('no', 'SecurityError') }";
    let _patch = Patch::new("IDBFactory.prototype", "open", refuses);
    let refused = IndexedDbDepot::new("test").load().await.err();
    assert!(
        matches!(refused, Some(StoreError::Unavailable(_))),
        "{refused:?}"
    );
}

#[wasm_bindgen_test]
async fn a_browser_that_never_answers_is_given_up_after_three_seconds() {
    let _patch = Patch::new(
        "IDBFactory.prototype",
        "open",
        "return () => new EventTarget()",
    );
    let start = js_sys::Date::now();
    let refused = IndexedDbDepot::new("test").load().await.err();
    assert!(
        matches!(refused, Some(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    let waited = js_sys::Date::now() - start;
    assert!((2_900.0..4_900.0).contains(&waited), "{waited}");
}

#[wasm_bindgen_test]
async fn without_webcrypto_credentials_are_not_kept() {
    let disk = Disk::new();
    {
        let _patch = Patch::new("Crypto.prototype", "subtle", "return undefined");
        disk.depot().await.put_account(romeo()).await.unwrap();
    }
    let accounts = disk.depot().await.load().await.unwrap().accounts;
    assert!(
        accounts
            == [AccountRecord {
                credentials: None,
                ..romeo()
            }]
    );
}
