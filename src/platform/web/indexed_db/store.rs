//! One account's store on IndexedDB.

use std::rc::Rc;

use futures::FutureExt;
use indexed_db_futures::KeyRange;
use indexed_db_futures::cursor::CursorDirection;
use indexed_db_futures::database::Database;
use indexed_db_futures::error::Error;
use indexed_db_futures::index::Index;
use indexed_db_futures::internals::SystemRepr;
use indexed_db_futures::object_store::ObjectStore;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::{
    TransactionDurability, TransactionMode, TransactionOptions, TransactionRef,
};
use wasm_bindgen::prelude::*;

use super::layout::{BY_NAME, BY_PLACE, CAPS, CONVERSATIONS, MESSAGES, META, OUTBOX, ROSTER};
use super::link::Link;
use super::roster::{self, HEAD};
use super::row::{self, Fields, bytes, readable};
use crate::entity::address::Address;
use crate::entity::archive::Cursor;
use crate::entity::message::{Delivery, Direction, Message, Position};
use crate::entity::order;
use crate::entity::presence::OwnPresence;
use crate::store::key::{self, Places};
use crate::store::schema::{Capabilities, ContactChunk, RosterHead};
use crate::store::{
    Batch, FIND_LIMIT, From, Name, Op, PageQuery, Roster, Snapshot, Store, StoreError, Stored,
};

/// The key of our own presence in [`META`].
const PRESENCE: &str = "presence";
/// The key of the cursor in [`META`]; databases of builds that did not catch up have none.
const CURSOR: &str = "cursor";

/// A record of nothing in [`META`]: writing it brings all that was written before to the disk.
const FLUSHED: &str = "flushed";

/// How many rows are read at a time where the end is not known.
const STRIDE: u32 = 256;

/// One account's store.
pub(super) struct IndexedDbStore {
    link: Rc<Link>,
}

impl IndexedDbStore {
    pub(super) fn new(link: Rc<Link>) -> Self {
        Self { link }
    }

    /// Closes for good, and destroys the database.
    pub(super) async fn destroy(&self) -> Result<(), StoreError> {
        self.link.destroy().await
    }
}

impl Store for IndexedDbStore {
    fn load(&self) -> Stored<'_, Snapshot> {
        self.link.with(load).boxed_local()
    }

    fn page(&self, query: PageQuery) -> Stored<'_, Vec<Message>> {
        async move {
            let work = async |database: &Database| page(database, &query).await;
            self.link.with(work).await
        }
        .boxed_local()
    }

    fn find(&self, conversation: Address, names: Vec<Name>) -> Stored<'_, Vec<Message>> {
        async move {
            let work = async |database: &Database| find(database, &conversation, &names).await;
            self.link.with(work).await
        }
        .boxed_local()
    }

    fn count_unread(
        &self,
        conversation: Address,
        after: Option<Position>,
        limit: u32,
    ) -> Stored<'_, u32> {
        async move {
            let places = match after {
                Some(position) => Places::after(&conversation, position),
                None => Places::all(&conversation),
            };
            let work = async |database: &Database| count(database, &places, limit).await;
            self.link.with(work).await
        }
        .boxed_local()
    }

    fn commit(&self, batch: Batch) -> Stored<'_, ()> {
        async move {
            if batch.is_empty() {
                return Ok(());
            }
            let work = async |database: &Database| commit(database, &batch).await;
            self.link.with(work).await
        }
        .boxed_local()
    }
}

