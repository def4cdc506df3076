//! What stands in the tables: records as bytes, and messages with the keys of their indexes.

use indexed_db_futures::error::Error;
use indexed_db_futures::internals::SystemRepr;
use indexed_db_futures::transaction::Transaction;
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::entity::id::ItemId;
use crate::entity::message::{Message, Position};
use crate::store::key;
use crate::store::schema::{self, Record, Unreadable};

/// Bytes as a key or a value.
pub(super) fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

/// A record as a value.
pub(super) fn record<T: Record>(record: &T) -> JsValue {
    bytes(&schema::write(record))
}

/// Reads a record; what is no record is damaged.
pub(super) fn read<T: Record>(value: &JsValue) -> Result<T, Unreadable> {
    match value.dyn_ref::<Uint8Array>() {
        Some(bytes) => schema::read(&bytes.to_vec()),
        None => Err(Unreadable::Damaged),
    }
}

/// The names of a message row's fields.
pub(super) struct Fields {
    value: JsValue,
    place: JsValue,
    names: JsValue,
    outbox: JsValue,
}

impl Fields {
    pub(super) fn new() -> Self {
        Self {
            value: "v".into(),
            place: "p".into(),
            names: "n".into(),
            outbox: "o".into(),
        }
    }

    /// A message as a row.
    pub(super) fn write(&self, message: &Message) -> Result<JsValue, Error> {
        let conversation = &message.conversation;
        let place = key::place(conversation, message.position, message.id);
        let names = Array::new();
        for name in message.names().skip(1) {
            names.push(&bytes(&key::name(conversation, &name)));
        }
        let row = Object::new();
        Reflect::set(&row, &self.value, &record(message))?;
        Reflect::set(&row, &self.place, &bytes(&place))?;
        Reflect::set(&row, &self.names, &names)?;
        if message.delivery.is_pending() {
            let moment = key::moment(message.position, message.id);
            Reflect::set(&row, &self.outbox, &bytes(&moment))?;
        }
        Ok(row.into())
    }

    /// The message of a row.
    pub(super) fn read(&self, row: &JsValue) -> Result<Message, Unreadable> {
        let value = Reflect::get(row, &self.value).map_err(|_| Unreadable::Damaged)?;
        read(&value)
    }

    /// The place of a row: every row has one, whether or not its message can be read.
    pub(super) fn place(&self, row: &JsValue) -> Option<Vec<u8>> {
        let place = Reflect::get(row, &self.place).ok()?;
        Some(place.dyn_ref::<Uint8Array>()?.to_vec())
    }

    /// Which message a row is of, and where that stands: that is known, too, of every row.
    pub(super) fn placed(&self, row: &JsValue) -> Option<(Position, ItemId)> {
        key::placed(&self.place(row)?)
    }
}

/// Keeps what can be read, and counts the rest.
pub(super) fn readable<T>(
    rows: impl Iterator<Item = Result<JsValue, Error>>,
    skipped: &mut u32,
    read: impl Fn(&JsValue) -> Result<T, Unreadable>,
) -> Result<Vec<T>, Error> {
    let mut records = Vec::with_capacity(rows.size_hint().0);
    for row in rows {
        match read(&row?) {
            Ok(record) => records.push(record),
            Err(why) => {
                tracing::debug!(%why, "a record was left out");
                *skipped = skipped.saturating_add(1);
            }
        }
    }
    Ok(records)
}

/// Commits, and tells the reason of the browser if it refuses.
pub(super) async fn commit(transaction: Transaction<'_>) -> Result<(), Error> {
    let raw: web_sys::IdbTransaction = transaction.as_sys().clone().unchecked_into();
    transaction
        .commit()
        .await
        .map_err(|error| match raw.error() {
            // Over quota, a transaction is aborted without an error of any request.
            Some(reason) => Error::from(reason),
            None => error,
        })
}
