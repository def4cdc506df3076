//! The roster in chunks: a change rewrites one chunk, and thousands of contacts load at once.

use std::collections::HashMap;

use indexed_db_futures::error::Error;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::TransactionRef;
use wasm_bindgen::JsValue;

use super::layout::{META, ROSTER};
use super::row;
use crate::entity::address::Address;
use crate::entity::contact::Contact;
use crate::entity::order;
use crate::store::schema::{ContactChunk, RosterHead, chunk_of, chunks_for};
use crate::store::{Op, Roster};

/// The key of the head in [`META`].
pub(super) const HEAD: &str = "roster";

/// Writes what a batch changes in the roster. What came before a whole roster does not matter any more.
pub(super) async fn apply(transaction: &TransactionRef<'_>, ops: &[Op]) -> Result<(), Error> {
    let whole = ops.iter().rposition(|op| matches!(op, Op::PutRoster(_)));
    let changes = ops.get(whole.map_or(0, |at| at + 1)..).unwrap_or_default();
    let base = whole.and_then(|at| match ops.get(at) {
        Some(Op::PutRoster(roster)) => Some(roster),
        _ => None,
    });
    if base.is_none() && !changes.iter().any(touches) {
        return Ok(());
    }
    let table = transaction.object_store(ROSTER)?;
    let meta = transaction.object_store(META)?;
    let mut chunks = match base {
        Some(roster) => {
            table.clear()?;
            Chunks::of(roster)
        }
        None => {
            let head = meta.get::<JsValue, _, _>(HEAD).primitive()?.await?;
            let head = head.and_then(|head| row::read::<RosterHead>(&head).ok());
            if head.is_none() {
                // Without a head nobody knows where a contact stands.
                table.clear()?;
            }
            let mut chunks = Chunks::empty(head.map_or(1, |head| head.chunks));
            for address in changes.iter().filter_map(subject) {
                chunks.chunk(address);
            }
            // All are asked for before any answer is awaited.
            let asked: Vec<_> = (chunks.changed.keys())
                .map(|&number| Ok((number, table.get::<JsValue, _, _>(number).primitive()?)))
                .collect::<Result<_, Error>>()?;
            for (number, answer) in asked {
                let chunk = answer.await?.and_then(|chunk| row::read(&chunk).ok());
                chunks.changed.insert(number, chunk.unwrap_or_default());
            }
            chunks
        }
    };
    for change in changes {
        chunks.apply(change);
    }
    for (number, chunk) in &chunks.changed {
        let put = table.put(row::record(chunk)).with_key(*number);
        put.without_key_type().primitive()?;
    }
    let head = RosterHead {
        version: chunks.version,
        chunks: chunks.count,
    };
    let put = meta.put(row::record(&head)).with_key(HEAD);
    put.without_key_type().primitive()?;
    Ok(())
}

/// Whether a write concerns the roster.
pub(super) fn touches(op: &Op) -> bool {
    matches!(
        op,
        Op::PutRoster(_) | Op::PutContact(..) | Op::RemoveContact(..)
    )
}

fn subject(op: &Op) -> Option<&Address> {
    match op {
        Op::PutContact(contact, _) => Some(&contact.address),
        Op::RemoveContact(address, _) => Some(address),
        _ => None,
    }
}

/// The chunks that are being rewritten.
struct Chunks {
    count: u32,
    version: Option<String>,
    changed: HashMap<u32, ContactChunk>,
}

impl Chunks {
    fn empty(count: u32) -> Self {
        Self {
            count: count.max(1),
            version: None,
            changed: HashMap::new(),
        }
    }

    fn of(roster: &Roster) -> Self {
        let mut chunks = Self {
            version: roster.version.clone(),
            ..Self::empty(chunks_for(roster.contacts.len()))
        };
        // Of a contact that is there twice, the last one counts.
        let mut contacts: Vec<_> = roster.contacts.iter().rev().collect();
        order::sort_by(&mut contacts, |a, b| a.address.cmp(&b.address));
        contacts.dedup_by(|a, b| a.address == b.address);
        for contact in contacts {
            chunks.chunk(&contact.address).push(contact.clone());
        }
        chunks
    }

    fn number(&self, address: &Address) -> u32 {
        chunk_of(address.as_str(), self.count)
    }

    fn chunk(&mut self, address: &Address) -> &mut Vec<Contact> {
        let number = self.number(address);
        &mut self.changed.entry(number).or_default().contacts
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::PutContact(contact, version) => {
                self.version.clone_from(version);
                let contacts = self.chunk(&contact.address);
                contacts.retain(|known| known.address != contact.address);
                contacts.push(contact.clone());
            }
            Op::RemoveContact(address, version) => {
                self.version.clone_from(version);
                self.chunk(address)
                    .retain(|known| known.address != *address);
            }
            _ => {}
        }
    }
}