async fn load(database: &Database) -> Result<Snapshot, Error> {
    let tables = [MESSAGES, CONVERSATIONS, ROSTER, CAPS, META];
    let transaction = database.transaction(tables).build()?;
    let [messages, conversations, chunks, caps, meta] = [
        transaction.object_store(MESSAGES)?,
        transaction.object_store(CONVERSATIONS)?,
        transaction.object_store(ROSTER)?,
        transaction.object_store(CAPS)?,
        transaction.object_store(META)?,
    ];
    let outbox = messages.index(OUTBOX)?;
    // All are asked for before any answer is awaited.
    let outbox = outbox.get_all::<JsValue>().primitive()?;
    let conversations = conversations.get_all::<JsValue>().primitive()?;
    let chunks = chunks.get_all::<JsValue>().primitive()?;
    let caps = caps.get_all::<JsValue>().primitive()?;
    let head = meta.get::<JsValue, _, _>(HEAD).primitive()?;
    let presence = meta.get::<JsValue, _, _>(PRESENCE).primitive()?;
    let cursor = meta.get::<JsValue, _, _>(CURSOR).primitive()?;

    let mut skipped = 0;
    let fields = Fields::new();
    let outbox = readable(outbox.await?, &mut skipped, |row| fields.read(row))?;
    let conversations = readable(conversations.await?, &mut skipped, row::read)?;
    let undamaged = skipped;
    let chunks: Vec<ContactChunk> = readable(chunks.await?, &mut skipped, row::read)?;
    let damaged = skipped != undamaged;
    let caps: Vec<Capabilities> = readable(caps.await?, &mut skipped, row::read)?;
    let head: Vec<RosterHead> = readable(head.await?.into_iter().map(Ok), &mut skipped, row::read)?;
    let presence: Vec<OwnPresence> =
        readable(presence.await?.into_iter().map(Ok), &mut skipped, row::read)?;
    let cursor: Vec<Cursor> = readable(cursor.await?.into_iter().map(Ok), &mut skipped, row::read)?;
    let roster = head.into_iter().next().map(|head| Roster {
        // Where contacts are missing, the server must send all of them again.
        version: head.version.filter(|_| !damaged),
        contacts: chunks
            .into_iter()
            .flat_map(|chunk| chunk.contacts)
            .collect(),
    });
    Ok(Snapshot {
        roster,
        conversations,
        outbox,
        caps: caps
            .into_iter()
            .map(|caps| (caps.ver, caps.features))
            .collect(),
        presence: presence.into_iter().next().unwrap_or_default(),
        cursor: cursor.into_iter().next(),
        skipped,
    })
}

/// Both bounds exclusive.
fn range(lower: JsValue, upper: JsValue) -> KeyRange<JsValue> {
    KeyRange::Bound(lower, true, upper, true)
}

fn all_of(places: &Places) -> KeyRange<JsValue> {
    range(bytes(&places.lower), bytes(&places.upper))
}

/// Reads rows by place, newest first.
async fn rows(
    places: &Index<'_>,
    range: KeyRange<JsValue>,
    limit: u32,
) -> Result<Vec<JsValue>, Error> {
    let asked = places.get_all::<JsValue>().with_query::<JsValue, _>(range);
    asked.with_limit(limit).primitive()?.await?.collect()
}

async fn page(database: &Database, query: &PageQuery) -> Result<Vec<Message>, Error> {
    if query.count == 0 {
        return Ok(Vec::new());
    }
    let transaction = database.transaction(MESSAGES).build()?;
    let table = transaction.object_store(MESSAGES)?;
    let index = table.index(BY_PLACE)?;
    let range = match query.from {
        From::Newest => all_of(&Places::all(&query.conversation)),
        From::Before(position) => all_of(&Places::before(&query.conversation, position)),
        From::After(position) => {
            let places = Places::after(&query.conversation, position);
            nearest(&index, &places, query.count).await?
        }
    };
    let rows = rows(&index, range, query.count).await?;
    let fields = Fields::new();
    let newest_first = rows.into_iter().rev().map(Ok);
    readable(newest_first, &mut 0, |row| fields.read(row))
}

