//! One account's store on IndexedDB.

use std::cell::RefCell;
use std::rc::Rc;

use futures::FutureExt;
use indexed_db_futures::database::Database;
use indexed_db_futures::error::Error;
use indexed_db_futures::prelude::*;
use wasm_bindgen::prelude::*;

use super::layout::{
    CAPS, CONVERSATIONS, CURSOR, GAPS, MESSAGES, META, OUTBOX, PRESENCE, ROSTER, TRUSTED,
};
use super::link::Link;
use super::roster::HEAD;
use super::row::{self, Fields, readable};
use super::{reading, writing};
use crate::entity::address::Address;
use crate::entity::archive::{Cursor, Gaps};
use crate::entity::message::{Message, Position};
use crate::entity::presence::OwnPresence;
use crate::store::key::Places;
use crate::store::schema::{Capabilities, ContactChunk, RosterHead};
use crate::store::{Batch, Damaged, Name, PageQuery, Roster, Snapshot, Store, StoreError, Stored};

/// One account's store.
pub(super) struct IndexedDbStore {
    link: Rc<Link>,
    damaged: RefCell<Vec<Damaged>>,
}

impl IndexedDbStore {
    pub(super) fn new(link: Rc<Link>) -> Self {
        Self {
            link,
            damaged: RefCell::default(),
        }
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
            let damaged = &self.damaged;
            let work = async |database: &Database| reading::page(database, &query, damaged).await;
            self.link.with(work).await
        }
        .boxed_local()
    }

    fn take_damaged(&self) -> Vec<Damaged> {
        self.damaged.take()
    }

    fn find(&self, conversation: Address, names: Vec<Name>) -> Stored<'_, Vec<Message>> {
        async move {
            let work =
                async |database: &Database| reading::find(database, &conversation, &names).await;
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
            let work = async |database: &Database| reading::count(database, &places, limit).await;
            self.link.with(work).await
        }
        .boxed_local()
    }

    fn commit(&self, batch: Batch) -> Stored<'_, ()> {
        async move {
            if batch.is_empty() {
                return Ok(());
            }
            let work = async |database: &Database| writing::commit(database, &batch).await;
            self.link.within(writing::patience(&batch), work).await
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
    let trusted = meta.get::<JsValue, _, _>(TRUSTED).primitive()?;
    let gaps = meta.get::<JsValue, _, _>(GAPS).primitive()?;

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
    let gaps: Vec<Gaps> = readable(gaps.await?.into_iter().map(Ok), &mut skipped, row::read)?;
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
        doubted: trusted.await?.is_none(),
        gaps: gaps.into_iter().next().unwrap_or_default(),
        skipped,
    })
}
