//! Reading messages: by place, by name, and how many.

use std::cell::RefCell;

use indexed_db_futures::KeyRange;
use indexed_db_futures::cursor::CursorDirection;
use indexed_db_futures::database::Database;
use indexed_db_futures::error::Error;
use indexed_db_futures::index::Index;
use indexed_db_futures::internals::SystemRepr;
use indexed_db_futures::prelude::*;
use wasm_bindgen::prelude::*;

use super::layout::{BY_NAME, BY_PLACE, MESSAGES};
use super::row::{Fields, bytes, readable};
use crate::entity::address::Address;
use crate::entity::message::{Direction, Message};
use crate::entity::order;
use crate::store::key::{self, Places};
use crate::store::schema::Unreadable;
use crate::store::{Damaged, FIND_LIMIT, From, Name, PageQuery};

/// How many rows are read at a time where the end is not known.
const STRIDE: u32 = 256;

/// Both bounds exclusive.
fn all_of(places: &Places) -> KeyRange<JsValue> {
    KeyRange::Bound(bytes(&places.lower), true, bytes(&places.upper), true)
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

/// A page of a conversation, oldest first. What cannot be read is passed over, and noted: a page is short only where the
/// messages end.
pub(super) async fn page(
    database: &Database,
    query: &PageQuery,
    damaged: &RefCell<Vec<Damaged>>,
) -> Result<Vec<Message>, Error> {
    let transaction = database.transaction(MESSAGES).build()?;
    let table = transaction.object_store(MESSAGES)?;
    let index = table.index(BY_PLACE)?;
    let is_forward = matches!(query.from, From::After(_));
    let mut places = match query.from {
        From::Newest => Places::all(&query.conversation),
        From::Before(position) => Places::before(&query.conversation, position),
        From::After(position) => Places::after(&query.conversation, position),
    };
    let fields = Fields::new();
    let count = usize::try_from(query.count).unwrap_or(usize::MAX);
    let mut messages: Vec<Message> = Vec::new();
    let mut limit = query.count;
    while messages.len() < count {
        let range = if is_forward {
            nearest(&index, &places, limit).await?
        } else {
            all_of(&places)
        };
        let mut rows = rows(&index, range, limit).await?;
        let is_last = u32::try_from(rows.len()).is_ok_and(|read| read < limit);
        if is_forward {
            rows.reverse();
        }
        match rows.last().and_then(|row| fields.place(row)) {
            Some(edge) if is_forward => places.upper = edge,
            Some(edge) => places.lower = edge,
            None => break,
        }
        for row in rows {
            match (fields.read(&row), fields.placed(&row)) {
                (Ok(message), _) => messages.push(message),
                (Err(Unreadable::Damaged), Some((position, id))) => {
                    damaged.borrow_mut().push(Damaged {
                        conversation: query.conversation.clone(),
                        id,
                        position,
                    });
                }
                (Err(why), _) => tracing::debug!(%why, "a message was left out"),
            }
        }
        if is_last {
            break;
        }
        limit = STRIDE;
    }
    messages.truncate(count);
    if !is_forward {
        messages.reverse();
    }
    Ok(messages)
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

/// The messages of a conversation that carry any of these names.
pub(super) async fn find(
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

/// How many incoming messages there are, up to so many.
pub(super) async fn count(database: &Database, places: &Places, limit: u32) -> Result<u32, Error> {
    let transaction = database.transaction(MESSAGES).build()?;
    let table = transaction.object_store(MESSAGES)?;
    let index = table.index(BY_PLACE)?;
    let fields = Fields::new();
    let mut places = places.clone();
    let mut count = 0;
    while count < limit {
        let rows = rows(&index, all_of(&places), STRIDE).await?;
        let last = rows.last().and_then(|row| fields.place(row));
        let stride = rows.len();
        let messages = readable(rows.into_iter().map(Ok), &mut 0, |row| fields.read(row))?;
        let incoming = messages
            .iter()
            .filter(|message| message.direction == Direction::Incoming)
            .count();
        count += u32::try_from(incoming).unwrap_or(u32::MAX);
        match last {
            Some(last) if stride == STRIDE as usize => places.lower = last,
            _ => break,
        }
    }
    Ok(count.min(limit))
}