/// Narrows a range to so many places at its end: those nearest to what they come after.
async fn nearest(
    index: &Index<'_>,
    places: &Places,
    count: u32,
) -> Result<KeyRange<JsValue>, Error> {
    let cursor = index
        .open_key_cursor()
        .with_query::<JsValue, _>(all_of(places))
        .with_direction(CursorDirection::Prev)
        .primitive()?
        .await?;
    let Some(mut cursor) = cursor else {
        return Ok(all_of(places));
    };
    // A cursor that ran past its end tells no key, or still the first.
    let first = key_of(cursor.as_sys())?;
    cursor.advance_by(count - 1).await?;
    let last = key_of(cursor.as_sys())?;
    match last {
        Some(last) if count == 1 || Some(&last) != first.as_ref() => Ok(KeyRange::Bound(
            bytes(&last),
            false,
            bytes(&places.upper),
            true,
        )),
        _ => Ok(all_of(places)),
    }
}

fn key_of(cursor: &web_sys::IdbCursor) -> Result<Option<Vec<u8>>, Error> {
    let key = cursor.key()?;
    Ok(key
        .is_instance_of::<js_sys::ArrayBuffer>()
        .then(|| js_sys::Uint8Array::new(&key).to_vec()))
}

async fn find(
    database: &Database,
    conversation: &Address,
    names: &[Name],
) -> Result<Vec<Message>, Error> {
    let transaction = database.transaction(MESSAGES).build()?;
    let table = transaction.object_store(MESSAGES)?;
    let index = table.index(BY_NAME)?;
    let mut items = Vec::new();
    let mut others = Vec::new();
    // All are asked for before any answer is awaited.
    for name in names {
        if let Name::Item(id) = name {
            let key = bytes(&key::item(conversation, *id));
            items.push(table.get::<JsValue, JsValue, _>(key).primitive()?);
        } else {
            let key = bytes(&key::name(conversation, name));
            let asked = index.get_all::<JsValue>().with_query::<JsValue, _>(key);
            others.push(asked.with_limit(FIND_LIMIT).primitive()?);
        }
    }
    let fields = Fields::new();
    let mut found = Vec::new();
    for item in items {
        let rows = item.await?.into_iter().map(Ok);
        found.extend(readable(rows, &mut 0, |row| fields.read(row))?);
    }
    for other in others {
        found.extend(readable(other.await?, &mut 0, |row| fields.read(row))?);
    }
    // A long name is kept by its hash: the message itself decides.
    found.retain(|message: &Message| message.names().any(|name| names.contains(&name)));
    order::sort_by(&mut found, Message::by_place);
    found.dedup_by_key(|message| message.id);
    Ok(found)
}

async fn count(database: &Database, places: &Places, limit: u32) -> Result<u32, Error> {
    let transaction = database.transaction(MESSAGES).build()?;
    let table = transaction.object_store(MESSAGES)?;
    let index = table.index(BY_PLACE)?;
    let fields = Fields::new();
    let upper = bytes(&places.upper);
    let mut lower = bytes(&places.lower);
    let mut count = 0;
    while count < limit {
        let rows = rows(&index, range(lower, upper.clone()), STRIDE).await?;
        let last = rows.last().and_then(|row| fields.place(row));
        let stride = rows.len();
        let messages = readable(rows.into_iter().map(Ok), &mut 0, |row| fields.read(row))?;
        let incoming = messages
            .iter()
            .filter(|message| message.direction == Direction::Incoming)
            .count();
        count += u32::try_from(incoming).unwrap_or(u32::MAX);
        match last {
            Some(last) if stride == STRIDE as usize => lower = last,
            _ => break,
        }
    }
    Ok(count.min(limit))
}

