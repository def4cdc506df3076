//! The conformance suite: what every backend must do, each behaviour as a named function.
//!
//! It is test code that lives in the library, because it runs natively on the memory backend and in a real
//! browser on IndexedDB. A backend gives a [`Place`], and makes one test of each name in [`crate::for_each_store_check`].
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a check fails by panicking"
)]

mod accounts;
mod messages;
mod names;
mod reference;
pub mod released;
mod tables;

use std::rc::Rc;

use futures::future::LocalBoxFuture;

pub use accounts::*;
pub use messages::*;
pub use names::*;
pub use reference::*;
pub use tables::*;

use super::{Batch, Depot, Name, Op, Store};
use crate::entity::address::Address;
use crate::entity::id::{AccountId, ItemId};
use crate::entity::message::{Delivery, Direction, Message, MessageIds, Position};
use crate::entity::time::Timestamp;

/// Somewhere to keep a depot: empty at first, and not shared with any other check.
pub trait Place {
    /// Opens the depot; a second call opens the same one again, as a new engine would.
    fn depot(&self) -> LocalBoxFuture<'_, Rc<dyn Depot>>;
    /// Damages these messages of a conversation so that nobody can read them. Where nothing is bytes, they are gone.
    fn damage(
        &self,
        account: AccountId,
        conversation: Address,
        ids: Vec<ItemId>,
    ) -> LocalBoxFuture<'_, ()>;
}

/// Calls a macro with the names of all checks of the suite.
#[macro_export]
macro_rules! for_each_store_check {
    ($callback:ident) => {
        $callback! {
            a_new_store_is_empty
            a_batch_survives_reopening
            a_batch_is_seen_whole_or_not_at_all
            a_message_is_replaced_wherever_it_stood
            a_replaced_message_loses_its_old_names
            a_page_is_oldest_first_and_its_bounds_are_exclusive
            a_page_of_what_is_not_there_is_empty
            what_cannot_be_read_hides_nothing_beyond_it
            messages_of_the_same_time_keep_their_order
            positions_of_any_size_are_ordered
            a_message_is_found_by_each_of_its_names
            a_name_that_many_claim_finds_a_few
            names_of_any_length_are_told_apart
            conversations_never_share
            a_removed_message_is_gone
            the_outbox_holds_what_is_being_sent
            unread_messages_are_counted_up_to_a_limit
            thousands_of_messages_are_one_batch
            the_roster_is_replaced_and_changed
            a_large_roster_is_whole
            contacts_changed_at_the_same_time_are_all_kept
            conversations_caps_and_presence_are_kept
            the_cursor_is_kept_with_the_messages_up_to_it
            a_history_is_trusted_until_it_is_doubted
            gaps_are_kept_with_the_messages_around
            settings_are_kept
            accounts_are_kept_in_order
            a_removed_account_keeps_its_store
            two_accounts_never_share
            an_erased_store_is_empty_and_says_so
            it_behaves_like_the_reference
        }
    };
}

const ACCOUNT: AccountId = AccountId(1);

fn juliet() -> Address {
    address("juliet@example.org")
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn at(time: i64, tie: u64) -> Position {
    Position {
        time: Timestamp(time),
        tie,
    }
}

/// An incoming message of juliet's, which stands where its number says.
fn message(number: u64) -> Message {
    Message {
        id: ItemId(number),
        position: at(1_700_000_000_000 + i64::try_from(number).unwrap() * 1000, 0),
        conversation: juliet(),
        direction: Direction::Incoming,
        time: Timestamp(1_700_000_000_000),
        body: format!("message {number}"),
        ids: MessageIds::default(),
        delivery: Delivery::Sent,
    }
}

fn outgoing(number: u64, delivery: Delivery) -> Message {
    Message {
        direction: Direction::Outgoing,
        delivery,
        ..message(number)
    }
}

fn batch(ops: impl IntoIterator<Item = Op>) -> Batch {
    Batch {
        ops: ops.into_iter().collect(),
    }
}

async fn open(place: &dyn Place) -> Rc<dyn Store> {
    place.depot().await.open(ACCOUNT).await.unwrap()
}

async fn put(store: &Rc<dyn Store>, messages: impl IntoIterator<Item = Message>) {
    let ops = messages.into_iter().map(Op::PutMessage);
    store.commit(batch(ops)).await.unwrap();
}

async fn find(store: &Rc<dyn Store>, names: Vec<Name>) -> Vec<u64> {
    numbers(&store.find(juliet(), names).await.unwrap())
}

fn numbers(messages: &[Message]) -> Vec<u64> {
    messages.iter().map(|message| message.id.0).collect()
}
