//! What goes over to a page: changes, packed into messages that each decode within a frame.

use crate::boundary::change::{Change, ToPage};
use crate::boundary::codec;
use crate::boundary::command::ToEngine;

/// How many rows one message carries at most.
const ROWS: usize = 500;

/// Packs changes, in order, into as few messages as is good for the page.
#[must_use]
pub fn pack(changes: Vec<Change>) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    let mut batch = Vec::new();
    let mut weight = 0_usize;
    for change in changes {
        let rows = rows(&change);
        if weight > 0 && weight.saturating_add(rows) > ROWS {
            messages.push(encode(std::mem::take(&mut batch)));
            weight = 0;
        }
        weight = weight.saturating_add(rows);
        batch.push(change);
    }
    if !batch.is_empty() {
        messages.push(encode(batch));
    }
    messages
}

fn encode(batch: Vec<Change>) -> Vec<u8> {
    codec::encode(&vec![ToPage::Changes(batch)])
}

/// What a page says. Nothing, if it is of another build or talks nonsense.
#[must_use]
pub fn unpack(bytes: &[u8]) -> Vec<ToEngine> {
    codec::decode(bytes).unwrap_or_else(|_| {
        tracing::warn!(bytes = bytes.len(), "a page's message does not decode");
        Vec::new()
    })
}

fn rows(change: &Change) -> usize {
    match change {
        Change::Contacts { put, gone, .. } => put.len().saturating_add(gone.len()),
        Change::Conversations { put, gone, .. } => put.len().saturating_add(gone.len()),
        // A presence is a fifth of a row.
        Change::Presences { put, .. } => put.len() / 5 + 1,
        Change::Timeline(_, change) => change.put.len(),
        Change::Log(lines) => lines.len(),
        Change::Console(frames) => frames.len(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boundary::change::ContactRow;
    use crate::entity::address::Address;
    use crate::entity::contact::Subscription;
    use crate::entity::id::AccountId;
    use crate::entity::presence::Presence;

    #[test]
    fn changes_are_packed_in_order_and_none_is_too_long() {
        let row = ContactRow {
            address: Address::parse("juliet@example.org").unwrap(),
            name: "Juliet".into(),
            is_named: true,
            groups: Vec::new(),
            subscription: Subscription::Both,
            asked: false,
            presence: Presence::default(),
        };
        let contacts = Change::Contacts {
            account: AccountId(1),
            put: vec![row; 400],
            gone: Vec::new(),
        };
        let changes = vec![
            Change::Clear,
            contacts.clone(),
            contacts.clone(),
            Change::Ready,
        ];
        let messages = pack(changes.clone());
        assert_eq!(messages.len(), 2);
        let unpacked: Vec<_> = messages
            .iter()
            .flat_map(|bytes| codec::decode::<Vec<ToPage>>(bytes).unwrap())
            .flat_map(|to_page| match to_page {
                ToPage::Changes(changes) => changes,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(unpacked, changes);
        assert!(pack(Vec::new()).is_empty());
        assert!(unpack(&[1, 2, 3]).is_empty());
    }
}