async fn commit(database: &Database, batch: &Batch) -> Result<(), Error> {
    let mut tables: Vec<_> = batch.ops.iter().flat_map(tables_of).copied().collect();
    order::sort(&mut tables);
    tables.dedup();
    let transaction = database
        .transaction(tables.as_slice())
        .with_mode(TransactionMode::Readwrite)
        .with_options(TransactionOptions::new().with_durability(TransactionDurability::Relaxed))
        .build()?;
    roster::apply(&transaction, &batch.ops).await?;
    let mut writer = Writer {
        transaction: &transaction,
        fields: Fields::new(),
        messages: None,
    };
    for op in &batch.ops {
        writer.write(op)?;
    }
    row::commit(transaction).await?;
    if is_precious(batch) {
        let flushed = flush(database.clone());
        wasm_bindgen_futures::spawn_local(flushed.map(drop));
    }
    Ok(())
}

fn tables_of(op: &Op) -> &'static [&'static str] {
    match op {
        Op::PutRoster(_) | Op::PutContact(..) | Op::RemoveContact(..) => &[ROSTER, META],
        Op::PutConversation(_) => &[CONVERSATIONS],
        Op::PutMessage(_) | Op::RemoveMessage(..) => &[MESSAGES],
        Op::PutCaps(..) => &[CAPS],
        Op::PutPresence(_) | Op::PutCursor(_) => &[META],
    }
}

/// Sees to it that what was committed is on the disk, not only with the system. What we wrote ourselves is nowhere
/// else until the server has it, but nobody waits for the disk before it is sent: that takes ten times as long.
async fn flush(database: Database) -> Result<(), Error> {
    let transaction = database
        .transaction(META)
        .with_mode(TransactionMode::Readwrite)
        .with_options(TransactionOptions::new().with_durability(TransactionDurability::Strict))
        .build()?;
    put(
        &transaction.object_store(META)?,
        FLUSHED.into(),
        JsValue::NULL,
    )?;
    row::commit(transaction).await
}

/// Whether a batch holds what exists nowhere else.
fn is_precious(batch: &Batch) -> bool {
    batch
        .ops
        .iter()
        .any(|op| matches!(op, Op::PutMessage(message) if message.delivery == Delivery::Sending))
}

/// Issues the writes of a batch. Nothing is awaited between them.
struct Writer<'a> {
    transaction: &'a TransactionRef<'a>,
    fields: Fields,
    messages: Option<ObjectStore<'a>>,
}

impl<'a> Writer<'a> {
    fn write(&mut self, op: &Op) -> Result<(), Error> {
        match op {
            Op::PutMessage(message) => {
                let row = self.fields.write(message)?;
                let key = bytes(&key::item(&message.conversation, message.id));
                put(self.messages()?, key, row)
            }
            Op::RemoveMessage(conversation, id) => {
                let key = bytes(&key::item(conversation, *id));
                self.messages()?.delete::<JsValue, _>(key).primitive()?;
                Ok(())
            }
            Op::PutConversation(conversation) => self.put(
                CONVERSATIONS,
                conversation.peer.as_str(),
                row::record(conversation),
            ),
            Op::PutCaps(ver, features) => {
                let caps = Capabilities {
                    ver: ver.clone(),
                    features: features.clone(),
                };
                self.put(CAPS, ver, row::record(&caps))
            }
            Op::PutPresence(presence) => self.put(META, PRESENCE, row::record(presence)),
            Op::PutCursor(cursor) => self.put(META, CURSOR, row::record(cursor)),
            Op::PutRoster(_) | Op::PutContact(..) | Op::RemoveContact(..) => Ok(()),
        }
    }

    fn put(&self, table: &str, key: &str, value: JsValue) -> Result<(), Error> {
        put(&self.transaction.object_store(table)?, key.into(), value)
    }

    fn messages(&mut self) -> Result<&ObjectStore<'a>, Error> {
        if self.messages.is_none() {
            self.messages = Some(self.transaction.object_store(MESSAGES)?);
        }
        self.messages.as_ref().ok_or_else(|| JsValue::NULL.into())
    }
}

fn put(table: &ObjectStore<'_>, key: JsValue, value: JsValue) -> Result<(), Error> {
    table
        .put(value)
        .with_key(key)
        .without_key_type()
        .primitive()?;
    Ok(())
}
