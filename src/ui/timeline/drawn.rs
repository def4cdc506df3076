//! One row as it is in the page: made anew, or changed in place.

use web_sys::Element;

use super::list::{Row, RowKind};
use super::make::flag;
use super::message_row::{MessageRow, Shared};
use super::other_row;
use crate::boundary::change::ItemKind;
use crate::entity::id::ItemId;
use crate::entity::message::Direction;
use crate::ui::reactive::few::Few;
use crate::ui::text::fold::Fold;

/// A row in the page.
pub(super) struct Drawn {
    pub row: Row,
    pub element: Element,
    pub message: Option<MessageRow>,
}

impl Drawn {
    /// Makes it, if there is anything to show.
    pub(super) fn new(row: &Row, shared: &Shared, folds: &Few<ItemId, Fold>) -> Option<Self> {
        let RowKind::Message { item, first, last } = &row.kind else {
            return Some(Self {
                row: row.clone(),
                element: other_row::build(shared, &row.key, &row.kind)?,
                message: None,
            });
        };
        let ItemKind::Message(message) = &item.kind else {
            return None;
        };
        let fold = folds.get(&message.id).copied().unwrap_or_default();
        let built = MessageRow::new(shared, message, (*first, *last), fold)?;
        Some(Self {
            row: row.clone(),
            element: built.element.clone(),
            message: Some(built),
        })
    }

    /// Changes a message in place, if only its delivery, or its place in its group, is different.
    pub(super) fn follow(&mut self, row: &Row, shared: &Shared) -> bool {
        let (
            RowKind::Message {
                item: old,
                first: old_first,
                last: old_last,
            },
            RowKind::Message { item, first, last },
        ) = (&self.row.kind, &row.kind)
        else {
            return false;
        };
        let (ItemKind::Message(old), ItemKind::Message(new)) = (&old.kind, &item.kind) else {
            return false;
        };
        if (old.id, old.direction, old.time, &old.body)
            != (new.id, new.direction, new.time, &new.body)
        {
            return false;
        }
        if (old_first, old_last) != (first, last) {
            flag(&self.element, "data-first", *first);
            flag(&self.element, "data-last", *last);
        }
        match &mut self.message {
            Some(message)
                if old.delivery != new.delivery && new.direction == Direction::Outgoing =>
            {
                message.deliver(shared, &new.delivery).is_some()
            }
            _ => true,
        }
    }
}
