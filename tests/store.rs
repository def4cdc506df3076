//! The store suite on the memory backend, and random histories against a naive reference.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::rc::Rc;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use proptest::prelude::*;
use waxwing::entity::address::Address;
use waxwing::entity::id::{AccountId, ItemId};
use waxwing::store::memory::MemoryDepot;
use waxwing::store::suite::{self, Place, Step, Write};
use waxwing::store::{Batch, Depot, Op};

#[derive(Default)]
struct Memory(MemoryDepot);

impl Place for Memory {
    fn depot(&self) -> LocalBoxFuture<'_, Rc<dyn Depot>> {
        let depot: Rc<dyn Depot> = Rc::new(self.0.clone());
        std::future::ready(depot).boxed_local()
    }

    fn damage(
        &self,
        account: AccountId,
        conversation: Address,
        ids: Vec<ItemId>,
    ) -> LocalBoxFuture<'_, ()> {
        async move {
            let gone = |id| Op::RemoveMessage(conversation.clone(), id);
            let ops = ids.into_iter().map(gone).collect();
            let store = self.0.open(account).await.unwrap();
            store.commit(Batch { ops }).await.unwrap();
        }
        .boxed_local()
    }
}

/// Runs a check; memory never lets anybody wait.
fn run(check: impl Future<Output = ()>) {
    check.now_or_never().expect("memory answers at once");
}

macro_rules! on_memory {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                run(suite::$name(&Memory::default()));
            }
        )*

        const LISTED: &[&str] = &[$(stringify!($name)),*];
    };
}

waxwing::for_each_store_check!(on_memory);

#[test]
fn every_check_of_the_suite_is_listed() {
    let sources = [
        include_str!("../src/store/suite/accounts.rs"),
        include_str!("../src/store/suite/messages.rs"),
        include_str!("../src/store/suite/names.rs"),
        include_str!("../src/store/suite/reference.rs"),
        include_str!("../src/store/suite/tables.rs"),
    ];
    let written: Vec<_> = sources
        .iter()
        .flat_map(|source| source.lines())
        .filter_map(|line| line.strip_prefix("pub async fn "))
        .filter_map(|rest| rest.strip_suffix("(place: &dyn Place) {"))
        .collect();
    assert_eq!(written.len(), LISTED.len());
    for name in written {
        assert!(LISTED.contains(&name), "{name} never runs");
    }
}

fn write() -> impl Strategy<Value = Write> {
    prop_oneof![
        4 => (0..3_u8, 0..40_u8, 0..64_u8, any::<u8>())
            .prop_map(|(conversation, item, position, quality)| {
                Write::Put(conversation, item, position, quality)
            }),
        1 => (0..3_u8, 0..40_u8).prop_map(|(conversation, item)| Write::Remove(conversation, item)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => prop::collection::vec(write(), 0..8).prop_map(Step::Commit),
        2 => (0..3_u8, 0..3_u8, 0..64_u8, 0..12_u32)
            .prop_map(|(conversation, from, position, count)| {
                Step::Page(conversation, from, position, count)
            }),
        1 => (0..3_u8, 0..4_u8, 0..40_u8)
            .prop_map(|(conversation, kind, number)| Step::Find(conversation, kind, number)),
        1 => (0..3_u8, 0..64_u8, 0..12_u32)
            .prop_map(|(conversation, position, limit)| Step::Unread(conversation, position, limit)),
        1 => Just(Step::Outbox),
    ]
}

proptest! {
    #[test]
    fn any_history_gives_what_the_reference_gives(steps in prop::collection::vec(step(), 0..60)) {
        run(async {
            let store = MemoryDepot::new().open(AccountId(1)).await.unwrap();
            suite::compare(&*store, steps).await;
        });
    }
}
