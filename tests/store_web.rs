//! The store suite on IndexedDB, in a worker of a real browser, and what only a browser can do to a database.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::cell::Cell;
use std::rc::Rc;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use waxwing::platform::web::indexed_db::IndexedDbDepot;
use waxwing::store::Depot;
use waxwing::store::suite::{self, Place};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Databases of a name that no other check has.
struct Disk(String);

impl Disk {
    fn new() -> Self {
        thread_local!(static COUNT: Cell<u32> = const { Cell::new(0) });
        let count = COUNT.with(|count| count.replace(count.get() + 1));
        let now = js_sys::Date::now();
        Self(format!("test-{now}-{count}"))
    }
}

impl Place for Disk {
    fn depot(&self) -> LocalBoxFuture<'_, Rc<dyn Depot>> {
        async {
            let depot = IndexedDbDepot::open(&self.0).await.unwrap();
            Rc::new(depot) as Rc<dyn Depot>
        }
        .boxed_local()
    }
}

macro_rules! on_indexed_db {
    ($($name:ident)*) => {
        $(
            #[wasm_bindgen_test]
            async fn $name() {
                suite::$name(&Disk::new()).await;
            }
        )*
    };
}

waxwing::for_each_store_check!(on_indexed_db);
