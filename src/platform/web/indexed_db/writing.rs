//! Writing a batch.

use std::time::Duration;

use futures::FutureExt;
use indexed_db_futures::database::Database;
use indexed_db_futures::error::Error;
use indexed_db_futures::object_store::ObjectStore;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::{
    TransactionDurability, TransactionMode, TransactionOptions, TransactionRef,
};
use wasm_bindgen::prelude::*;

use super::layout::{CAPS, CONVERSATIONS, CURSOR, GAPS, MESSAGES, META, PRESENCE, ROSTER, TRUSTED};
use super::link::PATIENCE_WORK;
use super::roster;
use super::row::{self, Fields, bytes};
use crate::entity::order;
use crate::store::key;
use crate::store::schema::Capabilities;
use crate::store::{Batch, Op};

/// How much longer a transaction may take for each of its writes.
const PATIENCE_WRITE: Duration = Duration::from_millis(20);

/// A record of nothing in [`META`]: writing it brings all that was written before to the disk.
const FLUSHED: &str = "flushed";

/// How long a batch may take: a large one takes a slow disk long, and is no sign that it does not answer.
pub(super) fn patience(batch: &Batch) -> Duration {
    let writes = u32::try_from(batch.ops.len()).unwrap_or(u32::MAX);
    PATIENCE_WORK.saturating_add(PATIENCE_WRITE.saturating_mul(writes))
}

/// Writes a batch in one transaction.
pub(super) async fn commit(database: &Database, batch: &Batch) -> Result<(), Error> {
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
        Op::PutPresence(_) | Op::PutCursor(_) | Op::PutGaps(_) | Op::Trust(_) => &[META],
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
        .any(|op| matches!(op, Op::PutMessage(message) if message.delivery.is_pending()))
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
            Op::Trust(true) => self.put(META, TRUSTED, JsValue::TRUE),
            Op::Trust(false) => {
                let meta = self.transaction.object_store(META)?;
                meta.delete::<JsValue, _>(JsValue::from(TRUSTED))
                    .primitive()?;
                Ok(())
            }
            Op::PutGaps(gaps) => self.put(META, GAPS, row::record(gaps)),
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
