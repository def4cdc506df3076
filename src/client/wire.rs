//! What goes over to a page: changes, packed into messages that each decode within a frame.

use crate::boundary::change::{Change, ToPage};
use crate::boundary::codec;
use crate::boundary::command::ToEngine;

/// How many rows one message carries at most: each message is a task of its own for the page.
const ROWS: usize = 500;
/// A row that is drawn costs the page as much as so many that are kept.
const DRAWN: usize = 12;

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
        Change::Conversations { put, gone, .. } => {
            let drawn = put.len().saturating_mul(DRAWN);
            drawn.saturating_add(gone.len())
        }
        // A presence is a fifth of a row.
        Change::Presences { put, .. } => put.len() / 5 + 1,
        Change::Timeline(_, change) => change.put.len().saturating_mul(DRAWN),
        Change::Log(lines) => lines.len(),
        Change::Console(frames) => frames.len(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boundary::change::{
        ContactRow, ConversationRow, Edge, GapState, Item, ItemKind, TimelineChange,
    };
    use crate::entity::address::Address;
    use crate::entity::contact::Subscription;
    use crate::entity::id::{AccountId, ItemId, WindowId};
    use crate::entity::message::Position;
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

    fn conversation() -> ConversationRow {
        ConversationRow {
            peer: Address::parse("juliet@example.org").unwrap(),
            name: "Juliet".into(),
            is_contact: true,
            latest: None,
            unread: 1,
            draft: String::new(),
        }
    }

    fn item() -> Item {
        Item {
            id: ItemId(1),
            position: Position::default(),
            kind: ItemKind::Gap(GapState::Unknown),
        }
    }

    #[test]
    fn in_a_flood_the_list_and_a_window_are_two_tasks_for_the_page() {
        let list = |rows: usize| Change::Conversations {
            account: AccountId(1),
            put: vec![conversation(); rows],
            gone: Vec::new(),
        };
        let window = |items: usize| {
            let change = TimelineChange {
                clear: false,
                gone: Vec::new(),
                put: vec![item(); items],
                older: Edge::More,
                newer: Edge::End,
                unread_from: None,
            };
            Change::Timeline(WindowId(1), change)
        };
        // What is rare is one task: both are seen in one frame.
        assert_eq!(pack(vec![list(3), window(3)]).len(), 1);
        assert_eq!(pack(vec![list(50), window(20)]).len(), 2);
    }
}
